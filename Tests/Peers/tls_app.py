"""An app that speaks TLS, for gateways that talk to apps so: it tells what the handshake agreed on, and ends its answers in ways in which one
may and may not end. tls_app.py CERTIFICATE KEY [clients=AUTHORITY] [version=1.2] [buffer=BYTES]; prints its port, then each request line.
"""

import itertools
import json
import socket
import ssl
import sys
import threading

may_read = threading.Event()
connections = itertools.count(1)


class Connection:
    def __init__(self, secure):
        self.secure = secure
        self.number = next(connections)
        self.requests = 0
        self.waiting = b""

    def more(self):
        block = self.secure.recv(1 << 16)
        if not block:
            raise EOFError
        self.waiting += block

    def head(self):
        while b"\r\n\r\n" not in self.waiting:
            self.more()
        head, self.waiting = self.waiting.split(b"\r\n\r\n", 1)
        line, *fields = head.decode("latin-1").split("\r\n")
        return line.split(" ")[:2], {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}

    def take(self, most):
        if not self.waiting:
            self.more()
        block, self.waiting = self.waiting[:most], self.waiting[most:]
        return block

    def answer(self, body, fields=""):
        self.secure.sendall(f"HTTP/1.1 200 OK\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def about(self):
        shown = self.secure.getpeercert() or {}
        subject = dict(pair for part in shown.get("subject", ()) for pair in part)
        return json.dumps({
            "connection": self.number, "request": self.requests, "reused": self.secure.session_reused, "name": self.secure.asked_for,
            "client": subject.get("commonName"), "version": self.secure.version(), "protocol": self.secure.selected_alpn_protocol(),
        }).encode()

    def serve(self):
        """One exchange; false when it was the last."""
        (method, path), fields = self.head()
        self.requests += 1
        print(f"request {method} {path}", flush=True)
        left = int(fields.get("content-length", 0))
        if path == "/relay":
            # The body goes back as it comes, once somebody has asked for /go.
            may_read.wait()
            self.secure.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {left}\r\n\r\n".encode())
            while left > 0:
                block = self.take(left)
                left -= len(block)
                self.secure.sendall(block)
            return True
        while left > 0:
            left -= len(self.take(left))
        if path == "/go":
            may_read.set()
        if path in ("/whole", "/cut"):
            # The end of the connection is the end of the body (RFC 9112 §6.3); without close_notify it may be anybody's doing.
            self.secure.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"part " * 1000)
            if path == "/whole":
                self.secure.settimeout(0)
                try:
                    self.secure.unwrap()
                except (ssl.SSLError, OSError):
                    pass
            return False
        if path == "/last":
            self.answer(self.about(), "Connection: close\r\n")
            return False
        self.answer(self.about())
        return True


def shake_hands(secure):
    """The handshake. Where it fails, what the client has sent behind it is read before the close: else that would be a reset, which
    overtakes the alert."""
    try:
        secure.do_handshake()
    except ssl.SSLError:
        secure.settimeout(10)
        socket.socket.shutdown(secure, socket.SHUT_WR)
        while socket.socket.recv(secure, 1 << 16):
            pass
        raise


def run(plain, context):
    try:
        secure = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        try:
            shake_hands(secure)
        except OSError:
            secure.close()
            return
        connection = Connection(secure)
        try:
            while connection.serve():
                pass
        finally:
            secure.close()
    except (EOFError, OSError):
        plain.close()


certificate, key, *options = sys.argv[1:]
options = dict(option.split("=", 1) for option in options)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.set_alpn_protocols(["http/1.1"])
if "clients" in options:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(options["clients"])
if options.get("version") == "1.2":
    context.maximum_version = ssl.TLSVersion.TLSv1_2


class Secure(ssl.SSLSocket):
    asked_for = None


def name_came(secure, name, context):
    secure.asked_for = name


context.sslsocket_class = Secure
context.sni_callback = name_came
listening = socket.socket()
if "buffer" in options:
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(options["buffer"]))
listening.bind(("127.0.0.1", 0))
listening.listen(64)
print(listening.getsockname()[1], flush=True)
while True:
    threading.Thread(target=run, args=(listening.accept()[0], context), daemon=True).start()
