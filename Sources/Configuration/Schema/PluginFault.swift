/// Why no filter comes out of the file that `use =` names.
public enum PluginFault: Error, Sendable, Equatable {
    /// There is no such file.
    case missing
    /// It cannot be read; what the system says.
    case unreadable(String)
    /// It is something else than a shared library: `a text`, `a program`.
    case format(String)
    /// It is for another kind of machine: `aarch64`, `x86-64`.
    case machine(file: String, own: String)
    /// Nothing in it says which Sluice it was built for.
    case noStamp
    /// It was built for another Sluice: both stamps in words.
    case stamp(file: String, own: String)
    /// It brings its own copy of the filter interface: the gateway would not know its filter as one.
    case ownInterface
    /// It does not say which filter it has; the C symbol that is missing.
    case noEntry(String)
    /// The system's loader refuses it; what it says.
    case load(String)
    /// What its filter says of itself is wrong: a default that is no value, say.
    case schema(String)
    /// This program cannot load any, and why.
    case unsupported(String)
}

extension PluginFault {
    /// All that there is to say, for a terminal.
    public func text(_ path: String) -> String { ([message(path)] + notes + [help].compactMap(\.self)).joined(separator: "\n  ") }

    var code: DiagnosticCode {
        switch self {
        case .missing: .pluginNotFound
        case .unreadable: .pluginUnreadable
        case .format: .pluginFormat
        case .machine: .pluginMachine
        case .noStamp: .pluginNoStamp
        case .stamp: .pluginStamp
        case .ownInterface: .pluginOwnInterface
        case .noEntry: .pluginNoEntry
        case .load: .pluginLoad
        case .schema: .pluginSchema
        case .unsupported: .pluginUnsupported
        }
    }

    /// One sentence without a full stop.
    func message(_ path: String) -> String {
        let file = quoted(path)
        return switch self {
        case .missing: "there is no file \(file)"
        case .unreadable(let failure): "cannot read \(file): \(failure)"
        case .format(let what): "\(file) is \(what), not a plug-in"
        case .machine(let other, let own): "\(file) is for \(other), and this machine is \(own)"
        case .noStamp: "\(file) has no build stamp: nothing says which Sluice it was built for"
        case .stamp: "\(file) was built for another Sluice"
        case .ownInterface: "\(file) has a copy of FilterAPI in itself: its filter would not be known as one here"
        case .noEntry(let symbol): "\(file) has no entry point \(quoted(symbol))"
        case .load(let failure): "\(file) cannot be loaded: \(failure)"
        case .schema(let mistake): "the filter of \(file) has a mistake: \(mistake)"
        case .unsupported(let reason): "\(file) cannot be loaded: \(reason)"
        }
    }

    var expected: String? {
        if case .format = self { "a file that `sluice plugin build` made" } else { nil }
    }

    var help: String? {
        switch self {
        case .missing: "the path is relative to the file that names it; `sluice plugin build` makes the plug-in"
        case .unreadable, .format: nil
        case .machine: "build it on this kind of machine: `sluice plugin build`"
        case .noStamp, .stamp: "build it with this Sluice, in the plug-in's folder: `sluice plugin build`"
        case .ownInterface: "leave Sluice's own packages out of the plug-in's dependencies, and build it with `sluice plugin build`"
        case .noEntry(let symbol):
            "add to it: `@c(\(symbol)) public func sluicePlugin() -> PluginEntry { YourFilter.pluginEntry }`"
        case .load: "build it with this Sluice, and install what it needs beside it"
        case .schema: "correct it in the source of the filter, and build it again"
        case .unsupported: "build Sluice as its README says"
        }
    }

    var notes: [String] {
        if case .stamp(let file, let own) = self { ["the plug-in is for \(file)", "this is \(own)"] } else { [] }
    }
}
