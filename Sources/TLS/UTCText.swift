import Glibc

/// `2026-11-26 17:30 UTC`, for seconds since 1970.
func utcText(_ seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = unsafe tm()
    var text = [CChar](repeating: 0, count: 64)
    guard unsafe gmtime_r(&time, &parts) != nil, unsafe strftime(&text, text.count, "%Y-%m-%d %H:%M UTC", &parts) > 0 else { return "\(seconds) s" }
    return text.text
}
