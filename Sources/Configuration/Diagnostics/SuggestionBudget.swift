/// Finds the name that was probably meant, within a bounded amount of work for a whole run: a file of a hundred thousand
/// misspelt names must not compare each with each.
struct SuggestionBudget {
    /// Comparisons left.
    private var comparisons = 200_000
    /// Longer texts are not typing mistakes in a name.
    private static let longest = 64

    /// The nearest of `names`, the first of equals; nil if none is near enough.
    ///
    /// - Parameter names: not asked for once the budget is used up.
    mutating func nearest(to text: String, among names: () -> [String]) -> String? {
        guard comparisons > 0, !text.isEmpty, text.utf8.count <= Self.longest else { return nil }
        let wanted = folded(text)
        let names = names()
        var best: (name: String, distance: Int)?
        for name in names where name != text {
            guard comparisons > 0 else { break }
            comparisons -= 1
            let candidate = folded(name)
            guard candidate.count <= Self.longest else { continue }
            let limit = best.map { $0.distance - 1 } ?? max(1, min(wanted.count, candidate.count) / 3)
            guard limit >= 0, abs(candidate.count - wanted.count) <= limit else { continue }
            if let distance = editDistance(wanted, candidate, atMost: limit) {
                best = (name, distance)
            }
        }
        return best?.name ?? beginning(wanted, names) ?? wordsInCommon(wanted, names)
    }

    /// Letter case and the kind of dash are the likeliest mistakes of all: they cost nothing.
    private func folded(_ text: String) -> [UInt8] {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "_"), UInt8(ascii: "."): UInt8(ascii: "-")
            default: byte
            }
        }
    }

    /// `strip` for `strip-prefix`, if no other name begins so.
    private mutating func beginning(_ wanted: [UInt8], _ names: [String]) -> String? {
        guard wanted.count >= 3, comparisons > names.count else { return nil }
        comparisons -= names.count
        let longer = names.filter { folded($0).starts(with: wanted) }
        return longer.count == 1 ? longer[0] : nil
    }

    /// `timeout-connect` for `connect-timeout`: the same words in another order, or the whole of a name with a word more.
    private mutating func wordsInCommon(_ wanted: [UInt8], _ names: [String]) -> String? {
        let dash = UInt8(ascii: "-")
        let words = Set(wanted.split(separator: dash).map(Array.init))
        guard words.count > 1 else { return nil }
        for name in names {
            guard comparisons > 0 else { return nil }
            comparisons -= 1
            let others = Set(folded(name).split(separator: dash).map(Array.init))
            if others.count > 1, others.isSubset(of: words) || words.isSubset(of: others) { return name }
        }
        return nil
    }
}

/// The number of letters to insert, remove, replace or swap with their neighbour to make one text of the other; nil if it
/// is above `limit`.
func editDistance(_ left: [UInt8], _ right: [UInt8], atMost limit: Int) -> Int? {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) <= limit ? max(left.count, right.count) : nil }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    var row = last
    for i in 1...left.count {
        row[0] = i
        var smallest = i
        for j in 1...right.count {
            let replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)
            var cost = min(replaced, last[j] + 1, row[j - 1] + 1)
            if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                cost = min(cost, beforeLast[j - 2] + 1)
            }
            row[j] = cost
            smallest = min(smallest, cost)
        }
        // A swap reaches back two rows, so one row above the limit does not end it yet.
        if smallest > limit + 1 { return nil }
        (beforeLast, last, row) = (last, row, beforeLast)
    }
    return last[right.count] <= limit ? last[right.count] : nil
}

/// The one of `names` that was probably meant by `text`; nil if none is near.
public func nearestName(to text: String, among names: [String]) -> String? {
    var budget = SuggestionBudget()
    return budget.nearest(to: text, among: { names })
}
