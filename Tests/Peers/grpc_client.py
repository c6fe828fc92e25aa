"""A gRPC client without generated code: grpc_client.py TARGET AUTHORITY [CHECK [ARGUMENT]]. Makes every kind of call to grpc_app.py behind the
target, or only the check that is named, and prints a line for each: `ok NAME`, or `failed NAME: why`. AUTHORITY is the file of the certificate
that the target's is signed with; `-` is for no TLS. Ends with status 1 if anything failed.
"""

import concurrent.futures
import hashlib
import json
import os
import queue
import sys
import time

import grpc
from grpc import StatusCode

TARGET, AUTHORITY = sys.argv[1:3]
# For calls that must not end by it.
PATIENCE = 30
USUAL, SPECIAL = {}, {}


def check(function):
    USUAL[function.__name__] = function
    return function


def special(function):
    """One that is made only where it is named."""
    SPECIAL[function.__name__] = function
    return function


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r:.300}, wanted {wanted!r:.300}")


def connect():
    # A channel each: without the last, all channels of a process share one connection.
    options = [("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    if AUTHORITY == "-":
        return grpc.insecure_channel(TARGET, options)
    with open(AUTHORITY, "rb") as file:
        return grpc.secure_channel(TARGET, grpc.ssl_channel_credentials(file.read()), options)


CHANNEL = connect()


def method(kind, name, channel=CHANNEL):
    return getattr(channel, kind)(f"/test.Calls/{name}")


def unary(name, message, channel=CHANNEL, **options):
    return method("unary_unary", name, channel)(message, **{"timeout": PATIENCE, **options})


def failure(action):
    try:
        action()
    except grpc.RpcError as error:
        return error
    raise AssertionError("it did not fail")


class Outbox:
    """The messages of a stream, one after the other as they are put in; None ends it."""

    def __init__(self, *messages):
        self.waiting = queue.Queue()
        for message in messages:
            self.waiting.put(message)

    def put(self, message):
        self.waiting.put(message)

    def __iter__(self):
        return iter(self.waiting.get, None)


def new_key():
    return os.urandom(8).hex().encode()


@check
def one_message_each_way():
    for message in [b"", b"hello", bytes(range(256)), b"x" * 16_379, b"x" * 16_380, b"x" * 70_000]:
        same(unary("echo", message), message)


@check
def many_messages_to_the_app():
    messages = [os.urandom(size) for size in (0, 1, 5_000, 16_384, 100_000)] * 20
    answer = method("stream_unary", "sum")(iter(messages), timeout=PATIENCE)
    whole = b"".join(messages)
    same(answer.decode(), f"{len(messages)} {len(whole)} {hashlib.sha256(whole).hexdigest()}")


@check
def many_messages_from_the_app():
    for count, size in [(0, 0), (1, 0), (1000, 10), (100, 50_000)]:
        got = list(method("unary_stream", "count")(f"{count} {size}".encode(), timeout=PATIENCE))
        same(got, [bytes([number % 251]) * size for number in range(count)])


@check
def each_message_waits_for_the_answer_before():
    outbox = Outbox()
    call = method("stream_stream", "talk")(iter(outbox), timeout=PATIENCE)
    for number in range(200):
        message = f"message {number} ".encode() * (number + 1)
        outbox.put(message)
        same(next(call), b"re: " + message)
    outbox.put(None)
    same(list(call), [])
    same(call.code(), StatusCode.OK)


@check
def a_client_that_rests():
    """Its windows shut, and open again; other calls go on meanwhile."""
    call = method("unary_stream", "count")(b"200 100000", timeout=PATIENCE)
    got = [next(call)]
    same([unary("echo", b"meanwhile") for _ in range(50)], [b"meanwhile"] * 50)
    same(got + list(call) == [bytes([number]) * 100_000 for number in range(200)], True)


@check
def an_app_that_rests():
    key = new_key()
    messages = [key] + [os.urandom(100_000) for _ in range(200)]
    call = method("stream_unary", "late_sum").future(iter(messages), timeout=PATIENCE)
    same([unary("echo", b"meanwhile") for _ in range(50)], [b"meanwhile"] * 50)
    same(unary("meet", key + b" 1 1"), b"1")
    whole = b"".join(messages[1:])
    same(call.result().decode(), f"200 {len(whole)} {hashlib.sha256(whole).hexdigest()}")


@check
def nothing_in_a_stream_either_way():
    same(list(method("stream_stream", "talk")(iter(()), timeout=PATIENCE)), [])
    same(method("stream_unary", "sum")(iter(()), timeout=PATIENCE).split()[:2], [b"0", b"0"])


@check
def metadata_both_ways():
    every_byte = bytes(range(256))
    sent = [("x-own", "one"), ("x-own", "two, three"), ("x-own-long", "v" * 4000)] + [("x-own-bin", value) for value in (every_byte, b"", b"\0")]
    message, call = method("unary_unary", "fields").with_call(b"", timeout=PATIENCE, metadata=sent)
    same(json.loads(message), sorted([key, list(value) if isinstance(value, bytes) else value] for key, value in sent))
    early = [(key, value) for key, value in call.initial_metadata() if key.startswith("x-early")]
    same(sorted(early), [("x-early", "one"), ("x-early", "two"), ("x-early-bin", every_byte)])
    same(sorted(map(tuple, call.trailing_metadata())), [("x-empty", ""), ("x-late", "a, b"), ("x-late-bin", b"\0\xff\r\n")])


@check
def errors_with_their_messages():
    for when in ("at-once", "late"):
        for code in (StatusCode.INVALID_ARGUMENT, StatusCode.UNAUTHENTICATED, StatusCode.UNKNOWN, StatusCode.UNAVAILABLE):
            for details in ("", "plain", "100 % größer — 漢字 🎈\r\n\tand a line"):
                error = failure(lambda: unary("refuse", f"{when} {code.value[0]} {details}".encode()))
                same((error.code(), error.details()), (code, details))
                # A head that is all there is may have Date and Content-Length from anybody on the way.
                late = [(key, value) for key, value in error.trailing_metadata() if key.startswith("x-")]
                same(sorted(late), [("x-why", "asked for"), ("x-why-bin", b"\x80")])
                same(dict(error.initial_metadata()).get("x-early"), "here" if when == "late" else None)


@check
def an_error_behind_messages():
    got = []
    call = method("unary_stream", "part")(b"", timeout=PATIENCE)
    error = failure(lambda: got.extend(call))
    same((got, error.code(), error.details()), ([b"one", b"two"], StatusCode.DATA_LOSS, "no third"))


@check
def an_end_while_the_client_has_more():
    for _ in range(20):
        outbox = Outbox(b"one", b"x" * 200_000, b"x" * 200_000)
        error = failure(lambda: method("stream_unary", "enough")(iter(outbox), timeout=PATIENCE))
        outbox.put(None)
        same((error.code(), error.details()), (StatusCode.RESOURCE_EXHAUSTED, "one is enough"))


@check
def a_method_that_is_not_there():
    same(failure(lambda: unary("nothing", b"")).code(), StatusCode.UNIMPLEMENTED)


@check
def compressed_messages():
    message = b"a message that is worth it " * 10_000
    same(unary("echo", message, compression=grpc.Compression.Gzip), message)


@check
def a_deadline_that_passes():
    # Where it waits behind no other call: the app is to hear of it before it has passed.
    channel = connect()
    key = new_key()
    call = method("unary_stream", "wait", channel)(key, timeout=4)
    left = float(next(call))
    # Rounded up on the way.
    if not 0 < left < 5:
        raise AssertionError(f"the app was given {left} s")
    same(failure(lambda: next(call)).code(), StatusCode.DEADLINE_EXCEEDED)
    same(unary("ended", key), b"over")
    channel.close()


@check
def a_call_that_the_client_cancels():
    key = new_key()
    call = method("unary_stream", "wait")(key)
    same(next(call), b"-")
    call.cancel()
    same(unary("ended", key), b"over")


@check
def a_stream_that_the_client_cancels():
    key = new_key()
    outbox = Outbox(key)
    call = method("stream_stream", "listen")(iter(outbox))
    same(next(call), b"listening")
    call.cancel()
    outbox.put(None)
    same(unary("ended", key), b"over")


@check
def a_client_that_goes_away():
    key = new_key()
    channel = connect()
    call = method("unary_stream", "wait", channel)(key)
    same(next(call), b"-")
    channel.close()
    same(unary("ended", key), b"over")


@check
def large_messages():
    message = os.urandom(8 << 20)
    same(unary("echo", message) == message, True)


@check
def a_hundred_calls_at_once_on_each_of_two_channels():
    """All are there before one is answered."""
    key = new_key()
    channels = [connect(), connect()]
    calls = [method("unary_unary", "meet", channels[number % 2]).future(key + f" 200 {number}".encode(), timeout=PATIENCE) for number in range(200)]
    same([int(call.result()) for call in calls], list(range(200)))
    for channel in channels:
        channel.close()


@check
def more_calls_than_a_connection_takes():
    calls = [method("unary_unary", "echo").future(f"{number}".encode() * 100, timeout=PATIENCE) for number in range(1000)]
    same([call.result() for call in calls], [f"{number}".encode() * 100 for number in range(1000)])


@check
def a_hundred_conversations_at_once():
    # A connection has room for no more: these wait for each other, so others must not be among them.
    channel = connect()
    outboxes = [Outbox() for _ in range(100)]
    calls = [method("stream_stream", "talk", channel)(iter(outbox), timeout=PATIENCE) for outbox in outboxes]
    for turn in range(5):
        for number, outbox in enumerate(outboxes):
            outbox.put(f"{number} {turn}".encode())
        for number, call in enumerate(calls):
            same(next(call), f"re: {number} {turn}".encode())
    for outbox in outboxes:
        outbox.put(None)
    for call in calls:
        same(list(call), [])
    channel.close()


@special
def unavailable():
    """Nobody answers for the app: said at once, long before the deadline, for each kind of call."""
    for call in (
        lambda: unary("echo", b""),
        lambda: list(method("unary_stream", "count")(b"1 1", timeout=PATIENCE)),
        lambda: method("stream_unary", "sum")(iter([b"x"] * 10), timeout=PATIENCE),
        lambda: list(method("stream_stream", "talk")(iter([b"x"] * 10), timeout=PATIENCE)),
    ):
        error = failure(call)
        print(f"{error.code().name}: {error.details()}", flush=True)


def conversation(until_path):
    """Talks, tells that it does, and goes on when the file is there."""
    outbox = Outbox(b"before")
    call = method("stream_stream", "talk")(iter(outbox), timeout=PATIENCE)
    same(next(call), b"re: before")
    print("talking", flush=True)
    while not os.path.exists(until_path):
        time.sleep(0.005)
    return outbox, call


@special
def broken_off(until_path):
    """The app dies in the middle of a call."""
    outbox, call = conversation(until_path)
    error = failure(lambda: next(call))
    outbox.put(None)
    print(f"{error.code().name}: {error.details()}", flush=True)


@special
def carried_on(until_path):
    """What goes on around a call is none of its business."""
    outbox, call = conversation(until_path)
    for number in range(50):
        outbox.put(b"x" * 1000 * number)
        same(next(call), b"re: " + b"x" * 1000 * number)
    outbox.put(None)
    same(list(call), [])
    same(call.code(), StatusCode.OK)


def run(name, function, *arguments):
    name = name.replace("_", " ")
    try:
        function(*arguments)
        return f"ok {name}"
    except Exception as error:
        return f"failed {name}: {type(error).__name__} {error}"


if len(sys.argv) > 3:
    lines = [run(sys.argv[3], SPECIAL.get(sys.argv[3]) or USUAL[sys.argv[3]], *sys.argv[4:])]
else:
    # At once: they share a connection.
    with concurrent.futures.ThreadPoolExecutor(len(USUAL)) as pool:
        lines = list(pool.map(lambda item: run(*item), USUAL.items()))
print("\n".join(lines), flush=True)
# Without waiting for the threads of calls that failed.
os._exit(any(not line.startswith("ok ") for line in lines))
