import FilterAPI

/// What clients are told of limits: fields, and the reply to a refused request. One a loop: it has a buffer, and keeps replies that it has
/// made.
final class QuotaFields {
    enum Form: Sendable {
        /// draft-ietf-httpapi-ratelimit-headers-10.
        case ietf
        /// The three fields of that draft up to its revision 7, and those that came before them.
        case three(limit: FieldName, remaining: FieldName, reset: FieldName)
        case off

        init(_ word: String) {
            switch word {
            case "ietf-10": self = .ietf
            case "legacy-3": self = .three(limit: "RateLimit-Limit", remaining: "RateLimit-Remaining", reset: "RateLimit-Reset")
            case "x-ratelimit": self = .three(limit: "X-RateLimit-Limit", remaining: "X-RateLimit-Remaining", reset: "X-RateLimit-Reset")
            default: self = .off
            }
        }

        static func != (left: Form, right: Form) -> Bool {
            switch (left, right) {
            case (.ietf, .ietf), (.off, .off), (.three, .three): false
            default: true
            }
        }
    }

    private static let rateLimit: FieldName = "RateLimit"
    private static let rateLimitPolicy: FieldName = "RateLimit-Policy"
    private static let problemType = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    private static let separator = Array(", ".utf8)
    private static let remaining = Array(";r=".utf8)
    private static let time = Array(";t=".utf8)
    /// Replies with a Retry-After up to this are kept.
    private static let keptSeconds = 64

    private let limits: [LimitSettings]
    private let form: Form
    private let names: [[UInt8]]
    private let policy: [UInt8]
    /// Replies of one limit with nothing left, by limit and seconds.
    private var kept: [Reply?]
    private var buffer: [UInt8] = []

    init(_ limits: [LimitSettings], _ form: Form) {
        self.limits = limits
        self.form = form
        names = limits.map { Array("\"\($0.name)\"".utf8) }
        policy = Array(limits.map { "\"\($0.name)\";q=\($0.rate.burst);w=\($0.windowSeconds)" }.joined(separator: ", ").utf8)
        kept = Array(repeating: nil, count: limits.count * (Self.keptSeconds + 1))
    }

    // MARK: Refusals

    /// The answer to a request that some limit refuses.
    func refusal(_ visit: Visit) -> Reply {
        let seconds = max(1, Int((visit.retry &+ 999_999_999) / 1_000_000_000))
        let limit = visit.refused.trailingZeroBitCount
        guard visit.refused.nonzeroBitCount == 1, visit.left[limit] == 0, seconds <= Self.keptSeconds else { return make(visit, seconds) }
        let place = limit &* (Self.keptSeconds &+ 1) &+ seconds
        if let reply = kept[place] { return reply }
        let reply = make(visit, seconds)
        kept[place] = reply
        return reply
    }

    private func make(_ visit: Visit, _ seconds: Int) -> Reply {
        let refusing = limits.indices.filter { visit.refused & 1 << UInt8($0) != 0 }
        var lines: [(FieldName, String)] = [(FieldName(.retryAfter), String(seconds))]
        switch form {
        case .off: break
        case .ietf:
            // Retry-After does not point to an earlier time than `t` (§6 of the draft).
            let list = refusing.map { "\"\(limits[$0].name)\";r=\(visit.left[$0]);t=\(seconds)" }
            lines.append((Self.rateLimit, list.joined(separator: ", ")))
            lines.append((Self.rateLimitPolicy, String(decoding: policy, as: UTF8.self)))
        case .three(let limit, let remaining, let reset):
            lines.append((limit, String(limits[refusing[0]].rate.burst)))
            lines.append((remaining, String(visit.left[refusing[0]])))
            lines.append((reset, String(seconds)))
        }
        return Reply(
            429, RateLimit.refused, fields: lines, type: Self.problemType,
            members: [("violated-policies", .list(refusing.map { .string(limits[$0].name) }))])
    }

    // MARK: Responses that pass

    /// Writes the fields of a response that passes.
    func write(_ outcome: Outcome, to response: inout Response) {
        guard outcome.applied != 0 else { return }
        switch form {
        case .off: break
        case .ietf:
            buffer.removeAll(keepingCapacity: true)
            for index in limits.indices where outcome.applied & 1 << UInt8(index) != 0 {
                if !buffer.isEmpty { buffer += Self.separator }
                buffer += names[index]
                buffer += Self.remaining
                append(outcome.left[index])
                buffer += Self.time
                append(outcome.resetSeconds[index])
            }
            let list = buffer
            response.fields.append(Self.rateLimit, bytes: list.span)
            let policy = policy
            response.fields.append(Self.rateLimitPolicy, bytes: policy.span)
        case .three(let limit, let remaining, let reset):
            var nearest = outcome.applied.trailingZeroBitCount
            for index in limits.indices where outcome.applied & 1 << UInt8(index) != 0 && outcome.left[index] < outcome.left[nearest] { nearest = index }
            // What stands there already is of a limit nearer to the app, and stays if it is tighter.
            if let present = response.fields[remaining].flatMap({ UInt32($0) }), present <= outcome.left[nearest] { return }
            set(limit, UInt32(clamping: limits[nearest].rate.burst), &response)
            set(remaining, outcome.left[nearest], &response)
            set(reset, outcome.resetSeconds[nearest], &response)
        }
    }

    private func set(_ name: FieldName, _ value: UInt32, _ response: inout Response) {
        buffer.removeAll(keepingCapacity: true)
        append(value)
        response.fields.remove(name)
        let digits = buffer
        response.fields.append(name, bytes: digits.span)
    }

    private func append(_ value: UInt32) {
        var digits = InlineArray<10, UInt8>(repeating: 0)
        var count = 0
        var rest = value
        repeat {
            digits[count] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
            count &+= 1
        } while rest > 0
        while count > 0 {
            count &-= 1
            buffer.append(digits[count])
        }
    }
}
