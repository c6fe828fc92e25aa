import Configuration
import FilterAPI
import FuzzChecks
import Testing

/// What the filters that are built in say of their places.
@Suite struct FilterOrderTests {
    /// The sections that the pipelines below are made of.
    private static let sections = """
        [listener:web]
        listen = 127.0.0.1:8080
        serve = web
        [app:app]
        use = echo
        [app:service]
        use = echo
        [filter:id]
        use = request-id
        [filter:headers]
        use = headers
        response-set = "X-Frame-Options: DENY"
        [filter:unmarked]
        use = headers
        request-remove = X-User X-Team
        [filter:health]
        use = healthcheck
        [filter:redirect]
        use = redirect
        https = on
        hosts = www.example.org
        [filter:moved]
        use = redirect
        rule = /old to=/new
        [filter:access]
        use = ip-access
        deny = 192.0.2.0/24
        [filter:maintenance]
        use = maintenance
        active-file = /run/maintenance
        except-field = "X-Pass: 0123456789"
        [filter:pause]
        use = maintenance
        active-file = /run/pause
        except-field = "X-Pass: 0123456789"
        [filter:cors]
        use = cors
        origins = https://app.example.org
        [filter:limit]
        use = rate-limit
        rate = 100/s
        [filter:quota]
        use = rate-limit
        limit = 100/s key=client-address
        limit = 10/s key=header:X-User+path
        [filter:shadow]
        use = rate-limit
        rate = 100/s
        mode = shadow
        [filter:tokens]
        use = rate-limit
        rate = 100/s
        key = header:Authorization
        [filter:places]
        use = concurrency-limit
        max = 10
        key = header:X-Team
        [filter:login]
        use = basic-auth
        users-file = /etc/sluice/users
        user-field = X-User
        [filter:second]
        use = basic-auth
        users-file = /etc/sluice/admins
        [filter:open]
        use = basic-auth
        users-file = /etc/sluice/users
        authorization = pass
        [filter:ask]
        use = forward-auth
        app = service
        copy-to-app = X-Team
        [filter:ask-token]
        use = forward-auth
        app = service
        pass = Authorization
        [filter:size]
        use = size-limit
        max-body = 1MiB
        [filter:versions]
        use = version-negotiation
        versions = v1 v2
        [filter:gunzip]
        use = gunzip
        [filter:gzip]
        use = gzip
        [filter:keep]
        use = gzip
        strip-accept-encoding = off
        [filter:cache]
        use = ./ordered.so
        roles = app-answer
        [filter:edit]
        use = ./ordered.so
        roles = body-edit

        """

    /// The plug-ins of `sampleFilters`, and all filters that are built in.
    private static let filters = FilterRegistry(builtInFilters).schemas(load: sampleFilters.load)

    private func warnings(_ pipeline: String) -> [String] {
        let (plan, diagnostics) = load(Self.sections + "[pipeline:web]\npipeline = \(pipeline)\n", filters: Self.filters)
        #expect(plan != nil, "\(diagnostics.text())")
        return diagnostics.filter { $0.code != .sectionUnused }.map { "\($0.code.rawValue): \($0.message)" }
    }

    @Test(arguments: [
        // What docs/filters.md advises.
        "id headers health redirect moved access maintenance cors limit places login size versions gunzip gzip app".replacing("places", with: "shadow"),
        "id headers health redirect access maintenance cors limit ask places login quota size versions gunzip gzip edit app",
        "id limit login quota cache app",
        // Nobody need give ids to health checks, or to those who are sent elsewhere.
        "health moved redirect id app",
        // A shadow refuses nothing.
        "shadow id app",
        // Access may be decided after a limit, and a site may move behind its login.
        "limit access login moved app",
        "health access limit maintenance app",
        "open second app", "open ask-token app", "login ask app",
        "tokens login app",
        "keep gunzip app",
    ])
    func ordersThatMakeSenseAreAccepted(_ pipeline: String) { #expect(warnings(pipeline) == []) }

    @Test(arguments: [
        ("limit id app", "pipeline.order: `id` stands behind `limit`: the requests that are refused there get no id"),
        ("cache limit app", "pipeline.order: `limit` stands behind `cache`: what is answered there is not counted"),
        ("cache login app", "pipeline.order: `login` stands behind `cache`: what is answered there needs no password"),
        ("cache ask app", "pipeline.order: `ask` stands behind `cache`: what is answered there was not allowed by the service"),
        ("cache access app", "pipeline.order: `access` stands behind `cache`: what is answered there goes to every address"),
        ("login cors app", "pipeline.order: `cors` stands behind `login`: a browser's preflight carries no login, and is refused there"),
        ("ask cors app", "pipeline.order: `cors` stands behind `ask`: a browser's preflight carries no login, and is refused there"),
        ("login health app", "pipeline.order: `health` stands behind `login`: a load balancer has no login, and its health checks are refused there"),
        ("login redirect app", "pipeline.order: `redirect` stands behind `login`: clients are asked there to send what they log in with in the clear"),
        ("edit gzip app", "pipeline.order: `gzip` stands behind `edit`: on the way back that one would get compressed bodies"),
        ("quota login app", "pipeline.field: `quota` goes by the field `X-User`, which `login` sets behind it: it sees what clients choose to send"),
        ("places ask app", "pipeline.field: `places` goes by the field `X-Team`, which `ask` sets behind it: it sees what clients choose to send"),
        ("unmarked places app", "pipeline.field: `places` goes by the field `X-Team`, which `unmarked` takes off before it"),
        ("login second app", "pipeline.field: `second` goes by the field `Authorization`, which `login` takes off before it"),
        ("login tokens app", "pipeline.field: `tokens` goes by the field `Authorization`, which `login` takes off before it"),
        ("login ask-token app", "pipeline.field: `ask-token` goes by the field `Authorization`, which `login` takes off before it"),
        ("maintenance pause app", "pipeline.field: `pause` goes by the field `X-Pass`, which `maintenance` takes off before it"),
        ("gzip gunzip app", "pipeline.field: `gunzip` goes by the field `Accept-Encoding`, which `gzip` takes off before it"),
        ("gzip gzip app", "pipeline.repeated: requests pass `gzip` twice"),
    ])
    func ordersThatCannotDoWhatIsMeantAreSaid(_ pipeline: String, _ warning: String) { #expect(warnings(pipeline) == [warning]) }
}
