import Testing

/// A service decides about requests, in the running gateway: what it is asked, and what its answers bring about.
@Suite struct ForwardAuthScenarioTests {
    @Test func `the service is asked first, and the app is told what it said`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.send("GET /a?b HTTP/1.1\r\nHost: shop\r\nX-User: root\r\nX_User: root\r\nX-Forwarded-For: 1.2.3.4\r\nCookie: s=1\r\n\r\n")
            let service = try s.apps[0].accept()
            let question = try service.receiveRequest()
            try service.expectNothingYet()
            #expect(question.head.startLine == "GET /verify HTTP/1.1")
            #expect(question.head["Host"] == "shop")
            #expect(question.head["Cookie"] == "s=1")
            #expect(question.head.all("X-Forwarded-For") == ["127.0.0.1"])
            #expect(question.head["X-Forwarded-Proto"] == "http")
            #expect(question.head["X-Forwarded-Host"] == "shop")
            #expect(question.head["X-Forwarded-Method"] == "GET")
            #expect(question.head["X-Forwarded-Uri"] == "/a?b")
            #expect(question.head["X-Original-URL"] == "http://shop/a?b")
            #expect(question.head["Via"] == "1.1 sluice")
            #expect(question.head.all("Content-Length").isEmpty && question.head.all("Transfer-Encoding").isEmpty)
            // Nothing goes to the app before there is an answer.
            try s.apps[1].expectNoConnectionYet()
            try service.send(Guarded.yes)
            let app = try s.apps[1].accept()
            let request = try app.receiveRequest()
            #expect(request.head.startLine == "GET /a?b HTTP/1.1")
            #expect(request.head.all("X-User") == ["alice"])
            #expect(request.head.all("X_User").isEmpty)
            #expect(request.head["Cookie"] == "s=1")
            try app.answer("hello")
            #expect(try client.expectAnswer("hello").head["X-Trace"] == "/a")
        }
    }

    @Test func `a denial goes to the client with cookie and body, and its connection stays`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            for round in 0..<3 {
                try client.send("GET /\(round) HTTP/1.1\r\nHost: a\r\n\r\n")
                let service = try s.activeAppConnection()
                _ = try service.receiveRequest()
                try service.answer(
                    "<p>who?", status: "401 Unauthorized",
                    "WWW-Authenticate: Basic realm=x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/html\r\nX-Inner: 1\r\n")
                let reply = try client.receiveResponse()
                #expect(reply.head.startLine == "HTTP/1.1 401 Unauthorized")
                #expect(reply.bodyText == "<p>who?")
                #expect(reply.head["WWW-Authenticate"] == "Basic realm=x")
                #expect(reply.head.all("Set-Cookie") == ["a=1", "b=2"])
                #expect(reply.head["Content-Type"] == "text/html")
                #expect(reply.head["X-Inner"] == nil)
                #expect(reply.reason == "auth.denied")
                // The filter before it sees the answer as any other.
                #expect(reply.head["X-Trace"] == "/\(round)")
            }
            try s.apps[1].expectNoConnectionYet()
            #expect(s.apps[0].connections.count == 1)
        }
    }

    @Test func `a redirection to a login page`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.get("/", host: "a")
            let service = try s.activeAppConnection()
            _ = try service.receiveRequest()
            try service.send("HTTP/1.1 302 Found\r\nLocation: https://login.test/?rd=%2F\r\nContent-Length: 0\r\n\r\n")
            let reply = try client.receiveResponse()
            #expect(reply.status == 302)
            #expect(reply.head["Location"] == "https://login.test/?rd=%2F")
            #expect(reply.head["Cache-Control"] == "no-store")
        }
    }

    @Test func `without the service requests are refused, or pass if that is wanted`() throws {
        for isOpen in [false, true] {
            try Guarded.run(Guarded.Parts(filter: "on-failure = \(isOpen ? "open" : "closed")")) { s in
                s.apps[0].stop()
                let client = try s.connect()
                try client.send("GET /x HTTP/1.1\r\nHost: a\r\nX-User: root\r\n\r\n")
                if isOpen {
                    let app = try s.apps[1].accept()
                    let request = try app.receiveRequest()
                    #expect(request.head["X-User"] == nil)
                    try app.answer("in")
                    try client.expectAnswer("in")
                } else {
                    let reply = try client.expectReply(503, "filter.ask.failed")
                    #expect(reply.head["X-Trace"] == "/x")
                    try s.apps[1].expectNoConnectionYet()
                }
            }
        }
    }

    @Test func `a service that says nothing costs ask-timeout`() throws {
        for isOpen in [false, true] {
            try Guarded.run(Guarded.Parts(filter: "ask-timeout = 150ms\non-failure = \(isOpen ? "open" : "closed")")) { s in
                let client = try s.connect()
                try client.get("/x", host: "a")
                let service = try s.apps[0].accept()
                _ = try service.receiveRequest()
                if isOpen {
                    try s.apps[1].accept().serve("GET /x HTTP/1.1", answering: "in")
                    try client.expectAnswer("in")
                } else {
                    try client.expectReply(503, "filter.ask.timeout")
                }
                // Its answer may still come: nobody must get that for theirs.
                try service.expectClosed()
            }
        }
    }

    /// Waits for the line of the access log that has this.
    private func logs(_ s: Scenario, _ text: String, at location: SourceLocation = #_sourceLocation) {
        #expect(s.gateway.process.waitForOutput { $0.contains(text) }, "the log has no \(text)", sourceLocation: location)
    }

    @Test func `the log says why there was no answer, and also where requests pass without one`() throws {
        for isOpen in [false, true] {
            let log = Guarded.Parts(filter: "on-failure = \(isOpen ? "open" : "closed")\nask-timeout = 300ms", gateway: "access-log = stdout")
            func ask(_ s: Scenario, _ path: String, _ reason: String) throws {
                let client = try s.connect()
                try client.get(path, host: "a")
                guard isOpen else {
                    try client.expectReply(503, reason)
                    return
                }
                try s.activeAppConnection().serve("GET \(path) HTTP/1.1", answering: "in")
                try client.expectAnswer("in")
            }
            try Guarded.run(log) { s in
                let first = try s.connect()
                try first.get("/broken", host: "a")
                let service = try s.apps[0].accept()
                _ = try service.receiveRequest()
                try service.answer("oh", status: "502 Bad Gateway")
                if isOpen {
                    try s.activeAppConnection().serve("GET /broken HTTP/1.1", answering: "in")
                    try first.expectAnswer("in")
                } else {
                    try first.expectReply(503, "filter.ask.failed")
                }
                logs(s, "reason=\(isOpen ? "-" : "filter.ask.failed") cause=filter.ask.answer ")
                service.close()
                s.apps[0].stop()
                try ask(s, "/gone", "filter.ask.failed")
                logs(s, "reason=\(isOpen ? "-" : "filter.ask.failed") cause=upstream.connect.refused ")
            }
            guard !isOpen else { continue }
            try Guarded.run(log) { s in
                let client = try s.connect()
                try client.get("/slow", host: "a")
                _ = try s.apps[0].accept().receiveRequest()
                try client.expectReply(503, "filter.ask.timeout")
                logs(s, "reason=filter.ask.timeout cause=upstream.response.timeout ")
            }
        }
    }

    @Test func `what the head of an answer says counts, however long its body takes`() throws {
        try Guarded.run(Guarded.Parts(filter: "ask-timeout = 150ms\non-failure = open")) { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno")
            try client.expectReply(403, "auth.denied")
            try service.expectClosed()
            try s.apps[1].expectNoConnectionYet()
        }
    }

    @Test func `a body that is denied is never taken for the next request`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            let inner = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            try client.send("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: \(inner.utf8.count)\r\n\r\n\(inner.prefix(10))")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.answer("no", status: "403 Forbidden")
            #expect(try client.receiveResponse().status == 403)
            try client.send("\(inner.dropFirst(10))GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try service.receiveRequest().head["X-Forwarded-Uri"] == "/next")
            try service.send(Guarded.yes)
            try s.apps[1].accept().serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a client that waits for 100 (Continue) gets its answer first`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.send("POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            let service = try s.apps[0].accept()
            #expect(try service.receiveRequest().head["Expect"] == nil)
            try client.expectNothingYet()
            try service.send(Guarded.yes)
            let app = try s.apps[1].accept()
            #expect(try app.receiveHead()["Expect"] == "100-continue")
            try app.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try client.receiveHead().status == 100)
            try client.send("abc")
            try app.expect("abc")
            try app.answer("ok")
            try client.expectAnswer("ok")
        }
    }

    @Test func `the app gets no trailer fields that it could take for the service's`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-User: root\r\nX-Sum: 1\r\n\r\n")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.send(Guarded.yes)
            let app = try s.apps[1].accept()
            let request = try app.receiveRequest()
            #expect(request.bodyText == "x")
            #expect(request.trailers.isEmpty)
            #expect(request.head.all("X-User") == ["alice"])
            try app.answer("ok")
            try client.expectAnswer("ok")
        }
    }

    @Test func `an upgrade is asked about once, then it is a tunnel`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let service = try s.apps[0].accept()
            let question = try service.receiveRequest()
            #expect(question.head.all("Upgrade").isEmpty && question.head.all("Connection").isEmpty)
            try service.send(Guarded.yes)
            let app = try s.apps[1].accept()
            let request = try app.receiveHead()
            #expect(request["Upgrade"] == "websocket")
            #expect(request["X-User"] == "alice")
            try app.send(UpgradeTests.accepted + "down")
            #expect(try client.receiveHead().status == 101)
            try client.expect("down")
            try client.send("up")
            try app.expect("up")
            // The service's connection is free meanwhile.
            #expect(try Guarded.pass(s) === service)
        }
    }

    @Test func `an upgrade that is denied is no tunnel`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake + "early frame\r\n\r\n")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.answer("no", status: "401 Unauthorized")
            #expect(try client.receiveResponse().status == 401)
            // What came early is read as a request, and is none.
            try client.expectFinalReply(400, "request.target.malformed")
            try s.apps[1].expectNoConnectionYet()
        }
    }

    @Test func `cookies of the service reach the client with the app's response`() throws {
        try Guarded.run(Guarded.Parts(filter: "set-cookie = on")) { s in
            let client = try s.connect()
            for round in 0..<3 {
                try client.get("/\(round)", host: "a")
                let service = try s.activeAppConnection()
                _ = try service.receiveRequest()
                // Only the middle one sets a cookie: it must not stay for the next exchange.
                try service.answer("", round == 1 ? "Set-Cookie: sid=\(round)\r\n" : "")
                try s.activeAppConnection().serve("GET /\(round) HTTP/1.1", answering: "ok")
                #expect(try client.expectAnswer("ok").head.all("Set-Cookie") == (round == 1 ? ["sid=1"] : []))
            }
        }
    }

    @Test func `the path of the client goes along where that is wanted, but not one that the service would read differently`() throws {
        let parts = Guarded.Parts(filter: "on-failure = open\nask-timeout = 20s", app: "escaped-separators = on", path: "{uri}")
        try Guarded.run(parts) { s in
            let client = try s.connect()
            try client.get("/a%20b//c;x?y=%2F", host: "a")
            let service = try s.apps[0].accept()
            #expect(try service.receiveRequest().head.startLine == "GET /a%20b//c;x?y=%2F HTTP/1.1")
            try service.send(Guarded.yes)
            try s.apps[1].accept().serve("GET /a%20b//c;x?y=%2F HTTP/1.1", answering: "ok")
            try client.expectAnswer("ok")
            // The app gets one slash at the beginning: the service is asked about that.
            try client.get("//admin//x", host: "a")
            #expect(try service.receiveRequest().head.startLine == "GET /admin//x HTTP/1.1")
            try service.send(Guarded.yes)
            try s.activeAppConnection().serve("GET /admin//x HTTP/1.1", answering: "ok")
            try client.expectAnswer("ok")
            // Nobody gets this one.
            try client.get("/public%2F..%2Fadmin", host: "a")
            try client.expectFinalReply(400, "request.target.ambiguous")
            // The app takes escaped separators, the service does not: open or not, it does not pass.
            let other = try s.connect()
            try other.get("/a%2Fb", host: "a")
            try other.expectFinalReply(400, "request.target.ambiguous")
        }
    }
}
