import COpenSSL
import Glibc

/// The records of one connection on their way between OpenSSL and the kernel. OpenSSL calls it, by way of a BIO; it lives as long as its
/// connection's `SSL` object.
@safe
struct TLSWire {
    let descriptor: Int32
    unowned(unsafe) let workspace: TLSWorkspace  // The connection keeps it.
    /// The kernel holds nothing for us: a call would only say so.
    var isDrained = false
    /// epoll said that the peer ended its side, so a short read does not mean that nothing is behind it.
    var peerEnded = false
    /// The end was read.
    var hasEnded = false
    /// How many reads OpenSSL may still make in this call of it: a peer that sends nothing but messages of the handshake's kind (new keys, say)
    /// would else be read for as long as it sends, and nobody else on the loop served.
    var readsLeft = 0
    /// It would have made more.
    var isOverrun = false
    /// `errno` of what broke the connection; 0 for nothing.
    var code: Int32 = 0
    /// Records that the kernel did not take: a block of the allocator's, only while there are any.
    private var held: UnsafeMutableRawPointer?
    private var heldStart = 0
    private var heldEnd = 0
    private var heldCapacity = 0
    /// What is held was not refused by the kernel: it waits for company.
    private(set) var isDeferred = false
    /// A peer that reads nothing makes us hold no more than this.
    private static let mostHeld = 4 * TLSWorkspace.batchSize

    init(descriptor: Int32, workspace: TLSWorkspace) {
        self.descriptor = descriptor
        unsafe self.workspace = workspace
    }

    /// Lets go of what is held.
    mutating func dispose() {
        unsafe held?.deallocate()
        unsafe held = nil
        heldStart = 0
        heldEnd = 0
        heldCapacity = 0
    }

    var holdsRecords: Bool { heldEnd > heldStart }

    // MARK: What OpenSSL asks for

    /// Reads what has come. -1 with `isDrained`: nothing now.
    mutating func read(_ buffer: UnsafeMutableRawPointer, _ room: Int) -> Int {
        if isDrained || hasEnded || code != 0 { return hasEnded ? 0 : -1 }
        guard readsLeft > 0 else {
            isOverrun = true
            return -1
        }
        readsLeft -= 1
        while true {
            let count = unsafe recv(descriptor, buffer, room, Int32(MSG_DONTWAIT))
            if count > 0 {
                if count < room && !peerEnded { isDrained = true }
                return count
            }
            if count == 0 {
                hasEnded = true
                return 0
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: isDrained = true
            case let other: code = other
            }
            return -1
        }
    }

    /// Takes records. False: too much is held already, or the connection is broken.
    mutating func write(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        let space = unsafe workspace
        if space.recordCount + count > space.recordsCapacity {
            _ = flush()
            guard code == 0 else { return false }
        }
        // The workspace is empty now, and large enough for a record; longer flights are handed on at once.
        if count > space.recordsCapacity || holdsRecords {
            // What waited for company has it.
            isDeferred = false
            return unsafe hold(bytes, count)
        }
        unsafe (space.records + space.recordCount).copyMemory(from: bytes, byteCount: count)
        space.recordCount += count
        return true
    }

    /// Holds what the workspace has, to go out with what comes next. False: too much is held.
    mutating func deferRecords() -> Bool {
        let space = unsafe workspace
        guard space.recordCount > 0 else { return true }
        isDeferred = !holdsRecords
        let isTaken = unsafe hold(space.records, space.recordCount)
        space.recordCount = 0
        return isTaken
    }

    // MARK: Sending

    /// What came of sending.
    enum Flush {
        case done, blocked, failed
    }

    /// Sends what is held and what the workspace has. What the kernel does not take is held. `sent`: bytes that it took.
    mutating func flush(sent: inout Int) -> Flush {
        let space = unsafe workspace
        isDeferred = false
        if holdsRecords {
            if space.recordCount > 0 {
                let isTaken = unsafe hold(space.records, space.recordCount)
                space.recordCount = 0
                guard isTaken else { return .failed }
            }
            while holdsRecords {
                guard let count = unsafe push(held! + heldStart, heldEnd - heldStart) else { return code == 0 ? .blocked : .failed }
                heldStart += count
                sent += count
            }
            dispose()
            return .done
        }
        var at = 0
        let end = space.recordCount
        space.recordCount = 0
        while at < end {
            guard let count = unsafe push(space.records + at, end - at) else {
                if code != 0 { return .failed }
                return unsafe hold(space.records + at, end - at) ? .blocked : .failed
            }
            at += count
            sent += count
        }
        return .done
    }

    mutating func flush() -> Flush {
        var sent = 0
        return flush(sent: &sent)
    }

    /// Bytes that the kernel took; nil for none, with `code` when the connection is broken.
    private mutating func push(_ bytes: UnsafeRawPointer, _ count: Int) -> Int? {
        while true {
            let sent = unsafe send(descriptor, bytes, count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            if sent > 0 { return sent }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case let other:
                code = other == 0 ? EPIPE : other
                return nil
            }
        }
    }

    private mutating func hold(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        let waiting = heldEnd - heldStart
        guard waiting + count <= Self.mostHeld else {
            code = ENOBUFS
            return false
        }
        if heldEnd + count > heldCapacity {
            let capacity = max(waiting + count, min(2 * heldCapacity, Self.mostHeld))
            let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            if waiting > 0 { unsafe grown.copyMemory(from: held! + heldStart, byteCount: waiting) }
            unsafe held?.deallocate()
            unsafe held = grown
            heldCapacity = capacity
            heldStart = 0
            heldEnd = waiting
        }
        unsafe (held! + heldEnd).copyMemory(from: bytes, byteCount: count)
        heldEnd += count
        return true
    }

    // MARK: The BIO

    /// One for the process; it lives as long.
    nonisolated(unsafe) static let method: OpaquePointer = {
        let made = unsafe sluice_tls_wire_method(
            { bio, buffer, room in
                guard let bio = unsafe bio, let buffer = unsafe buffer, let wire = unsafe TLSWire.of(bio) else { return -1 }
                let count = unsafe wire.pointee.read(UnsafeMutableRawPointer(buffer), Int(room))
                if unsafe count < 0 && wire.pointee.code == 0 { unsafe sluice_tls_retry_read(bio) } else { unsafe sluice_tls_clear_retry(bio) }
                return Int32(count)
            },
            { bio, bytes, count in
                guard let bio = unsafe bio, let bytes = unsafe bytes, let wire = unsafe TLSWire.of(bio) else { return -1 }
                unsafe sluice_tls_clear_retry(bio)
                return unsafe wire.pointee.write(UnsafeRawPointer(bytes), Int(count)) ? count : -1
            })
        guard let made = unsafe made else { fatalError("OpenSSL has no memory for a BIO method") }
        return unsafe made
    }()

    private static func of(_ bio: OpaquePointer) -> UnsafeMutablePointer<TLSWire>? {
        unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSWire.self)
    }
}
