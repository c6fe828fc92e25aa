// unsafe: values at offsets of one zeroed block; a slot's offset and type were fixed when it was reserved

/// A place of a filter in every exchange, for what it must remember between its phases. Reserved when the filter is made
/// (`LoopContext.reserveState`): an offset, not a dictionary. Every exchange begins with zeroed bytes.
public struct StateSlot<Value: BitwiseCopyable>: Sendable {
    let offset: Int
}

/// The same for an object. It is let go when the exchange ends.
public struct ObjectSlot<Value: AnyObject>: Sendable {
    let index: Int
}

/// What the filters of one loop have reserved.
package struct StateLayout: Equatable, Sendable {
    package private(set) var byteCount = 0
    package private(set) var objectCount = 0
    /// Bytes that one exchange may hold for all filters.
    static let mostBytes = 64 * 1024

    package init() {}

    mutating func reserve<Value: BitwiseCopyable>(_: Value.Type) -> StateSlot<Value> {
        let alignment = MemoryLayout<Value>.alignment
        let offset = (byteCount + alignment - 1) / alignment * alignment
        byteCount = offset + MemoryLayout<Value>.size
        precondition(byteCount <= Self.mostBytes && alignment <= 16, "filters reserve too much state")
        return StateSlot(offset: offset)
    }

    mutating func reserve<Value: AnyObject>(object _: Value.Type) -> ObjectSlot<Value> {
        objectCount += 1
        return ObjectSlot(index: objectCount - 1)
    }
}

/// The memory behind the slots of one exchange. Made once for a pooled exchange and zeroed between two requests.
@safe
package struct StateBlock: ~Copyable {
    private let layout: StateLayout
    private let base: UnsafeMutableRawPointer
    private var objects: [AnyObject?]

    package init(_ layout: StateLayout) {
        self.layout = layout
        unsafe base = .allocate(byteCount: max(1, layout.byteCount), alignment: 16)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: max(1, layout.byteCount))
        objects = Array(repeating: nil, count: layout.objectCount)
    }

    deinit { unsafe base.deallocate() }

    package mutating func reset() {
        if layout.byteCount > 0 { unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount) }
        for index in objects.indices { objects[index] = nil }
    }

    subscript<Value: BitwiseCopyable>(slot: StateSlot<Value>) -> Value {
        get {
            precondition(slot.offset + MemoryLayout<Value>.size <= layout.byteCount, "a slot of another loop")
            return unsafe base.load(fromByteOffset: slot.offset, as: Value.self)
        }
        set {
            precondition(slot.offset + MemoryLayout<Value>.size <= layout.byteCount, "a slot of another loop")
            unsafe base.storeBytes(of: newValue, toByteOffset: slot.offset, as: Value.self)
        }
    }

    subscript<Value: AnyObject>(slot: ObjectSlot<Value>) -> Value? {
        get { objects[slot.index] as? Value }
        set { objects[slot.index] = newValue }
    }
}
