"""A gRPC app without generated code: its messages are bytes, its methods those of `Calls`, at /test.Calls/NAME.
grpc_app.py [CERTIFICATE KEY]: with them it speaks TLS. Prints its port.
"""

import concurrent.futures
import hashlib
import json
import sys
import threading

import grpc

# Longer than any call of a test takes: what would wait for ever fails by it.
PATIENCE = 20


class Calls:
    """Calls that are going on, or have ended, by their keys."""

    def __init__(self):
        self.changed = threading.Condition()
        self.ends = {}
        self.met = {}

    def begin(self, key, context):
        """Notes from here on how the call ends: one that is over before its next step is never gone on with."""
        over = threading.Event()

        def note():
            over.set()
            self.end(key, "over")
        if not context.add_callback(note):
            note()
        return over

    def end(self, key, how):
        with self.changed:
            self.ends.setdefault(key, how)
            self.changed.notify_all()

    def hold(self, key, over):
        """Goes on until the call is over; notes if it is not in time."""
        if not over.wait(PATIENCE):
            self.end(key, "still held")

    # Each message is a request and a response of one kind or the other; `iterator` stands for a stream of them.

    def echo(self, message, context):
        return message

    def sum(self, iterator, context):
        count, total, hashed = 0, 0, hashlib.sha256()
        for message in iterator:
            count, total = count + 1, total + len(message)
            hashed.update(message)
        return f"{count} {total} {hashed.hexdigest()}".encode()

    def late_sum(self, iterator, context):
        """The same behind a first message, which is the key of a meeting: it takes no more before somebody is there."""
        key = next(iterator)
        with self.changed:
            self.changed.wait_for(lambda: self.met.get(key, 0) > 0, PATIENCE)
        return self.sum(iterator, context)

    def count(self, message, context):
        """`COUNT SIZE`: so many messages of that size."""
        count, size = map(int, message.split())
        for number in range(count):
            yield bytes([number % 251]) * size

    def talk(self, iterator, context):
        for message in iterator:
            yield b"re: " + message

    def fields(self, message, context):
        """Its own metadata both ways: what it was called with comes back as the message."""
        context.send_initial_metadata((("x-early", "one"), ("x-early", "two"), ("x-early-bin", bytes(range(256)))))
        context.set_trailing_metadata((("x-late", "a, b"), ("x-late-bin", b"\0\xff\r\n"), ("x-empty", "")))
        came = [(key, list(value) if isinstance(value, bytes) else value) for key, value in context.invocation_metadata() if key.startswith("x-own")]
        return json.dumps(sorted(came)).encode()

    def refuse(self, message, context):
        """Ends without a response: with a head that is all there is, or behind a head (`late …`)."""
        when, number, details = message.decode().split(" ", 2)
        if when == "late":
            context.send_initial_metadata((("x-early", "here"),))
        context.set_trailing_metadata((("x-why", "asked for"), ("x-why-bin", b"\x80")))
        context.abort(next(code for code in grpc.StatusCode if code.value[0] == int(number)), details)

    def part(self, message, context):
        """A stream that ends with an error behind its messages."""
        yield b"one"
        yield b"two"
        context.abort(grpc.StatusCode.DATA_LOSS, "no third")

    def enough(self, iterator, context):
        """Ends while the client has more to say."""
        next(iterator)
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "one is enough")

    def wait(self, message, context):
        """Says how long it may take (`-`: for ever), then waits for the end of its call."""
        over = self.begin(message, context)
        left = context.time_remaining()
        yield b"-" if left is None or left > 1_000_000 else str(left).encode()
        self.hold(message, over)

    def listen(self, iterator, context):
        """The same for a stream from the client, whose first message is the key."""
        key = next(iterator)
        over = self.begin(key, context)
        yield b"listening"
        self.hold(key, over)

    def ended(self, message, context):
        """How the call with this key has ended; waits for it."""
        with self.changed:
            self.changed.wait_for(lambda: message in self.ends, PATIENCE)
            return self.ends.get(message, "not seen").encode()

    def meet(self, message, context):
        """`KEY COUNT NUMBER`: answered when so many calls of that key are here at the same time."""
        key, count, number = message.split()
        with self.changed:
            self.met[key] = self.met.get(key, 0) + 1
            self.changed.notify_all()
            all_came = self.changed.wait_for(lambda: self.met[key] >= int(count), PATIENCE)
        return number if all_came else b"alone"


CALLS = Calls()
KINDS = [
    (grpc.unary_unary_rpc_method_handler, ("echo", "fields", "refuse", "ended", "meet")),
    (grpc.unary_stream_rpc_method_handler, ("count", "part", "wait")),
    (grpc.stream_unary_rpc_method_handler, ("sum", "late_sum", "enough")),
    (grpc.stream_stream_rpc_method_handler, ("talk", "listen")),
]
HANDLERS = {f"/test.Calls/{name}": kind(getattr(CALLS, name)) for kind, names in KINDS for name in names}


class Service(grpc.GenericRpcHandler):
    def service(self, call):
        return HANDLERS.get(call.method)


options = [("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
# Each call that goes on holds a thread, and three clients have some hundred each that wait for one another.
server = grpc.server(concurrent.futures.ThreadPoolExecutor(2000), [Service()], options=options)
if len(sys.argv) > 2:
    certificate, key = (open(path, "rb").read() for path in sys.argv[1:3])
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
