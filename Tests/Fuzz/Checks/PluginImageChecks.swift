import PluginImage

/// What holds for every file that a config may name as a plug-in.
package func checkPluginImage(_ bytes: [UInt8]) {
    do throws(PluginImage.Fault) {
        let image = try PluginImage(bytes)
        if case .found(let stamp) = image.stamp {
            check(PluginStamp(text: Array(stamp.text.utf8)) == stamp, "a stamp that does not read as it was written", bytes)
            check(stamp.description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "a control character in a stamp", bytes)
            // Its words stand in the file.
            check(bytes.contains(Array(stamp.compiler.utf8)), "a stamp of nowhere", bytes)
        }
        for name in ["sluice_plugin", "", "$s9FilterAPI0A6PluginMp"] where image.defines(name) {
            check(bytes.contains(Array(name.utf8) + [0]), "a symbol whose name is not in the file", bytes)
        }
    } catch {
        switch error {
        case .format(let what): check(!what.isEmpty, "no words for a fault", bytes)
        case .machine(let file, let own): check(!file.isEmpty && file != own, "a machine that is this one", bytes)
        }
    }
}
