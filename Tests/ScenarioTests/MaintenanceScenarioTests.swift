import Glibc
import Testing

/// Maintenance in the running gateway: a file switches it on, with requests in flight and bodies on their way.
@Suite struct MaintenanceScenarioTests {
    @Test func `a file refuses writes while it is there, and what is with the app is finished`() throws {
        var options = Scenario.Options()
        options.site = { servers, folder in
            """
            [pipeline:site]
            pipeline = migration apps
            [router:apps]
            / = app
            /demo = demo
            [filter:migration]
            use = maintenance
            active-file = \(folder)/migration
            refuse = writes
            [app:app]
            servers = \(servers[0])
            [app:demo]
            use = echo

            """
        }
        try Scenario.run(options) { s in
            let upload = try s.connect()
            try upload.send("POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
            let app = try s.activeAppConnection()
            _ = try app.receiveHead()
            try app.expect("abc")
            try write("", to: "\(s.folder)/migration")
            #expect(
                try wait {
                    let client = try s.connect()
                    try client.send("POST /demo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz")
                    let response = try client.receiveResponse()
                    client.close()
                    return response.status == 503 && response.head["Retry-After"] == "300"
                })
            let reader = try s.connect()
            try reader.get("/read")
            let second = try s.activeAppConnection()
            try second.serve("GET /read HTTP/1.1", answering: "read")
            try reader.expectAnswer("read")
            try upload.send("def")
            try app.expect("def")
            try app.answer("stored")
            try upload.expectAnswer("stored")
        }
    }
}
