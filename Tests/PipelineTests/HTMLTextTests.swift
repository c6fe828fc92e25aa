import FilterAPI
import Testing

@Suite struct HTMLTextTests {
    @Test(arguments: [
        ("", ""), ("Tom & \"Jerry\"", "Tom &amp; \"Jerry\""), ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"), ("ä😀", "ä😀"),
        // One character for Swift, a `<` and a mark for a browser.
        ("<\u{301}script>", "&lt;\u{301}script&gt;"),
    ])
    func isEscaped(_ text: String, _ expected: String) { #expect(Array(text.htmlEscaped.utf8) == Array(expected.utf8)) }
}
