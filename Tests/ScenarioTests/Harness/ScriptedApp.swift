import Glibc
import Testing

/// The app behind the gateway: a listening socket whose connections a script moves one by one.
final class ScriptedApp {
    let listening: Descriptor
    /// As it stands behind `servers =`.
    let address: String
    /// Every connection accepted so far, in order.
    private(set) var connections: [ScriptedConnection] = []

    /// On a port of 127.0.0.1 that the kernel chooses.
    init(receiveBuffer: Int32? = nil) throws {
        listening = try .listening(receiveBuffer: receiveBuffer)
        address = "127.0.0.1:\(listening.localPort)"
    }

    /// On a port of `::1` that the kernel chooses.
    static func overIPv6() throws -> ScriptedApp {
        let listening = try Descriptor.listening(six: "::1")
        return ScriptedApp(listening, address: "[::1]:\(listening.localPort)")
    }

    /// On a port of another address of this machine.
    init(host: String, port: UInt16) throws {
        listening = try .listening(host: host, port: port)
        address = "\(host):\(listening.localPort)"
    }

    private init(_ listening: Descriptor, address: String) {
        (self.listening, self.address) = (listening, address)
    }

    init(unix path: String) throws {
        listening = try .listening(unix: path)
        address = "unix:\(path)"
    }

    /// The next connection that the gateway opens.
    func accept(at location: SourceLocation = #_sourceLocation) throws -> ScriptedConnection {
        let deadline = Deadline()
        while true {
            if let socket = try listening.accepted() {
                let made = ScriptedConnection(socket, name: "the app (connection \(connections.count + 1))")
                connections.append(made)
                return made
            }
            guard listening.await(POLLIN, until: deadline) != 0 else {
                throw ScenarioFailure("the app: no connection came", at: location)
            }
        }
    }

    /// No connection waits to be accepted. Says nothing about later: put a barrier before it.
    func expectNoConnectionYet(at location: SourceLocation = #_sourceLocation) throws {
        if let socket = try listening.accepted() {
            let made = ScriptedConnection(socket, name: "the app")
            _ = made.socket.await(POLLIN, until: Deadline(.milliseconds(200)))
            let bytes = (try? made.receive(1)).map { $0 + made.unread } ?? []
            throw ScenarioFailure("the app: a connection came that should not have, with \(shown(bytes))", at: location)
        }
    }

    /// From now on connections are refused.
    func stop() {
        listening.close()
    }
}
