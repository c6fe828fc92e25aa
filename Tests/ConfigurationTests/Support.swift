import Configuration
import FuzzChecks

/// Loads one text as `gateway.conf`.
func load(
    _ text: String, files: [String: String] = [:], environment: [String: String] = [:], filters: FilterSchemas = sampleFilters
) -> (plan: Plan?, diagnostics: [Diagnostic]) {
    var all = MemoryFiles(files)
    all.files["gateway.conf"] = Array(text.utf8)
    return Configuration.load(path: "gateway.conf", files: all, environment: environment, filters: filters)
}
