"""An ASGI app of WebSockets on Hypercorn, which has them over HTTP/2, here without TLS. Prints its port, and how each socket ended.

/echo sends back every message; /scope sends what the app is told of the request; /close/CODE closes with that code; others are refused with 403.
"""

import asyncio
import json
import socket

from hypercorn.asyncio import serve
from hypercorn.config import Config


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
        await send({"type": "http.response.body", "body": b"plain\n"})
        return
    await receive()
    _, kind, *rest = scope["path"].split("/")
    if kind not in ["echo", "scope", "close"]:
        await send({"type": "websocket.http.response.start", "status": 403, "headers": [(b"x-why", b"not today")]})
        await send({"type": "websocket.http.response.body", "body": b"no socket here\n"})
        return
    await send({"type": "websocket.accept", "headers": [(b"x-accepted", b"yes")]})
    if kind == "scope":
        fields = {name.decode(): value.decode() for name, value in scope["headers"]}
        await send({"type": "websocket.send", "text": json.dumps([scope["http_version"], scope["scheme"], fields])})
    if kind == "close":
        await send({"type": "websocket.close", "code": int(rest[0])})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print("ended", scope["path"], message["code"], flush=True)
            return
        await send({"type": "websocket.send", "text": message["text"], "bytes": message["bytes"]})


async def main():
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    config.websocket_max_message_size = 1 << 22
    await serve(app, config, shutdown_trigger=asyncio.Future)


asyncio.run(main())
