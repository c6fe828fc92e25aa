/// The sources of a plug-in that uses much of the filter interface.
enum PluginSources {
    static let all = [("AllOfIt", filter), ("Upper", transform), ("EntryPoint", entryPoint)]

    private static let entryPoint = """
        import FilterAPI
        @c(sluice_plugin) public func sluicePlugin() -> PluginEntry { AllOfIt.pluginEntry }
        """

    private static let transform = """
        import FilterAPI

        /// Letters become capitals.
        final class Upper: BodyTransform {
            func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep {
                var count = 0
                while count < input.byteCount, output.freeCapacity > 0 {
                    let byte = unsafe input.unsafeLoad(fromUncheckedByteOffset: count, as: UInt8.self)
                    output.append(byte >= 0x61 && byte <= 0x7A ? byte - 0x20 : byte)
                    count += 1
                }
                if count < input.byteCount { return BodyStep(consumed: count, .wantsRoom) }
                return BodyStep(consumed: count, mark == .end ? .finished : .wantsInput)
            }
        }
        """

    private static let filter = """
        import CSum
        import FilterAPI
        import Synchronization

        final class Counted: Sendable { let count = Atomic<Int>(0) }
        final class Note { let text: String; init(_ text: String) { self.text = text } }

        public final class AllOfIt: FilterPlugin {
            public static let name = "all-of-it"
            public static let asks = true
            public static let reasons = [network]
            static let network = ReplyReason(
                "all-of-it.network", "No network", fault: .client, happened: "None is given.", advice: "Give one.")
            public static let options = OptionSchema([
                Option("entry", .entry(.token, OptionSchema([Option("weight", .integer(0...9), standard: "1", "How much.")])), isList: true, isRepeatable: true, "Entries."),
                Option("networks", .network, isList: true, "Networks."),
                Option("pause", .duration(.zero ... .seconds(1)), standard: "1ms", "How long."),
            ])
            let weight: Int
            let networks: [CIDR]
            let pause: Duration?

            public init(_ options: FilterOptions) throws(ConfigurationError) {
                guard let entry = options.entries("entry").first else { throw ConfigurationError("no entry", option: "entry") }
                weight = entry.attributes.integer("weight") ?? 0
                networks = options.networks("networks")
                pause = options.duration("pause")
            }

            public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { AllOfItFilter(self, loop) }
        }

        final class AllOfItFilter: RequestFilter, ResponseFilter, CompletionObserver {
            private let plugin: AllOfIt
            private let seen: StateSlot<Int>
            private let note: ObjectSlot<Note>
            private let shared: Counted
            private let finished: Counted
            private let sum: FieldName = "X-Sum"

            init(_ plugin: AllOfIt, _ loop: LoopContext) {
                self.plugin = plugin
                seen = loop.reserveState()
                note = loop.reserveObject()
                shared = loop.shared("seen") { Counted() }
                finished = loop.shared("finished") { Counted() }
            }

            func processRequest(_ request: inout Request) -> RequestDecision {
                guard plugin.networks.count == 1, request.clientAddress != nil else { return .respond(Reply(403, AllOfIt.network)) }
                request.fields.remove(sum)
                request.fields.stripAliases(of: sum)
                request.fields.append(sum, "\\(Int(sum(1, 2)) + plugin.weight - 3)")
                var accepted: [String] = []
                if let line = request.fields.firstIndex(of: .accept) {
                    var list = TokenList(request.fields.valueRange(at: line))
                    while let element = list.next(in: request.fields.bytes) {
                        let name = TokenList.name(of: element, in: request.fields.bytes)
                        accepted.append(String((0..<Int(name.count)).map { Character(Unicode.Scalar(request.fields.bytes[name.lower + $0])) }))
                    }
                }
                request.fields["X-Accepts"] = accepted.joined(separator: " ")
                request.replacePathPrefix(4, with: Array("/new".utf8).span)
                request.transformBody(with: Upper())
                request[seen] = shared.count.add(1, ordering: .relaxed).newValue
                request[note] = Note("kept")
                return .delay(milliseconds: 1) { _ in
                    .ask({ () async throws -> Int in
                        await Task.yield()
                        return await withTaskGroup(of: Int.self) { group in
                            for part in [20, 22] { group.addTask { part } }
                            return await group.reduce(0, +)
                        }
                    }, then: { request, answer in
                        request.fields["X-Answer"] = "\\(answer)"
                        return .forward
                    })
                }
            }

            func processResponse(_ response: inout Response, for request: borrowing Request) {
                response.fields["X-Count"] = "\\(request[seen])"
                response.fields["X-Object"] = request[note]?.text
                response.fields["X-Finished"] = "\\(finished.count.load(ordering: .relaxed))"
                response.transformBody(with: Upper())
            }

            func exchangeDidFinish(_ summary: ExchangeSummary, for request: borrowing Request) {
                if summary.isComplete, summary.status == 200 { finished.count.add(1, ordering: .relaxed) }
            }

            private func sum(_ a: Int32, _ b: Int32) -> Int32 { CSum.sum(a, b) }
        }
        """
}
