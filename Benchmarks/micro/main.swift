// Times of single steps, to see what a change did to one of them. Not for comparing machines.
// swift run -c release micro-benchmarks [routing | pool | pipeline | compression | limits]
let wanted = CommandLine.arguments.dropFirst()
if wanted.isEmpty || wanted.contains("routing") { try measureRouting() }
if wanted.isEmpty || wanted.contains("pool") { measurePool() }
if wanted.isEmpty || wanted.contains("pipeline") { measurePipelines() }
if wanted.isEmpty || wanted.contains("compression") { measureCompression() }
if wanted.isEmpty || wanted.contains("limits") { try measureLimits() }
