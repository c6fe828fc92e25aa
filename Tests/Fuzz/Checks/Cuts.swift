/// Where a run of bytes is cut on its way into a parser: the counts of received bytes at which it is called.
package enum Cuts {
    case none
    case at(Int)
    case everyByte

    package func counts(_ total: Int) -> [Int] {
        switch self {
        case .none: [total]
        case .at(let cut): [cut, total]
        case .everyByte: Array(0...total)
        }
    }
}

/// What `parse` makes of the bytes, which no cut may change.
func checkedCuts<Parsed: Equatable>(_ bytes: [UInt8], at places: [Int]? = nil, _ parse: (Cuts) -> Parsed) -> Parsed {
    let whole = parse(.none)
    for cut in places ?? cuts(of: bytes) { check(parse(.at(cut)) == whole, "cut at \(cut) changes the result", bytes) }
    check(parse(.everyByte) == whole, "single bytes change the result", bytes)
    return whole
}

/// A few cuts that depend on the bytes alone: one somewhere, and one around each of the first line ends.
private func cuts(of bytes: [UInt8]) -> [Int] {
    guard !bytes.isEmpty else { return [0] }
    let sum = bytes.reduce(into: 17) { $0 = $0 &* 31 &+ Int($1) }
    var cuts = [Int(sum.magnitude % UInt(bytes.count + 1))]
    for (index, byte) in bytes.enumerated() where byte == 0x0A && cuts.count < 9 { cuts += [index, index + 1] }
    return cuts
}
