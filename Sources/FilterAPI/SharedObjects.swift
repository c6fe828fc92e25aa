import Synchronization

/// Objects that the filters of all loops share, by section and name.
package final class SharedObjects: Sendable {
    private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

    package init() {}

    func object<Value: AnyObject & Sendable>(_ name: String, _ make: () -> Value) -> Value {
        objects.withLock { objects in
            if let known = objects[name] as? Value { return known }
            let made = make()
            objects[name] = made
            return made
        }
    }
}
