extension Response {
    /// Makes it the reply's head. Its body is `reply.content.body`, whose length is the framing; what HEAD, 204 and 304 leave out is
    /// left out by whoever sends it.
    package mutating func become(_ reply: Reply, answering method: Method) {
        reset()
        head.status = reply.status
        head.framing = reply.status == 204 || reply.status == 304 ? .none : .length(UInt64(reply.content.body.count))
        reason = reply.reason.code
        answersHead = method == .head
        for field in reply.content.fields { fields.append(field.name, bytes: field.value.span) }
        fields.append(Self.reasonField, text: reply.reason.code)
    }

    private static let reasonField = FieldName(.gatewayReason)
}
