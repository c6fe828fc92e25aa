"""An ASGI app with a page that does what pages do in a browser, and writes what came of it into its DOM. By itself: browser_app.py, on uvicorn.
Prints its port.

The page's load event waits for /held, which is answered when its script has asked for /through: a browser that dumps the DOM after the
load event dumps it complete, with no clock involved.
"""

import asyncio
import hashlib
import json
import socket

THROUGH = {}

PAGE = """<!DOCTYPE html>
<html><head><title>page</title><link rel="stylesheet" href="/style.css"></head>
<body><ol id="results"></ol><img src="/held?KEY">
<script src="/script.js"></script></body></html>
"""

SCRIPT = """
const results = document.getElementById("results");
const text = async (response) => `${response.status} ${await response.text()}`;
// What the way alone may change.
const fields = (response) => [...response.headers].filter(([name]) => !["date", "via"].includes(name)).map((pair) => pair.join("=")).join(" ");
const pattern = (count) => Uint8Array.from({ length: count }, (_, index) => (index * 7) % 251);
const bytesOf = async (response) => {
  const reader = response.body.getReader();
  let total = 0, sum = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return `${total} ${sum}`;
    total += value.length;
    for (const byte of value) sum = (sum * 31 + byte) % 1000003;
  }
};

const checks = {
  async style() { return getComputedStyle(results).listStyleType; },
  async json() { const answer = await (await fetch("/json?a=b")).json(); return `${answer.query} ${answer.names.join()}`; },
  async fields() { return fields(await fetch("/json")); },
  async post() { return text(await fetch("/upload", { method: "POST", body: "a body, æøå" })); },
  async form() { return text(await fetch("/upload", { method: "POST", body: new URLSearchParams({ a: "1 2", b: "&" }) })); },
  async upload() { return text(await fetch("/upload", { method: "PUT", body: new Blob([pattern(1000000)]) })); },
  async download() { return bytesOf(await fetch("/download")); },
  async range() { const response = await fetch("/download", { headers: { Range: "bytes=10-19" } }); return `${response.status} ${await bytesOf(response)}`; },
  async redirect() { const response = await fetch("/moved"); return `${response.redirected} ${new URL(response.url).pathname} ${await text(response)}`; },
  async cookies() { await fetch("/login"); return `${document.cookie} ${await text(await fetch("/cookies"))}`; },
  async conditional() { const twice = [await fetch("/tagged"), await fetch("/tagged", { cache: "no-cache" })]; return `${await text(twice[0])} ${await text(twice[1])}`; },
  async absent() { return text(await fetch("/absent")); },
  async head() { const response = await fetch("/download", { method: "HEAD" }); return `${response.status} ${response.headers.get("x-length")} ${(await response.text()).length}`; },
  async aborted() {
    const abort = new AbortController();
    const reader = (await fetch("/endless", { signal: abort.signal })).body.getReader();
    await reader.read();
    abort.abort();
    try { for (;;) await reader.read(); } catch (error) { return `${error.name} ${await text(await fetch("/left"))}`; }
  },
  events() {
    return new Promise((resolve, reject) => {
      const source = new EventSource("/events"), seen = [];
      source.addEventListener("count", (event) => {
        seen.push(`${event.lastEventId}:${event.data}`);
        // The app sends the next only when the page says that it has this one: nobody may hold events back.
        fetch(`/seen?${event.data}`, { method: "POST" });
      });
      source.addEventListener("end", () => { source.close(); resolve(seen.join(" ")); });
    });
  },
  socket() {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/socket`, ["chat", "other"]), seen = [];
      socket.binaryType = "arraybuffer";
      socket.onopen = () => { socket.send("hello"); socket.send(pattern(100000)); socket.send("close"); };
      socket.onmessage = (event) => seen.push(typeof event.data === "string" ? event.data : `${event.data.byteLength} bytes`);
      socket.onclose = (event) => resolve(`${socket.protocol} ${socket.extensions} ${seen.join(" ")} ${event.code} ${event.reason} ${event.wasClean}`);
    });
  },
  many() { return Promise.all(Array.from({ length: 30 }, async (_, index) => (await (await fetch(`/json?${index}`)).json()).query)).then((all) => all.join()); },
};

(async () => {
  for (const [name, check] of Object.entries(checks)) {
    const item = results.appendChild(document.createElement("li"));
    item.id = name;
    try { item.textContent = await check(); } catch (error) { item.textContent = `failed: ${error}`; }
  }
  document.querySelector("img").remove();
  await fetch(location.search.replace("?", "/through?"));
})();
"""

DOWNLOAD = bytes(number * 13 % 256 for number in range(300_000))


async def respond(send, body, status=200, kind="text/plain", fields=()):
    head = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": head + [(name.encode(), value.encode()) for name, value in fields]})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


class Stream:
    """A response whose length is not known."""

    def __init__(self, send):
        self.send = send

    async def begin(self, kind):
        await self.send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]})

    async def write(self, body, more=True):
        await self.send({"type": "http.response.body", "body": body, "more_body": more})


LEFT = asyncio.Event()
SEEN: asyncio.Queue = asyncio.Queue()


async def events(send):
    stream = Stream(send)
    await stream.begin("text/event-stream")
    for number in range(1, 6):
        await stream.write(f"id: {number}\nevent: count\ndata: number {number}\n\n".encode())
        await SEEN.get()
    await stream.write(b": a comment\n\nevent: end\ndata:\n\n", more=False)


async def http(scope, receive, send):
    path, query = scope["path"], scope["query_string"].decode()
    fields = dict(scope["headers"])
    if path == "/":
        await respond(send, PAGE.replace("KEY", query).encode(), kind="text/html")
    elif path == "/style.css":
        await respond(send, b"ol { list-style-type: upper-roman }", kind="text/css")
    elif path == "/script.js":
        await respond(send, SCRIPT.encode(), kind="text/javascript; charset=utf-8")
    elif path in ("/held", "/through"):
        through = THROUGH.setdefault(query, asyncio.Event())
        if path == "/through":
            through.set()
        await through.wait()
        await respond(send, b"")
    elif path == "/json":
        await respond(send, json.dumps({"query": query, "names": ["one", "two"]}).encode(), kind="application/json", fields=[("X-One", "1"), ("X-One", "2")])
    elif path == "/upload":
        body = await body_of(receive)
        await respond(send, f"{scope['method']} {len(body)} {fields.get(b'content-type', b'-').decode()} {hashlib.sha256(body).hexdigest()}".encode(), 201)
    elif path == "/download" and b"range" in fields:
        await respond(send, DOWNLOAD[10:20], 206, fields=[("Content-Range", f"bytes 10-19/{len(DOWNLOAD)}")])
    elif path == "/download":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-length", str(len(DOWNLOAD)).encode())]})
        stream = Stream(send)
        for start in range(0, len(DOWNLOAD), 7919):
            await stream.write(DOWNLOAD[start : start + 7919])
        await stream.write(b"", more=False)
    elif path == "/moved":
        await respond(send, b"", 302, fields=[("Location", "/json?moved")])
    elif path == "/login":
        await respond(send, b"", fields=[("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/; SameSite=Lax")])
    elif path == "/cookies":
        await respond(send, fields.get(b"cookie", b""))
    elif path == "/tagged" and fields.get(b"if-none-match") == b'"tag"':
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"tag"')]})
        await send({"type": "http.response.body"})
    elif path == "/tagged":
        await respond(send, b"tagged", fields=[("ETag", '"tag"'), ("Cache-Control", "no-cache")])
    elif path == "/events":
        await events(send)
    elif path == "/seen":
        SEEN.put_nowait(query)
        await respond(send, b"")
    elif path == "/endless":
        stream = Stream(send)
        await stream.begin("text/plain")
        await stream.write(b"x" * 100_000)
        while (await receive())["type"] != "http.disconnect":
            pass
        LEFT.set()
    elif path == "/left":
        # Answered when the end of /endless's client has come through.
        await LEFT.wait()
        LEFT.clear()
        await respond(send, b"left")
    else:
        await respond(send, b"nothing", 404)


async def websocket(receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "chat"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "as asked"})
            return
        await send({"type": "websocket.send", **{kind: message[kind] for kind in ("text", "bytes") if message.get(kind) is not None}})


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await websocket(receive, send)
    elif scope["type"] == "http":
        await http(scope, receive, send)


if __name__ == "__main__":
    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off")).run(sockets=[listening])
