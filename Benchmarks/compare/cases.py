"""What is measured: one entry a case, with the targets that were set before any number was seen."""

from dataclasses import dataclass, field

# What a desktop browser sends with a page's sub-request; with Host (which wrk adds) they are 20 fields.
BROWSER_FIELDS = (
    ("Connection", "keep-alive"),
    ("sec-ch-ua", '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"'),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en-US;q=0.9,en;q=0.8"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Referer", "https://www.example.org/catalogue/items?page=3&sort=newest"),
    ("Cookie", "session=5f2b8a0e9c3d4f718e6b2d1c0a9f8e7d; theme=dark; consent=analytics%3D0%26ads%3D0; _id=GA1.2.1693147.1700212"),
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("Priority", "u=1, i"),
    ("DNT", "1"),
    ("If-None-Match", 'W/"1f3a-18c2f4b7d90"'),
    ("X-Requested-With", "XMLHttpRequest"),
)


@dataclass(frozen=True)
class Target:
    """What Sluice's processor time per request is to be at most, as a ratio to another proxy's in the same round."""

    ratio: float
    against: str = "best"
    """"best" (the peer with the lowest median) or a peer's name."""


@dataclass(frozen=True)
class Case:
    """One kind of traffic."""

    name: str
    title: str
    connections: int = 64
    method: str = "GET"
    path: str = "/"
    fields: tuple = ()
    body_bytes: int = 0
    """Of the request."""
    answer_bytes: int = 29
    """Of the answer's body; 0: not checked."""
    idle: int = 0
    """Not 0: no load; this many idle connections are opened and memory is measured."""
    routes: tuple = ()
    """Route counts to compare with one another; empty: one route, peers compared."""
    filters: tuple = ("none",)
    """Sets of filters (filters.py), a row each: compared with one another where there are several, else the peers are."""
    coding: str = ""
    """The content coding that answers must have."""
    secure: bool = False
    """Over TLS 1.3."""
    streams: int = 0
    """Not 0: HTTP/2, with this many streams at a time on each connection."""
    app_streams: bool = False
    """The app is spoken to by HTTP/2, without TLS."""
    handshakes: bool = False
    """A new connection with a full handshake for each request; `connections` of them at a time."""
    target: Target | None = None
    variants: tuple = field(default=(), kw_only=True)
    """Peers with other settings that take part in this case only."""


CASES = (
    Case("small-64", "GET, 29-byte answer, 64 keep-alive connections", target=Target(0.92)),
    Case("small-256", "GET, 29-byte answer, 256 keep-alive connections", connections=256, target=Target(0.92)),
    Case("fields-20", "GET with 20 header fields of a browser, 29-byte answer, 64 connections", fields=BROWSER_FIELDS,
         target=Target(0.92)),
    Case("body-16k", "GET, 16 KiB answer, 64 connections", path="/16k", answer_bytes=16384, target=Target(0.95)),
    Case("body-10m", "GET, 10 MiB answer, 4 connections", path="/10m", answer_bytes=10485760, connections=4,
         target=Target(0.55, against="nginx"), variants=("nginx-big-buffers", "haproxy-splice")),
    Case("post-64k", "POST of 64 KiB, short answer, 64 connections", method="POST", path="/post", body_bytes=65536, answer_bytes=0,
         target=Target(0.90), variants=("nginx-buffered",)),
    Case("new-connection", "GET, 29-byte answer, a new connection for each request, 64 at a time", fields=(("Connection", "close"),),
         target=Target(0.95)),
    Case("routes", "GET, 29-byte answer, 64 connections, 10 and 10,000 routes", routes=(10, 10_000)),
    Case("limited", "GET, 29-byte answer, 64 connections, a rate limit by client address that is not reached", filters=("limit",),
         target=Target(0.95, against="nginx")),
    Case("gzip-100k", "GET, 100 kB of JSON, gzip at level 1, 16 connections", path="/100k.json", answer_bytes=100_000, connections=16,
         fields=(("Accept-Encoding", "gzip"),), filters=("gzip",), coding="gzip", target=Target(0.5)),
    Case("filters-3", "GET, 29-byte answer, 64 connections, without filters and with version-negotiation, rate-limit and request-id",
         path="/v2.1/", filters=("none", "three")),
    Case("tls-small", "GET over TLS, 29-byte answer, 64 keep-alive connections", secure=True, target=Target(0.95)),
    Case("tls-1m", "GET over TLS, 1 MiB answer, 8 connections", path="/1m", answer_bytes=1048576, connections=8, secure=True,
         target=Target(0.9), variants=("nginx-big-buffers",)),
    Case("tls-handshake", "GET over TLS, 29-byte answer, a full handshake for each request, 8 at a time", connections=8, secure=True,
         handshakes=True, target=Target(0.8, against="nginx")),
    Case("tls-resumed", "GET over TLS, 29-byte answer, a resumed handshake for each request, 64 at a time", secure=True,
         fields=(("Connection", "close"),)),
    Case("h2-small", "GET over HTTP/2 and TLS, 29-byte answer, 8 connections with 32 streams each", connections=8, streams=32, secure=True,
         target=Target(0.9)),
    Case("h2-16k", "GET over HTTP/2 and TLS, 16 KiB answer, 8 connections with 32 streams each", path="/16k", answer_bytes=16384, connections=8,
         streams=32, secure=True, target=Target(0.9)),
    Case("h2-app", "GET over HTTP/2 and TLS from an app that speaks HTTP/2, 29-byte answer, 8 connections with 32 streams each", connections=8,
         streams=32, secure=True, app_streams=True, target=Target(0.9)),
    Case("tls-idle", "2000 idle keep-alive connections over TLS, each after one answer", idle=2000, secure=True),
    Case("idle-5000", "5000 idle keep-alive connections, each after one answer", idle=5000),
)

# Sluice with 10,000 routes may cost at most this ratio of Sluice with 10.
ROUTES_TARGET = 1.05
# Microseconds that the filters of "filters-3" may add to a request.
FILTERS_TARGET = 0.6
# Resident bytes of Sluice's for an idle keep-alive connection.
IDLE_TARGET = 1024


def route_path(number):
    """The path prefix of one route of the "routes" case."""
    return f"/api/v1/service-{number:05}"
