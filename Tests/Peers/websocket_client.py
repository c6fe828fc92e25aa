"""A WebSocket client on the `websockets` library: websocket_client.py URL. Does everything that clients do with websocket_app.py behind the
URL, and prints a line for each: `ok NAME`, or `failed NAME: why`. Ends with status 1 if anything failed.
"""

import asyncio
import json
import os
import sys

import websockets
from websockets.exceptions import ConnectionClosed

URL = sys.argv[1]
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def connect(path, **options):
    return websockets.connect(URL + path, max_size=1 << 22, open_timeout=10, ping_interval=None, **options)


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r:.200}, wanted {wanted!r:.200}")


async def ended(key):
    """How the app saw the socket of /recorded/KEY end."""
    async with connect(f"/ended/{key}") as socket:
        return json.loads(await socket.recv())


@check
async def text():
    async with connect("/echo") as socket:
        for message in ["", "hello", "æøå 漢字 🎈", "x" * 65535, "y" * 65536]:
            await socket.send(message)
            same(await socket.recv(), message)


@check
async def binary():
    async with connect("/echo", compression=None) as socket:
        for length in [0, 1, 125, 126, 65535, 65536]:
            message = os.urandom(length)
            await socket.send(message)
            same(await socket.recv(), message)


@check
async def a_mebibyte():
    async with connect("/echo", compression=None) as socket:
        message = os.urandom(1 << 20)
        await socket.send(message)
        same(await socket.recv(), message)


@check
async def fragments():
    async with connect("/echo") as socket:
        await socket.send(part for part in ["one ", "two ", "three"])
        same(await socket.recv(), "one two three")


@check
async def many_at_once():
    """Both directions are full at the same time."""
    async with connect("/echo", compression=None) as socket:
        messages = [os.urandom(10_000) for _ in range(100)]

        async def send():
            for message in messages:
                await socket.send(message)

        sending = asyncio.create_task(send())
        for message in messages:
            same(await socket.recv(), message)
        await sending


@check
async def pings_to_the_app():
    async with connect("/echo") as socket:
        for data in [b"", b"ping", b"\xff" * 125]:
            await asyncio.wait_for(await socket.ping(data), 10)


@check
async def pings_from_the_app():
    async with connect("/pings") as socket:
        same(await socket.recv(), "three pongs came")


@check
async def compression():
    async with connect("/echo", compression="deflate") as socket:
        same([extension.name for extension in socket.extensions], ["permessage-deflate"])
        message = json.dumps([{"number": number, "name": "name"} for number in range(20_000)])
        await socket.send(message)
        same(await socket.recv(), message)
    async with connect("/echo", compression=None) as socket:
        same(socket.extensions, [])


@check
async def closed_by_the_app():
    for code in [1000, 1001, 1011, 3000, 4999]:
        async with connect(f"/close/{code}") as socket:
            try:
                await socket.recv()
            except ConnectionClosed:
                pass
            same([socket.close_code, socket.close_reason], [code, "the app is through"])


@check
async def closed_by_the_client():
    for code in [1000, 1001, 4000]:
        async with connect(f"/recorded/{code}") as socket:
            await socket.send("x")
            await socket.recv()
            await socket.close(code, "the client is through")
            same(socket.close_code, code)
        same(await ended(str(code)), [code, "the client is through"])


@check
async def broken_off_by_the_client():
    async with connect("/recorded/broken") as socket:
        await socket.send("x")
        await socket.recv()
        socket.transport.abort()
    same(await ended("broken"), [1006, ""])


@check
async def twenty_sockets():
    async def talk(number):
        async with connect("/echo") as socket:
            for turn in range(20):
                await socket.send(f"{number} {turn}")
                same(await socket.recv(), f"{number} {turn}")

    await asyncio.gather(*(talk(number) for number in range(20)))


@check
async def silence():
    """Longer than every time-out of the gateway's but the tunnel's."""
    async with connect("/echo") as socket:
        try:
            await asyncio.wait_for(socket.recv(), 1.5)
            raise AssertionError("something came")
        except asyncio.TimeoutError:
            await socket.send("still there?")
            same(await socket.recv(), "still there?")


@check
async def refused():
    try:
        async with connect("/refused"):
            raise AssertionError("was accepted")
    except websockets.InvalidStatusCode as error:
        same([error.status_code, error.headers["X-Why"]], [403, "not today"])


async def run(function):
    name = function.__name__.replace("_", " ")
    try:
        await asyncio.wait_for(function(), 15)
        return f"ok {name}"
    except Exception as error:
        return f"failed {name}: {type(error).__name__} {error}"


async def main():
    lines = await asyncio.gather(*(run(function) for function in CHECKS))
    print("\n".join(lines), flush=True)
    sys.exit(any(not line.startswith("ok ") for line in lines))


asyncio.run(main())
