"""A WebSocket app on the `websockets` library. Prints its port.

/echo sends back every message; /pings pings its client three times and tells; /close/CODE closes with that code; /recorded/KEY echoes, and
how it ended is told on /ended/KEY; /refused is refused with 403, other paths are plain HTTP.
"""

import asyncio
import json
from http import HTTPStatus

import websockets

ENDED: dict[str, asyncio.Future] = {}


def ended(key):
    return ENDED.setdefault(key, asyncio.get_running_loop().create_future())


async def serve(socket):
    _, kind, *rest = socket.path.split("/")
    if kind == "close":
        await socket.close(int(rest[0]), "the app is through")
    elif kind == "pings":
        for data in [b"", b"ping", b"\x00" * 125]:
            await (await socket.ping(data))
        await socket.send("three pongs came")
    elif kind == "ended":
        await socket.send(json.dumps(await ended(rest[0])))
    else:
        try:
            async for message in socket:
                await socket.send(message)
        except websockets.ConnectionClosedError:
            pass
        finally:
            if kind == "recorded":
                await socket.wait_closed()
                ended(rest[0]).set_result([socket.close_code, socket.close_reason])


async def refuse(path, fields):
    if path == "/refused":
        return HTTPStatus.FORBIDDEN, [("X-Why", "not today")], b"no socket here\n"
    if "Upgrade" not in fields:
        return HTTPStatus.OK, [], b"plain\n"


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0, process_request=refuse, max_size=1 << 22) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
