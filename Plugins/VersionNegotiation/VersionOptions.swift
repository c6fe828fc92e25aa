import FilterAPI

extension VersionNegotiation {
    private static let versionAttributes = OptionSchema([
        Option(
            "status", .choice(["current", "supported", "deprecated", "experimental"]),
            "What version lists say. Without it: `deprecated` once `deprecated-at` is past, `current` for the newest, `supported` for the others. `min` and `latest` leave `experimental` ones out."),
        Option("deprecated-at", .date, "When it is deprecated: sent as `Deprecation` (RFC 9745). It may be in the future."),
        Option("sunset-at", .date, "When it ends: sent as `Sunset` (RFC 8594). From then on it is answered with 410 and not listed any more."),
        Option(
            "brown-out", .period, isList: true,
            "A stretch of time in which it is answered with 410 and not listed, to show who still uses it."),
        Option("successor", .string, "The version that replaces it, or a URI: sent as `Link` with `rel=\"successor-version\"`."),
        Option("deprecation-link", .string, "A URI that tells of the deprecation: sent as `Link` with `rel=\"deprecation\"`."),
        Option("sunset-link", .string, "A URI that tells of the end: sent as `Link` with `rel=\"sunset\"`."),
        Option("docs", .string, "The URI of its documentation, for version lists."),
        Option("updated", .date, "When its description changed last, for version lists."),
        Option("app", .section, "The app that has it, instead of the pipeline's."),
        Option("path", .string, "The path segment that the app gets for it, such as `/v2`, instead of what `app-path` says."),
        Option("microversions", .string, "The microversions that it serves, as Nova has them: `2.1..2.96`. Clients name them in fields."),
        Option("except", .token, isList: true, "A microversion in the range that is not served."),
        Option("default", .token, "The microversion of requests that name none; without it the lowest."),
    ])

    public static let options = OptionSchema([
        Option(
            "version", .entry(.token, versionAttributes), isList: true, isRepeatable: true,
            "A version that the API has, and what is said of it."),
        Option("versions", .token, isList: true, isRepeatable: true, "More versions, of which nothing is said. Lists show them behind the others."),
        Option(
            "sources", .choice(["path", "header", "accept", "query"]), standard: "path header accept query", isList: true,
            "Where requests name their version. `header`, `accept` and `query` count where `header`, `media-type` and `query-parameter` say what to look for."),
        Option(
            "header",
            .entry(
                .token,
                OptionSchema([
                    Option(
                        "service", .token, isList: true,
                        "The service type in front of the version, `compute 2.27`; the last element of the field with it counts. Without it the field is the version.")
                ])), isList: true, isRepeatable: true,
            "A field that names the version. Of several, the first that is there counts."),
        Option(
            "media-type", .string, isList: true,
            "Media types to which clients add the version in `Accept`: `application/vnd.example` for `application/vnd.example-v2+json` and `application/vnd.example+json; version=2`."),
        Option("query-parameter", .token, "The parameter of the query that names the version."),
        Option(
            "on-conflict", .choice(["refuse", "first"]), standard: "refuse",
            "What happens when two sources contradict each other: 400, or the first of `sources` wins."),
        Option(
            "unknown", .choice(["auto", "300", "404", "406", "410"]), standard: "auto",
            "The status for a version that there is not. `auto` is 300 with the version list where path or query name it, 406 where a field does. Only GET and HEAD get a 300; others 404, or 406 where a field names it."),
        Option(
            "default", .token, standard: "300",
            "What happens without a version: `300` answers with the version list (404 or 406 for other methods than GET and HEAD), `min` and `latest` take the oldest and the newest version, and a version's name pins it."),
        Option(
            "match", .choice(["exact", "not-newer"]), standard: "exact",
            "Whether a version in a field or the query has to be one of the list, or stands for the newest one of the list that is not newer, as APIs with dates have it."),
        Option(
            "app-path", .choice(["major", "version", "none", "keep"]), standard: "major",
            "The first segment of the path that the app gets: the version up to its first dot, the whole version, or none; `keep` leaves paths alone, which is the default where `path` is no source."),
        Option("app-field", .token, or: ["off"], standard: "X-API-Version", "The field that tells the app the version. A client's own is removed."),
        Option(
            "app-major-field", .token, or: ["off"], standard: "X-API-Version-Major",
            "The field that tells the app the number that the version begins with. A client's own is removed."),
        Option(
            "response-fields", .token, or: ["off"], isList: true,
            "Fields that tell the client the version. The default are the fields of `header`, or `X-API-Version` without one."),
        Option(
            "list", .choice(["glance", "nova", "keystone", "off"]), standard: "glance",
            "Whose version lists are given. `nova` and `keystone` also answer `/` with the list."),
        Option("list-path", .string, or: ["off"], standard: "/versions", "A path that is answered with the version list and 200."),
        Option("version-document", .boolean, standard: "off", "Whether `/VERSION` alone is answered here, with what the list says of the version."),
        Option("public-endpoint", .string, "What URIs in version lists begin with: `https://image.example.org`, perhaps with a path."),
        Option(
            "hosts", .host, isList: true,
            "Without `public-endpoint`: hosts that a client may name, so that URIs in version lists begin with them. For all others they begin with the path."),
        Option(
            "compatibility", .choice(["none", "glance"]), standard: "none",
            "`glance` behaves as the filter of OpenStack Glance does, also where that is odd."),
    ])
}
