/// Times a body that does its work `count` times, and prints nanoseconds each: the median of several rounds, with the spread.
func measure(_ name: String, count: Int = 1_000_000, rounds: Int = 9, _ body: (Int) -> Int) {
    var sink = body(count / 10)
    var times: [Int64] = []
    for _ in 0..<rounds {
        let clock = ContinuousClock()
        let time = clock.measure { sink &+= body(count) }
        let (seconds, attoseconds) = time.components
        // Tenths of a nanosecond.
        times.append((seconds * 10_000_000_000 + attoseconds / 100_000_000) / Int64(count))
    }
    times.sort()
    let padding = String(repeating: " ", count: max(1, 52 - name.count))
    print("\(name)\(padding)\(decimal(times[rounds / 2])) ns  (\(decimal(times[0])) to \(decimal(times[rounds - 1])))")
    // The result must be used, or the work may be left out.
    if sink == .min { print("") }
}

private func decimal(_ tenths: Int64) -> String { "\(tenths / 10).\(tenths % 10)" }
