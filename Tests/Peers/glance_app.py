"""The part of OpenStack's image service that a client needs to list and make images. Prints its port.

glance_app.py serves the paths that Glance's own applications have, /v2/…. With --negotiates it also decides on versions, as Glance's filter does:
it then is what a client sees without a gateway.
"""

import json
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

MINORS = [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
VENDOR = "application/vnd.openstack.images-"
SCHEMA = {"name": "image", "properties": {name: {"type": "string"} for name in ("id", "name", "status")}, "additionalProperties": {"type": "string"}}
IMAGES = [{"id": f"{number}", "name": f"image {number}", "status": "active"} for number in range(3)]
BODIES = {}


def answer(start, status, document):
    body = json.dumps(document).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def listed(environ, start, status):
    href = f"http://{environ['HTTP_HOST']}/v2/"
    versions = [
        {"id": f"v2.{minor}", "status": "CURRENT" if minor == MINORS[0] else "SUPPORTED", "links": [{"rel": "self", "href": href}]} for minor in MINORS
    ]
    return answer(start, status, {"versions": versions})


def negotiated(environ, start):
    path, accept = environ["PATH_INFO"], environ.get("HTTP_ACCEPT", "")
    first, _, rest = path.lstrip("/").partition("/")
    if first == "versions":
        return listed(environ, start, "200 OK")
    if accept.startswith(VENDOR):
        version, rest = accept[len(VENDOR):], path
    else:
        version, rest = first, path.lstrip("/")[len(first):]
    if version not in ["v2"] + [f"v2.{minor}" for minor in MINORS]:
        return listed(environ, start, "300 Multiple Choices")
    environ["PATH_INFO"] = "/v2" + rest
    return app(environ, start)


def app(environ, start):
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if path == "/v2/schemas/image":
        return answer(start, "200 OK", SCHEMA)
    if path == "/v2/images" and method == "GET":
        return answer(start, "200 OK", {"images": [] if "marker" in environ["QUERY_STRING"] else IMAGES, "first": "/v2/images", "schema": "/v2/schemas/images"})
    if path == "/v2/images" and method == "POST":
        image = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return answer(start, "201 Created", {"id": "9", "status": "queued", **image})
    if path.startswith("/v2/images/") and path.endswith("/file") and method == "PUT":
        source = environ["wsgi.input"]
        if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
            body = b""
            while size := int(source.readline(), 16):
                body += source.read(size)
                source.readline()
            source.readline()
        else:
            body = source.read(int(environ["CONTENT_LENGTH"]))
        BODIES[path.split("/")[3]] = body
        start("204 No Content", [])
        return []
    if path.startswith("/v2/images/") and path.endswith("/file"):
        body = BODIES[path.split("/")[3]]
        start("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))])
        return [body]
    if path.startswith("/v2/images/") and path.split("/")[3] in ("0", "1", "2", "9"):
        return answer(start, "200 OK", IMAGES[int(path.split("/")[3]) % 3])
    body = f"no {path}".encode()
    start("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, negotiated if "--negotiates" in sys.argv else app, handler_class=Quiet)
    print(server.server_port, flush=True)
    server.serve_forever()
