import Buffers
import FilterAPI
import HTTPMessage

/// One thing that a filter has changed of a request.
package enum RequestChange: Equatable {
    case path(from: String, to: String)
    case query(from: String?, to: String?)
    case authority(from: String, to: String)
    case removed(name: String, value: String)
    case added(name: String, value: String)
    /// It goes to another app: its index.
    case app(Int)
    /// Bytes that its body may have.
    case bodyLimit(UInt64)
    /// The exchange has this id, for the access log and for other filters.
    case id(String)
    /// Its body passes a transform.
    case transform
}

/// What filters can change of a request, as it stands at one time.
struct RequestSnapshot {
    private struct Line: Hashable {
        var name: String
        var value: String
    }

    private let path: String
    private let query: String?
    private let authority: String
    private var lines: [Line] = []
    private let app: Int?
    private let id: String
    private let maxBodyBytes: UInt64
    private let transformCount: Int

    init(_ request: borrowing Request) {
        path = request.path
        query = request.query
        authority = request.authority
        app = request.chosenApp
        id = request.fields.bytes.text(request.idRange)
        maxBodyBytes = request.maxBodyBytes
        transformCount = request.transforms.count
        for index in 0..<request.fields.count where request.fields.isPresent(at: index) {
            let bytes = request.fields.bytes
            lines.append(Line(name: bytes.text(request.fields.nameRange(at: index)), value: bytes.text(request.fields.valueRange(at: index))))
        }
    }

    /// What has changed until `later`.
    func changes(until later: RequestSnapshot) -> [RequestChange] {
        var changes: [RequestChange] = []
        if later.path != path { changes.append(.path(from: path, to: later.path)) }
        if later.query != query { changes.append(.query(from: query, to: later.query)) }
        if later.authority != authority { changes.append(.authority(from: authority, to: later.authority)) }
        var counts: [Line: Int] = [:]
        for line in later.lines { counts[line, default: 0] += 1 }
        for line in lines {
            if counts[line, default: 0] > 0 { counts[line]! -= 1 } else { changes.append(.removed(name: line.name, value: line.value)) }
        }
        // The last of equal lines are the added ones.
        var added: [RequestChange] = []
        for line in later.lines.reversed() where counts[line, default: 0] > 0 {
            counts[line]! -= 1
            added.append(.added(name: line.name, value: line.value))
        }
        changes += added.reversed()
        if let app = later.app, app != self.app { changes.append(.app(app)) }
        if later.id != id { changes.append(.id(later.id)) }
        if later.maxBodyBytes < maxBodyBytes { changes.append(.bodyLimit(later.maxBodyBytes)) }
        for _ in 0..<max(0, later.transformCount - transformCount) { changes.append(.transform) }
        return changes
    }
}
