import Foundation
import Testing

/// What docs/operations.md says of systemd: readiness is told once the gateway accepts, and its end when it begins to drain.
@Suite struct ServiceManagerTests {
    private static let script = """
        import os, signal, socket, subprocess, sys, urllib.request
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = sys.argv[1]
        manager.bind("\\0" + name[1:] if name[0] == "@" else name)
        manager.settimeout(10)
        gateway = subprocess.Popen(["sluice", "run", "service.conf"], stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "NOTIFY_SOCKET": name})
        print(manager.recv(100).decode())
        address = gateway.stdout.readline().split()[2]
        print(urllib.request.urlopen(f"http://{address}/", timeout=10).status)
        gateway.send_signal(signal.SIGTERM)
        print(manager.recv(100).decode())
        print(gateway.wait(10))
        """

    /// A path in the file system, and a name in the abstract namespace, which systemd also uses.
    @Test(arguments: [false, true]) func readinessAndTheEndAreTold(_ isAbstract: Bool) throws {
        let terminal = try Terminal()
        defer { #expect(throws: Never.self) { try terminal.close() } }
        try terminal.write("[listener:web]\nlisten = 127.0.0.1:0\nserve = demo\n[app:demo]\nuse = echo\n", to: "service.conf")
        try terminal.write(Self.script, to: "manager.py")
        let path = "\(terminal.folder.path)/n"
        let output = terminal.run("python3 manager.py '\(isAbstract ? "@" : "")\(path)'") { $1 }
        #expect(output == "READY=1\n200\nSTOPPING=1\n0\n")
    }
}
