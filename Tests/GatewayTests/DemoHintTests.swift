import EventLoops
import Proxy
import Routing
import Testing

@testable import Gateway

@Suite struct DemoHintTests {
    private let apps: [AppSettings] = [.echo(name: "demo"), .upstream(UpstreamSettings(name: "web", servers: []))]

    @Test func aDemoSaysWhatToTry() throws {
        let address = try #require(SocketAddress.parse("0.0.0.0:8080"))
        let lines = DemoHint.lines(.destination(0), apps, at: address)
        #expect(lines.count == 4)
        #expect(lines[1] == "    curl -i 'http://127.0.0.1:8080/hello?name=world'")
        let six = try #require(SocketAddress.parse("[::]:80"))
        #expect(DemoHint.lines(.destination(0), apps, at: six)[2].hasSuffix(" http://[::1]:80/"))
        #expect(DemoHint.lines(.destination(0), apps, at: six, isHTTPS: true)[1] == "    curl -ik 'https://[::1]:80/hello?name=world'")
        #expect(
            DemoHint.lines(.destination(0), apps, at: six, isHTTP2Alone: true)[1]
                == "    curl -i --http2-prior-knowledge 'http://[::1]:80/hello?name=world'")
        let trust = "--cacert /var/lib/sluice/tls/ca.pem"
        #expect(DemoHint.lines(.destination(0), apps, at: six, isHTTPS: true, trust: trust)[1] == "    curl -i \(trust) 'https://[::1]:80/hello?name=world'")
        let unix = try #require(SocketAddress.unix(path: "/run/x.sock"))
        #expect(DemoHint.lines(.destination(0), apps, at: unix)[1] == "    curl -i --unix-socket /run/x.sock 'http://localhost/hello?name=world'")
    }

    @Test func aDemoAtTheRootOfARouterSaysSo() throws {
        let address = try #require(SocketAddress.parse("127.0.0.1:8080"))
        for (path, count) in [("/", 4), ("/demo", 0)] {
            let table = try RouteTable([RouteRule(host: .any, path: path, value: 0)])
            let routers = RouterSet([RouterSet.Router(table, routes: [RouterSet.Route(.app(0))])])
            #expect(DemoHint.lines(.routers(routers, start: 0), apps, at: address).count == count)
        }
    }

    @Test func otherListenersSayNothing() throws {
        let address = try #require(SocketAddress.parse("127.0.0.1:8080"))
        #expect(DemoHint.lines(.destination(1), apps, at: address).isEmpty)
    }
}
