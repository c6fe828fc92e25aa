/// What comes of the examination of a path.
public enum PathVerdict: Equatable, Sendable {
    case accepted(PathShape)
    case refused(PathFault)
}
