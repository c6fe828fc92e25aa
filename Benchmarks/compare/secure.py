"""TLS between the load and the proxies: one certificate for all, what clients offer, and what each proxy's configuration needs."""

import subprocess

# One suite and one group for every proxy: no one's preference may buy it a cheaper cipher.
CLIENT_SETTINGS = """openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = client
[client]
MinProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
Groups = X25519
"""

# What fills each template: for HTTP/1.1, for HTTP/2 and without TLS. Tickets are on, as by default everywhere; nginx without a session
# cache besides, in which it would store each ticket.
SLUICE = """
[filter:tls]
use         = tls-termination
certificate = {certificate}
private-key = {key}
"""
NGINX = """ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {certificate}; ssl_certificate_key {key};"""
H2O = """ssl:
    certificate-file: {certificate}
    key-file: {key}
    minimum-version: TLSv1.2
    # No program that asks for the certificate's state, and the key in the same process, as with the others.
    ocsp-update-interval: 0
    neverbleed: OFF"""
TEMPLATES = {
    "sluice": {"through": "through = tls", "tls": SLUICE},
    "nginx": {"through": "ssl", "tls": NGINX},
    "haproxy": {"through": "ssl crt {pair} ssl-min-ver TLSv1.2 alpn {protocols}", "tls": ""},
    "h2o": {"through": "", "tls": H2O},
    "nghttpx": {"through": "", "tls": "certificate-file={certificate}\nprivate-key-file={key}\ntls-min-proto-version=TLSv1.2\nno-ocsp=yes"},
}
WITHOUT = {
    "nghttpx": {"through": ";no-tls", "tls": ""},
}


def prepare(directory):
    """Makes the certificate (ECDSA on P-256), with its key, and the clients' settings in `directory`."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=benchmark",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=20)
    # HAProxy wants both in one file.
    (directory / "pair.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
    (directory / "pair.pem").chmod(0o600)
    (directory / "client.cnf").write_text(CLIENT_SETTINGS)


def client_environment(directory):
    """The environment in which OpenSSL's clients offer what CLIENT_SETTINGS says."""
    return {"OPENSSL_CONF": str(directory / "client.cnf")}


def has(peer):
    """Whether the proxy takes part in cases with TLS."""
    return peer.split("-")[0] in TEMPLATES


def values(peer, secure, streams, directory):
    """What fills the proxy's template for a listener with TLS or without, for HTTP/2 (`streams`) or HTTP/1.1."""
    peer = peer.split("-")[0]
    if not secure:
        return WITHOUT.get(peer, {"through": "", "tls": ""})
    # Names in braces only: what a template has besides is the proxy's own.
    names = {"certificate": directory / "certificate.pem", "key": directory / "key.pem", "pair": directory / "pair.pem",
             "protocols": "h2,http/1.1" if streams else "http/1.1"}
    filled = {name: text.format(**names) for name, text in TEMPLATES[peer].items()}
    if peer == "nginx" and streams:
        filled["through"] = "ssl http2"
    return filled
