/// Reads `gateway.conf`: bytes → tokens → sections → values that fit the schema → a plan.
public enum Configuration {
    /// Reads, parses, checks and plans. Opens nothing but the files, and starts nothing.
    ///
    /// - Parameters:
    ///   - path: the file that the operator named; it may include others.
    ///   - files: where files are read from.
    ///   - environment: the variables that `${NAME}` takes.
    ///   - filters: the filters that exist.
    /// - Returns: the plan, or nil if anything is an error; and everything that was found wrong or doubtful, in the order of
    ///   the files and lines.
    public static func load(
        path: String, files: any ConfigurationFiles, environment: [String: String] = [:], filters: FilterSchemas = FilterSchemas()
    ) -> (plan: Plan?, diagnostics: [Diagnostic]) {
        let (plan, _, diagnostics) = loadWithText(path: path, files: files, environment: environment, filters: filters)
        return (plan, diagnostics)
    }

    /// The same, and where everything stands in the files.
    public static func loadWithText(
        path: String, files: any ConfigurationFiles, environment: [String: String] = [:], filters: FilterSchemas = FilterSchemas()
    ) -> (plan: Plan?, text: ConfigurationText, diagnostics: [Diagnostic]) {
        var report = Report()
        var reader = SectionReader(files: files, environment: environment)
        reader.read(path, &report)
        var builder = PlanBuilder(reader.sections, filters, &report)
        let plan = builder.build(&report)
        return (plan, ConfigurationText(builder, report), report.diagnostics())
    }

    static func plan(
        of sections: [Section], _ filters: FilterSchemas, _ report: inout Report
    ) -> (plan: Plan?, diagnostics: [Diagnostic]) {
        var builder = PlanBuilder(sections, filters, &report)
        let plan = builder.build(&report)
        return (plan, report.diagnostics())
    }
}
