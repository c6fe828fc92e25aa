import HTTPMessage

/// Ends the program with `message` if `condition` does not hold: for a fuzzer that is a finding. `input` is told with it.
package func check(_ condition: Bool, _ message: @autoclosure () -> String, _ input: [UInt8] = []) {
    if !condition { fatalError("\(message()): \(String(decoding: input, as: UTF8.self).debugDescription)") }
}

/// `tchar` (RFC 9110 §5.6.2), written out.
let tokenBytes = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

/// Every known field name in lower case.
let knownNames = Dictionary(
    uniqueKeysWithValues: FieldToken.allCases.filter { $0 != .unknown }.map { ("\($0.name)".lowercased(), $0) })
