/// Bytes of bodies that clients may send above the windows of their connections: the connections of a loop share them, and each has its own window
/// whatever is left. Loop-confined.
public final class SpareWindow {
    private let bytes: Int
    public private(set) var taken = 0

    public init(_ bytes: Int) { self.bytes = bytes }

    /// How many of `count` bytes there are; they are taken.
    func take(_ count: Int) -> Int {
        let count = min(count, bytes &- taken)
        taken &+= count
        return count
    }

    func giveBack(_ count: Int) { taken &-= count }
}
