import Glibc
import Testing

@testable import EventLoops

@Suite struct FileWatcherTests {
    /// A folder of its own, and a watcher that looks often.
    private final class Place {
        let folder: String
        let watcher = FileWatcher(interval: 2)
        let seen = Happenings<FileWatcher.Content>()

        init() {
            var template = "/tmp/sluice-files-XXXXXX".utf8CString.map { $0 }
            precondition(unsafe mkdtemp(&template) != nil)
            folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        deinit {
            watcher.stop()
            for name in ["a", "b"] {
                unsafe _ = unlink("\(folder)/\(name)")
                unsafe _ = rmdir("\(folder)/\(name)")
            }
            unsafe _ = rmdir(folder)
        }

        func path(_ name: String) -> String { "\(folder)/\(name)" }

        func write(_ text: String, to name: String) {
            let descriptor = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            let bytes = Array(text.utf8)
            #expect(unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
            close(descriptor)
        }

        func watch(_ name: String, upTo limit: Int? = 100) -> FileWatcher.Content {
            watcher.watch([path(name)], upTo: limit) { [seen] in seen.add($0[0]) }[0]
        }
    }

    private func content(_ text: String) -> FileWatcher.Content { .bytes(Array(text.utf8)) }

    @Test func saysWhatIsThereAndWhateverItBecomes() {
        let place = Place()
        #expect(place.watch("a") == .missing)
        place.write("one", to: "a")
        // It may be seen while it is still empty.
        #expect(place.seen.wait { $0.last == content("one") }.allSatisfy { $0 == content("one") || $0 == content("") })
        place.write("two", to: "b")
        unsafe _ = rename(place.path("b"), place.path("a"))
        #expect(place.seen.wait { $0.last == content("two") }.last == content("two"))
        unsafe _ = unlink(place.path("a"))
        #expect(place.seen.wait { $0.last == .missing }.last == .missing)
    }

    @Test func aChangeThatKeepsSizeAndTickIsSeen() {
        let place = Place()
        place.write("1", to: "a")
        #expect(place.watch("a") == content("1"))
        for number in 2...9 { place.write("\(number)", to: "a") }
        #expect(place.seen.wait { $0.last == content("9") }.last == content("9"))
    }

    @Test func aFileThatIsWrittenAgainAsItWasIsNoNews() {
        let place = Place()
        place.write("same", to: "a")
        #expect(place.watch("a") == content("same"))
        place.write("other", to: "b")
        unsafe _ = rename(place.path("b"), place.path("a"))
        place.seen.wait { $0.last == content("other") }
        place.write("other", to: "b")
        unsafe _ = rename(place.path("b"), place.path("a"))
        place.write("last", to: "b")
        unsafe _ = rename(place.path("b"), place.path("a"))
        #expect(place.seen.wait { $0.last == content("last") }.filter { $0 == content("other") }.count == 1)
    }

    @Test func whatIsTooLargeOrNoFileIsNotReadable() {
        let place = Place()
        place.write(String(repeating: "x", count: 100), to: "a")
        #expect(place.watch("a", upTo: 99) == .unreadable("it is larger than 99 bytes"))
        #expect(place.watch("a", upTo: 100) == content(String(repeating: "x", count: 100)))
        unsafe _ = mkfifo(place.path("b"), 0o600)
        #expect(place.watch("b") == .unreadable("it is not a file"))
    }

    /// There may be thousands, each with its key, and they are kept.
    @Test(arguments: [0, 1, 5000, 200_000]) func aFileTakesTheMemoryThatItNeeds(size: Int) {
        let place = Place()
        let text = String(repeating: "x", count: size)
        place.write(text, to: "a")
        let found = place.watch("a", upTo: 1 << 20)
        #expect(found == content(text))
        guard case .bytes(let bytes) = found else { return }
        #expect(bytes.capacity <= size + size / 4 + 64)
    }

    @Test func onlyPresenceIsAskedOfAnything() {
        let place = Place()
        unsafe _ = mkdir(place.path("a"), 0o700)
        #expect(place.watch("a", upTo: nil) == .bytes([]))
        #expect(place.watch("a/b", upTo: nil) == .missing)
        unsafe _ = rmdir(place.path("a"))
        #expect(place.seen.wait { $0.last == .missing }.last == .missing)
    }

    @Test func filesThatChangeTogetherAreOneChange() {
        let place = Place()
        // As certbot does it: a link is turned, and all that is behind it is other than before, at once.
        let names = (0..<30).map { "\($0)" }
        for version in ["v0", "v1"] {
            unsafe _ = mkdir(place.path(version), 0o700)
            for name in names { place.write(version, to: "\(version)/\(name)") }
        }
        unsafe _ = symlink("v0", place.path("live"))
        defer {
            for version in ["v0", "v1"] {
                for name in names { unsafe _ = unlink(place.path("\(version)/\(name)")) }
                unsafe _ = rmdir(place.path(version))
            }
            unsafe _ = unlink(place.path("live"))
        }
        let seen = Happenings<[FileWatcher.Content]>()
        #expect(place.watcher.watch(names.map { place.path("live/\($0)") }, upTo: 100) { seen.add($0) } == names.map { _ in content("v0") })
        unsafe _ = symlink("v1", place.path("a"))
        unsafe _ = rename(place.path("a"), place.path("live"))
        let after = names.map { _ in content("v1") }
        let all = seen.wait { $0.last == after }
        #expect(all.last == after)
        // Two if the link was turned while some of them had been looked at.
        #expect(all.count <= 2)
    }
}
