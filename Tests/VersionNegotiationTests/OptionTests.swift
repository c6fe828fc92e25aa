import FilterTesting
import Testing
import VersionNegotiation

/// What is wrong with a section is said with the place and what to do.
@Suite struct OptionTests {
    @Test(arguments: [
        ("", "this filter has no version"),
        ("versions = v2 v2", "are one version"),
        ("versions = v2 2", "are one version"),
        ("versions = v2a V2A", "are one version"),
        ("versions = v2/1", "is not a plain word"),
        ("versions = v2+1", "cannot be a version"),
        ("versions = .v2", "cannot be a version"),
        ("versions = latest", "has a meaning of its own"),
        ("version = v2 sunset-at=2026-01-01 deprecated-at=2026-06-01", "ends before it is deprecated"),
        ("version = v2 sunset-at=2026-01-01 brown-out=2026-06-01/1d", "is after its end"),
        ("version = v2 successor=v3", "neither a version nor a URI"),
        ("version = v2 successor=v2", "cannot succeed itself"),
        ("version = v2 \"sunset-link=a>b\"", "not a URI reference"),
        ("version = v2 \"docs=<x>\"", "not a URI reference"),
        ("version = v2 path=v2", "not one segment of a path"),
        ("version = v2 path=/a/b", "not one segment of a path"),
        ("version = v2 path=/v3\nversion = v3 path=/v2", "the app's path of `v2` is that of version `v3`"),
        ("version = v2 path=/v2\napp-path = keep", "`path` has no meaning"),
        ("version = 1 successor=2\nversion = 2\nheader = X-V\nsources = header", "has no URI of its own"),
        ("version = v2 microversions=2.1..2.9\nversion = v3 microversions=2.5..3.9", "microversions in common"),
        ("versions = v2\nsources = path header", "the source `header` needs `header`"),
        ("versions = v2\nsources = accept", "the source `accept` needs `media-type`"),
        ("versions = v2\nsources = path path", "stands twice"),
        ("versions = v2\nheader = X-V\nsources = path", "`header` is not used"),
        ("versions = v2\nquery-parameter = v\nsources = path", "`query-parameter` is not used"),
        ("versions = v2\nheader = X-V\nheader = x-v", "stands twice"),
        ("versions = v2\nheader = Accept", "cannot name a version"),
        ("versions = v2\nheader = Host", "cannot name a version"),
        ("versions = v2\nmedia-type = application/*", "not a media type"),
        ("versions = v2\nmedia-type = application", "not a media type"),
        ("versions = v2\nmedia-type = application/x+json", "not a media type"),
        ("versions = v2\ndefault = v3", "is not one of the versions"),
        ("versions = v2.0 v2.1\ndefault = v2", "is not one of the versions"),
        ("versions = v2\napp-field = Host", "cannot tell a version"),
        ("versions = v2\napp-field = X-A\napp-major-field = x-a", "cannot tell both"),
        ("versions = v2\nresponse-fields = Content-Type", "cannot tell a version"),
        ("versions = v2\nlist-path = versions", "not a path for the list"),
        ("versions = v2\nlist-path = /", "not a path for the list"),
        ("versions = v2\nlist = off\nlist-path = /versions", "has no meaning with `list = off`"),
        ("versions = v2\nlist = off\nversion-document = on", "no documents of versions"),
        ("versions = v2\npublic-endpoint = example.org", "not the URL of an endpoint"),
        ("versions = v2\npublic-endpoint = \"https://a b\"", "not the URL of an endpoint"),
        ("versions = v2\npublic-endpoint = https://a?b", "not the URL of an endpoint"),
        ("versions = v2\npublic-endpoint = https://u@a", "not the URL of an endpoint"),
        ("versions = v2\npublic-endpoint = https:///x", "not the URL of an endpoint"),
        ("versions = v2\npublic-endpoint = https://a\nhosts = b", "no meaning with `public-endpoint`"),
    ])
    func wrongOptionsAreExplained(options: String, message: String) throws {
        do {
            _ = try FilterHarness(VersionNegotiation.self, options)
            Issue.record("accepted: \(options)")
        } catch {
            #expect(error.description.contains(message), "\(error.description)")
        }
    }
}
