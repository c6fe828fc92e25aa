import Configuration

extension RequestReport {
    /// One JSON object on one line. What is not known is null.
    var json: String {
        JSONValue.object([
            ("method", .string(method)), ("url", .string(url)),
            (
                "listener",
                .object([
                    ("name", .string(listener.name)), ("cause", .string(listener.cause)),
                    ("addresses", .list(listener.addresses.map(JSONValue.string))), ("warning", JSONValue(listener.warning)),
                    ("line", Self.json(listener.line)),
                ])
            ),
            (
                "client",
                client.map {
                    .object([("address", .string($0.address)), ("peer", .string($0.peer)), ("peerIsTrusted", .boolean($0.peerIsTrusted))])
                } ?? .null
            ),
            ("steps", .list(steps.map(Self.json))),
            ("assumesAnswers", .boolean(isAssumed)),
            (
                "timeOuts",
                .list(
                    timeOuts.map {
                        .object([
                            ("section", .string($0.section)), ("option", .string($0.option)), ("value", .string($0.value)),
                            ("line", Self.json($0.line)),
                        ])
                    })
            ),
            ("sent", JSONValue(sent)),
            ("responseFilters", .list(responders.map(JSONValue.string))),
            ("responseNotes", .list(responseNotes.map { .object([("filter", .string($0.filter))] + Self.members($0.note)) })),
            (
                "answer",
                answer.map {
                    .object([
                        ("status", .number(Int64($0.status))), ("reason", JSONValue($0.reason)), ("title", JSONValue($0.title)),
                        ("head", .string($0.head)), ("body", .string($0.body)),
                    ])
                } ?? .null
            ),
        ]).text + "\n"
    }

    private static func json(_ line: Line?) -> JSONValue {
        guard let line else { return .null }
        return .object([("file", .string(line.file)), ("number", .number(Int64(line.number))), ("text", .string(line.text))])
    }

    private static func members(_ note: Note) -> [(String, JSONValue)] {
        [("text", .string(note.text)), ("line", json(note.line)), ("default", JSONValue(note.standard))]
    }

    private static func json(_ step: Step) -> JSONValue {
        switch step {
        case .router(let router):
            let routes = router.routes.map { route in
                JSONValue.object([
                    ("route", .string(route.key)), ("destination", .string(route.destination)), ("verdict", .string(route.verdict.rawValue)),
                    ("line", json(route.line)),
                ])
            }
            return .object([
                ("kind", .string("router")), ("name", .string(router.name)), ("path", .string(router.path)), ("routes", .list(routes)),
                ("line", json(router.line)),
            ])
        case .pipeline(let name, let line):
            return .object([("kind", .string("pipeline")), ("name", .string(name)), ("line", json(line))])
        case .filter(let filter):
            return .object(
                [("kind", .string("filter")), ("name", .string(filter.name)), ("use", .string(filter.use)), ("pipeline", .string(filter.pipeline))]
                    + members(filter.decision)
                    + [
                        ("notes", .list(filter.notes.map { .object(members($0)) })), ("changes", .list(filter.changes.map(JSONValue.string))),
                        ("line", json(filter.line)),
                    ])
        case .app(let app):
            return .object([
                ("kind", .string("app")), ("name", .string(app.name)), ("servers", .list(app.servers.map(JSONValue.string))),
                ("protocol", .string(app.spoken.rawValue)), ("line", json(app.line)),
            ])
        }
    }

    private static func members(_ decision: Decision) -> [(String, JSONValue)] {
        switch decision {
        case .forward: [("decision", .string("forward"))]
        case .reply(let status, let reason): [("decision", .string("reply")), ("status", .number(Int64(status))), ("reason", .string(reason))]
        case .delay(let milliseconds): [("decision", .string("delay")), ("milliseconds", .number(milliseconds))]
        case .ask(let timeout, let onFailure):
            [("decision", .string("ask")), ("askTimeout", .string(timeout)), ("onFailure", .string(onFailure))]
        }
    }
}
