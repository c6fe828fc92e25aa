import Configuration
import Testing

/// A schema with a mistake says so: the author of a plug-in reads a sentence, and the program does not stop.
@Suite struct SchemaMistakeTests {
    @Test(arguments: [
        ([Option("a", .token, "."), Option("b", .token, "."), Option("a", .boolean, ".")], "the option `a` stands twice"),
        ([Option("wait", .duration(.seconds(1) ... .seconds(60)), standard: "10", ".")], "the default `10` of `wait` is not a duration from 1s to 1m"),
        ([Option("wait", .duration(.seconds(1) ... .seconds(60)), standard: "5m", ".")], "the default `5m` of `wait` is not a duration from 1s to 1m"),
        ([Option("on", .boolean, standard: "on maybe", isList: true, ".")], "the default `maybe` of `on` is not `on` or `off`"),
        ([Option("more", .string, isRepeatable: true, ".")], "the option `more` is repeatable and no list"),
        (
            [Option("rule", .entry(.string, OptionSchema([])), isList: true, ".")],
            "the option `rule` has entries: it is a repeatable list without keywords"
        ),
        (
            [Option("rule", .entry(.string, OptionSchema([Option("x", .token, "."), Option("x", .token, ".")])), isList: true, isRepeatable: true, ".")],
            "the option `x` stands twice"
        ),
    ])
    func aMistakeIsSaid(_ options: [Option], _ mistake: String) { #expect(OptionSchema(options).mistake == mistake) }

    @Test func keywordsAreDefaultsToo() {
        #expect(OptionSchema([Option("wait", .duration(.seconds(1) ... .seconds(60)), or: ["off"], standard: "off", ".")]).mistake == nil)
    }

    @Test(arguments: [OptionSchema.gateway, .listener, .app]) func ownSectionsHaveNone(_ schema: OptionSchema) { #expect(schema.mistake == nil) }
}
