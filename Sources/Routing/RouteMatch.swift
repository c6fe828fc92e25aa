/// The rule that fits a request best.
public struct RouteMatch: Equatable, Sendable {
    /// The rule's value.
    public let value: Int
    /// How many bytes of the path, as it came, the rule's path stands for. They end before a slash or with the path. 0 for `/`.
    public let prefixLength: Int

    public init(value: Int, prefixLength: Int) {
        self.value = value
        self.prefixLength = prefixLength
    }
}
