import FuzzChecks

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStreams(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // libFuzzer owns the bytes for the length of the call.
    checkStreams(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
