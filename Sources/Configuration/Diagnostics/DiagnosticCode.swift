/// The stable name of a kind of diagnostic. A code never changes its meaning; scripts may compare it.
public enum DiagnosticCode: String, Sendable, CaseIterable {
    // Files
    case fileUnreadable = "file.unreadable"
    case fileTooLarge = "file.too-large"
    case fileEncoding = "file.encoding"
    case fileControlCharacter = "file.control-character"
    case includeNotFound = "include.not-found"
    case includeUnreadable = "include.unreadable"
    case includeLoop = "include.loop"
    case includeTooDeep = "include.too-deep"
    case includeTwice = "include.twice"

    // Lines
    case syntaxHeader = "syntax.header"
    case syntaxNoSection = "syntax.no-section"
    case syntaxNoEquals = "syntax.no-equals"
    case syntaxKey = "syntax.key"
    case syntaxIndented = "syntax.indented"
    case syntaxQuote = "syntax.quote"
    case syntaxQuoteOpen = "syntax.quote-open"
    case syntaxEscape = "syntax.escape"
    case environmentSyntax = "environment.syntax"
    case environmentUnset = "environment.unset"

    // Sections
    case sectionKind = "section.kind"
    case sectionNameMissing = "section.name-missing"
    case sectionNameUnexpected = "section.name-unexpected"
    case sectionNameInvalid = "section.name-invalid"
    case sectionDuplicate = "section.duplicate"
    case sectionNameTaken = "section.name-taken"
    case sectionUnused = "section.unused"
    case listenerNone = "listener.none"
    case listenerProtocols = "listener.protocols"

    // Options
    case optionUnknown = "option.unknown"
    case optionDuplicate = "option.duplicate"
    case optionMissing = "option.missing"
    case optionUnavailable = "option.unavailable"
    case optionWithoutEffect = "option.without-effect"

    // Values
    case valueMissing = "value.missing"
    case valueTooMany = "value.too-many"
    case valueComma = "value.comma"
    case valueRange = "value.range"
    case valueDuration = "value.duration"
    case valueByteCount = "value.byte-count"
    case valueByteRate = "value.byte-rate"
    case valueRate = "value.rate"
    case valueInteger = "value.integer"
    case valueBoolean = "value.boolean"
    case valueChoice = "value.choice"
    case valueNetwork = "value.network"
    case valueAddress = "value.address"
    case valueServer = "value.server"
    case valueHost = "value.host"
    case valueLogTarget = "value.log-target"
    case valueToken = "value.token"
    case valueString = "value.string"
    case valueFileMode = "value.file-mode"
    case valueDate = "value.date"
    case valuePeriod = "value.period"
    case valueKeywordAlone = "value.keyword-alone"
    case valueRepeated = "value.repeated"

    // References between sections
    case referenceUnknown = "reference.unknown"
    case referenceKind = "reference.kind"
    case referenceLoop = "reference.loop"
    case referenceTooDeep = "reference.too-deep"
    case referenceTooMany = "reference.too-many"
    case filterUnknown = "filter.unknown"
    case filterOptions = "filter.options"

    // The order of filters
    case pipelineOrder = "pipeline.order"
    case pipelineField = "pipeline.field"
    case pipelineRepeated = "pipeline.repeated"

    // Plug-ins
    case pluginNotFound = "plug-in.not-found"
    case pluginUnreadable = "plug-in.unreadable"
    case pluginFormat = "plug-in.format"
    case pluginMachine = "plug-in.machine"
    case pluginNoStamp = "plug-in.no-stamp"
    case pluginStamp = "plug-in.stamp"
    case pluginOwnInterface = "plug-in.own-interface"
    case pluginNoEntry = "plug-in.no-entry"
    case pluginLoad = "plug-in.load"
    case pluginSchema = "plug-in.schema"
    case pluginUnsupported = "plug-in.unsupported"
    case pluginName = "plug-in.name"

    // Routes
    case routerEmpty = "router.empty"
    case routeKey = "route.key"
    case routeHost = "route.host"
    case routePath = "route.path"
    case routeRewrite = "route.rewrite"
    case routeDuplicate = "route.duplicate"
    case routeUnreachable = "route.unreachable"

    // Apps, listeners, and settings that contradict each other
    case appEmpty = "app.empty"
    case appBoth = "app.both"
    case listenDuplicate = "listen.duplicate"
    case limitOrder = "limit.order"

    // Dangerous settings
    case dangerTrust = "danger.trust-everyone"
    case dangerTimeoutOff = "danger.timeout-off"
    case dangerSlowDrip = "danger.slow-drip"
    case dangerKeepAlive = "danger.keep-alive"
    case dangerAccessLog = "danger.access-log"
    case dangerSelf = "danger.self"
    case dangerUnverified = "danger.tls-unverified"
    case dangerConnectionShare = "danger.connection-share"
    case dangerPluginWritable = "danger.plug-in-writable"
    case dangerOption = "danger.option"

    case notShown = "problems.not-shown"
}
