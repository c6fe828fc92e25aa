import Glibc
import Testing

/// An nginx that serves the files of a folder, in one process. Ends with its owner at the latest.
struct Nginx {
    let port: UInt16
    private let process: Child

    /// - Parameters:
    ///   - folder: its root, which also takes what it writes.
    ///   - server: what its one server does besides.
    init(in folder: String, _ server: (_ port: UInt16) -> String) throws {
        port = try Programs.freePort()
        let path = "\(folder)/nginx.conf"
        try write(
            """
            daemon off; master_process off; pid \(folder)/nginx.pid; error_log stderr;
            events { worker_connections 256; }
            http {
              access_log off; client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p; fastcgi_temp_path \(folder)/f;
              uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s; default_type text/plain; keepalive_requests 1000000;
              server { listen 127.0.0.1:\(port); root \(folder); \(server(port)) }
            }
            """, to: path)
        process = try Child([try Programs.require("nginx"), "-p", folder, "-c", path])
        try Programs.awaitListening(port, process)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Stops it; it ends as it should.
    func stop(at location: SourceLocation = #_sourceLocation) {
        process.signal(SIGTERM)
        #expect(process.waitForEnd(upTo: .seconds(10)) == .exit(0), sourceLocation: location)
    }
}
