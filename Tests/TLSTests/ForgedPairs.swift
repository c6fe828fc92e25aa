import CertificateForge
import Foundation

@testable import TLS

extension Forge {
    func load(_ certificate: String, _ key: String, now: Int64 = now, covering: [CertificateName] = []) throws(CertificateFault) -> CertificatePair {
        try CertificatePair.load(certificate: path(certificate), key: path(key), now: now, covering: covering)
    }

    /// Why a pair is refused, with the directory left out of the text.
    func fault(_ certificate: String, _ key: String, now: Int64 = now, covering: [CertificateName] = []) -> (kind: CertificateFault.Kind, text: String)? {
        do throws(CertificateFault) {
            _ = try load(certificate, key, now: now, covering: covering)
            return nil
        } catch {
            return (error.kind, error.description.replacingOccurrences(of: directory.path + "/", with: ""))
        }
    }
}
