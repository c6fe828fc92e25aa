import FuzzChecks
import PluginImage
import Seeded
import Testing

/// What is read of a plug-in's file before it is loaded.
@Suite struct PluginImageTests {
    private func image(_ change: (inout SampleImage) -> Void = { _ in }) throws(PluginImage.Fault) -> PluginImage {
        var sample = SampleImage()
        change(&sample)
        return try PluginImage(sample.bytes)
    }

    private func fault(_ change: (inout SampleImage) -> Void) -> PluginImage.Fault? {
        do throws(PluginImage.Fault) {
            _ = try image(change)
            return nil
        } catch {
            return error
        }
    }

    @Test func theStampIsFoundBehindOtherNotes() throws {
        #expect(try image().stamp == .found(SampleImage.stamp))
        #expect(try image { $0.noteAlignment = 8 }.stamp == .found(SampleImage.stamp))
        #expect(try image { $0.notes.reverse() }.stamp == .found(SampleImage.stamp))
    }

    @Test func aFileWithoutAStampHasNone() throws {
        #expect(try image { $0.notes.removeLast() }.stamp == .none)
        #expect(try image { $0.notes = [] }.stamp == .none)
        #expect(try image { $0.notes[1].type = 2 }.stamp == .none)
        #expect(try image { $0.notes[1].owner = "Sluic" }.stamp == .none)
    }

    @Test(arguments: [
        "", "x", "sluice 0.1.0\n", "sluice 0.1.0\ninterface \ncompiler 6\nbuild release\n", "sluice 9\ninterface a\ncompiler b\nbuild c\nmore d\n",
        "sluice 0.1.0\ninterface a\ncompiler \u{1b}[2J\nbuild release\n", "sluice 0.1.0\ninterface a\ncompiler é\nbuild release\n",
        "sluice 1\ninterface a\ncompiler b\nbuild c", String(repeating: "a", count: 2000),
    ])
    func aStampOfAnotherFormIsUnknown(_ text: String) throws {
        #expect(try image { $0.notes[1].text = Array(text.utf8) }.stamp == .unknown)
    }

    @Test func whatItDefinesIsTold() throws {
        let names = (0..<40).map { "symbol\($0)" }
        for count in [1, 2, 7, 64] {
            let image = try image {
                $0.defined = names + ["sluice_plugin"]
                $0.bucketCount = count
            }
            for name in names + ["sluice_plugin"] { #expect(image.defines(name)) }
            for name in ["symbol", "symbol40", "sluice_plugi", "sluice_plugin2", "", "$s9FilterAPI0A6PluginMp"] { #expect(!image.defines(name)) }
        }
        #expect(try !image { $0.defined = [] }.defines("sluice_plugin"))
    }

    @Test func whatIsNoSharedLibraryOfThisMachineIsRefused() {
        #expect(fault { $0.type = 2 } == .format("a program"))
        #expect(fault { $0.hasInterpreter = true } == .format("a program"))
        #expect(fault { $0.type = 1 } == .format("an object file"))
        #expect(fault { $0.type = 4 } == .format("a core dump"))
        #expect(fault { $0.type = 77 } == .format("an ELF file of another kind"))
        #expect(fault { $0.hasDynamic = false } == .format("damaged (it has no dynamic section)"))
        for (code, name) in [(3, "i386"), (243, "riscv64"), (999, "machine 999")] {
            guard case .machine(name, _)? = fault({ $0.machine = UInt16(code) }) else {
                Issue.record("\(name) is not refused")
                continue
            }
        }
        guard case .machine("a 32-bit machine", _)? = fault({ $0.byteClass = 1 }), case .machine? = fault({ $0.order = 2 }) else {
            Issue.record("another kind of machine is not refused")
            return
        }
        for text in ["", "#!/bin/sh\n", "\u{7F}EL", "[listener:web]\n"] {
            #expect(throws: PluginImage.Fault.self) { try PluginImage(Array(text.utf8)) }
        }
    }

    @Test func aFileThatIsCutOffAnywhereIsRefused() {
        let bytes = SampleImage().bytes
        for count in 0..<bytes.count { #expect(throws: PluginImage.Fault.self, "\(count) bytes") { try PluginImage(Array(bytes[..<count])) } }
    }

    /// A check that fails ends the program.
    @Test func damagedFilesDoNoHarm() {
        let bytes = SampleImage().bytes
        for index in bytes.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF, bytes[index] &+ 1] {
                var changed = bytes
                changed[index] = value
                checkPluginImage(changed)
            }
        }
        var random = SeededGenerator(seed: 2026)
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 2...12, using: &random) {
                let index = Int.random(in: 0..<changed.count, using: &random)
                changed[index] = random.next() % 3 == 0 ? 0xFF : UInt8(truncatingIfNeeded: random.next())
            }
            checkPluginImage(changed)
        }
    }
}
