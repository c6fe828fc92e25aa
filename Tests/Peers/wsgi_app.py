"""A WSGI app with what apps do: forms, uploads, ranges, conditional requests, cookies, streams. For gunicorn (`wsgi_app:app`), and by itself on
the standard library's server, which speaks HTTP/1.0 and closes after each answer without saying so: wsgi_app.py. Prints its port then.
"""

import hashlib
import json
import re
from urllib.parse import parse_qs

FILE = bytes(range(256)) * 512
TAG = '"' + hashlib.sha256(FILE).hexdigest()[:16] + '"'
MODIFIED = "Tue, 01 Jul 2025 12:00:00 GMT"


def body_of(environ):
    """The whole body, by its length or (where the server decodes chunks) to its end."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        return environ["wsgi.input"].read(int(length))
    return environ["wsgi.input"].read() if environ.get("HTTP_TRANSFER_ENCODING") else b""


def file(environ, start):
    fields = [("ETag", TAG), ("Last-Modified", MODIFIED), ("Accept-Ranges", "bytes")]
    if environ.get("HTTP_IF_NONE_MATCH") == TAG or environ.get("HTTP_IF_MODIFIED_SINCE") == MODIFIED:
        start("304 Not Modified", fields)
        return []
    if environ.get("HTTP_IF_MATCH", TAG) != TAG:
        start("412 Precondition Failed", fields + [("Content-Length", "0")])
        return []
    fields.append(("Content-Type", "application/octet-stream"))
    part = re.fullmatch(r"bytes=(\d+)-(\d*)", environ.get("HTTP_RANGE", ""))
    if part and environ.get("HTTP_IF_RANGE", TAG) == TAG:
        first, last = int(part[1]), min(int(part[2] or len(FILE)), len(FILE) - 1)
        if first >= len(FILE):
            start("416 Range Not Satisfiable", fields + [("Content-Range", f"bytes */{len(FILE)}"), ("Content-Length", "0")])
            return []
        start("206 Partial Content", fields + [("Content-Range", f"bytes {first}-{last}/{len(FILE)}"), ("Content-Length", str(last + 1 - first))])
        return [FILE[first : last + 1]]
    start("200 OK", fields + [("Content-Length", str(len(FILE)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [FILE]


def form(environ, start):
    answer = json.dumps(parse_qs(body_of(environ).decode(), keep_blank_values=True), sort_keys=True).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def upload(environ, start):
    body = body_of(environ)
    answer = f"{environ['REQUEST_METHOD']} {len(body)} {hashlib.sha256(body).hexdigest()}\n".encode()
    start("201 Created", [("Location", "/file"), ("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


def stream(environ, start):
    """An answer of which nobody says the length before its end."""
    start("200 OK", [("Content-Type", "text/plain")])
    return (f"line {number}\n".encode() * 10 for number in range(200))


def cookies(environ, start):
    answer = (environ.get("HTTP_COOKIE", "") + " " + environ["QUERY_STRING"] + " " + environ["PATH_INFO"]).encode("latin-1")
    start("200 OK", [("Set-Cookie", "a=1; Path=/"), ("X-Between", "x"), ("Set-Cookie", 'b="2, 3"; Secure'), ("Content-Length", str(len(answer)))])
    return [answer]


def moved(environ, start):
    start("302 Found", [("Location", "/file?a=b#c"), ("Content-Length", "0")])
    return []


def empty(environ, start):
    start("204 No Content", [("X-Empty", "")])
    return []


def broken(environ, start):
    start("500 Internal Server Error", [("Content-Length", "7"), ("Cache-Control", "no-store"), ("Retry-After", "1")])
    return [b"broken\n"]


PAGES = {"/file": file, "/form": form, "/upload": upload, "/stream": stream, "/cookies": cookies, "/moved": moved, "/empty": empty, "/broken": broken}


def app(environ, start):
    page = PAGES.get(environ["PATH_INFO"])
    if page:
        return page(environ, start)
    start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "8")])
    return [b"nothing\n"]


if __name__ == "__main__":
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, *arguments):
            pass

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    print(server.server_address[1], flush=True)
    server.serve_forever()
