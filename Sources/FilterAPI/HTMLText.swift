extension StringProtocol {
    /// As text between the tags of an HTML page: `&`, `<` and `>` as references. Not for values of attributes, whose quotes it leaves.
    public var htmlEscaped: String {
        var escaped = ""
        // By scalar: a mark that combines with what stands before it must not hide it.
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
