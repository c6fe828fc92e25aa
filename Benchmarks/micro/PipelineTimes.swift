import Buffers
import FilterAPI
import HTTPMessage
import Pipeline

/// Looks at a request and lets it pass.
private final class Passing: RequestFilter {
    private let most: Int
    init(most: Int) { self.most = most }
    func processRequest(_ request: inout Request) -> RequestDecision { request.fields.count > most ? .respond(refusal) : .forward }
}

private let refusal = Reply(
    431, ReplyReason("benchmark.fields", "Too many fields", fault: .client, happened: "Too many fields.", advice: "Send fewer."))

/// What filters cost that let a request pass. The aim is under 100 ns for ten.
func measurePipelines() {
    for count in [1, 5, 10] {
        let pipeline = CompiledPipeline((0..<count).map { Passing(most: 100 + $0) })
        var request = Request(table: FieldTable(Slab(byteCount: 512 * 16)), state: StateBlock(StateLayout()))
        measure("\(count) passing request filters") { rounds in
            var passed = 0
            for _ in 0..<rounds {
                if case .forward = pipeline.advance(&request) { passed &+= 1 }
            }
            return passed
        }
    }
}
