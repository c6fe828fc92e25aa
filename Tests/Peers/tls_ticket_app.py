"""An app that speaks on connections which nobody uses, as TLS 1.3 lets it: on SIGUSR1 it sends a ticket and asks for new keys, on SIGUSR2 it
sends new keys again and again, some 500 KiB of them. Python's own ssl can do neither, so this is OpenSSL's. tls_ticket_app.py CERTIFICATE KEY;
prints its port, then `sent to PORT` for each connection and signal.
"""

import ctypes
import ctypes.util
import select
import signal
import socket
import sys

openssl = ctypes.CDLL(ctypes.util.find_library("ssl"))
crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
POINTER, NUMBER, TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
for library, name, result, *arguments in (
    (openssl, "TLS_server_method", POINTER),
    (openssl, "SSL_CTX_new", POINTER, POINTER),
    (openssl, "SSL_CTX_use_certificate_chain_file", NUMBER, POINTER, TEXT),
    (openssl, "SSL_CTX_use_PrivateKey_file", NUMBER, POINTER, TEXT, NUMBER),
    (openssl, "SSL_new", POINTER, POINTER),
    (openssl, "SSL_set_fd", NUMBER, POINTER, NUMBER),
    (openssl, "SSL_accept", NUMBER, POINTER),
    (openssl, "SSL_read", NUMBER, POINTER, TEXT, NUMBER),
    (openssl, "SSL_write", NUMBER, POINTER, TEXT, NUMBER),
    (openssl, "SSL_new_session_ticket", NUMBER, POINTER),
    (openssl, "SSL_key_update", NUMBER, POINTER, NUMBER),
    (openssl, "SSL_do_handshake", NUMBER, POINTER),
    (openssl, "SSL_set0_wbio", None, POINTER, POINTER),
    (crypto, "BIO_s_mem", POINTER),
    (crypto, "BIO_new", POINTER, POINTER),
    (crypto, "BIO_read", NUMBER, POINTER, TEXT, NUMBER),
):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
PEM, NOT_REQUESTED, REQUESTED = 1, 0, 1

context = openssl.SSL_CTX_new(openssl.TLS_server_method())
if openssl.SSL_CTX_use_certificate_chain_file(context, sys.argv[1].encode()) != 1 or openssl.SSL_CTX_use_PrivateKey_file(context, sys.argv[2].encode(), PEM) != 1:
    sys.exit("the certificate or its key cannot be read")


class Connection:
    def __init__(self, plain, number):
        self.plain, self.number, self.requests, self.waiting = plain, number, 0, b""
        self.secure = openssl.SSL_new(context)
        openssl.SSL_set_fd(self.secure, plain.fileno())
        self.is_open = openssl.SSL_accept(self.secure) == 1

    def serve(self):
        buffer = ctypes.create_string_buffer(1 << 16)
        count = openssl.SSL_read(self.secure, buffer, len(buffer))
        self.is_open = count > 0
        self.waiting += buffer.raw[: max(0, count)]
        while b"\r\n\r\n" in self.waiting:
            _, self.waiting = self.waiting.split(b"\r\n\r\n", 1)
            self.requests += 1
            body = f"connection {self.number} request {self.requests}".encode()
            answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            openssl.SSL_write(self.secure, answer, len(answer))

    def speak(self):
        openssl.SSL_new_session_ticket(self.secure)
        openssl.SSL_do_handshake(self.secure)
        openssl.SSL_key_update(self.secure, REQUESTED)
        openssl.SSL_do_handshake(self.secure)

    def flood(self):
        memory = crypto.BIO_new(crypto.BIO_s_mem())
        openssl.SSL_set0_wbio(self.secure, memory)
        for _ in range(20_000):
            openssl.SSL_key_update(self.secure, NOT_REQUESTED)
            openssl.SSL_do_handshake(self.secure)
        records = ctypes.create_string_buffer(1 << 20)
        count = crypto.BIO_read(memory, records, len(records))
        try:
            self.plain.sendall(records.raw[:count])
        except OSError:
            pass
        self.is_open = False


def on_signal(number, _):
    for connection in connections:
        port = connection.plain.getpeername()[1]
        connection.speak() if number == signal.SIGUSR1 else connection.flood()
        print(f"sent to {port}", flush=True)


connections = []
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(64)
accepted = 0
# A handler runs while nothing is read or written: between the calls of select.
signal.signal(signal.SIGUSR1, on_signal)
signal.signal(signal.SIGUSR2, on_signal)
print(listening.getsockname()[1], flush=True)
while True:
    ready, _, _ = select.select([listening] + [connection.plain for connection in connections], [], [])
    if listening in ready:
        accepted += 1
        connections.append(Connection(listening.accept()[0], accepted))
    for connection in connections:
        if connection.plain in ready:
            connection.serve()
    for connection in connections:
        if not connection.is_open:
            connection.plain.close()
    connections = [connection for connection in connections if connection.is_open]
