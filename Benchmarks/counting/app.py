"""A scripted app: answers every request of one case with the same bytes, on a port that the kernel chooses."""

import socket
import threading


def read_head(stream):
    """The next head as a list of lines, or None at the end of the connection."""
    lines = []
    while line := stream.readline():
        if line in (b"\r\n", b"\n"):
            return lines
        lines.append(line)
    return None


def body_length(stream, head):
    """Reads the body that `head` announces. Returns its length in bytes."""
    for line in head[1:]:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"content-length":
            return len(stream.read(int(value)))
        if name == b"transfer-encoding":
            total = 0
            while size := int(stream.readline().split(b";")[0], 16):
                total += len(stream.read(size))
                stream.readline()
            read_head(stream)
            return total
    return 0


class ScriptedApp:
    """Listens on 127.0.0.1 from its creation until `close`."""

    def __init__(self, case):
        self.case = case
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer = self._answer(b"x" * case.answer_bytes)
        threading.Thread(target=self._accept, daemon=True).start()

    def _answer(self, body):
        return (b"HTTP/1.1 200 OK\r\nServer: app\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n"
                b"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n" % len(body)) + body

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while (head := read_head(stream)) is not None:
                    length = body_length(stream, head)
                    # A POST is answered with the number of bytes that came, which the prober checks.
                    connection.sendall(self._answer(b"%d" % length) if self.case.body_bytes else self.answer)
        except OSError:
            pass

    def close(self):
        self.listener.close()
