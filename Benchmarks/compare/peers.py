"""The proxies compared: where each is found, how it is configured and started."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import filters
import secure
from cases import route_path

CONFIGS = Path(__file__).parent / "configs"
ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".build-bench"


@dataclass(frozen=True)
class Setting:
    """What one start of a proxy depends on."""

    directory: Path
    port: int
    app_port: int
    files: int
    """Open files that it may have."""
    forwarding: bool
    """Whether it adds X-Forwarded-For and X-Forwarded-Proto, where that is a choice."""
    routes: int = 0
    """Routes in the configuration; 0: one for everything."""
    filters: str = "none"
    """The set of filters that requests pass."""
    secure: bool = False
    """Whether it speaks TLS, with the certificate in the directory above its own."""
    streams: int = 0
    """Not 0: it also speaks HTTP/2."""
    app_streams: bool = False
    """Whether it speaks HTTP/2 to the app."""


@dataclass(frozen=True)
class Peer:
    """A proxy that can take part."""

    name: str
    find: Callable
    """() -> the binary's path, or None."""
    version: tuple
    """Arguments that print the version."""
    config: str
    """The template in configs/."""
    command: Callable
    """(binary, config file) -> the command that runs it in the foreground."""
    values: Callable = lambda setting: {}
    """(setting) -> what fills the template besides the ports."""
    environment: Callable = lambda setting: {}
    has_routes: bool = False
    only_when_named: bool = False
    """A variant: takes part only in a case that names it, or when asked for."""


def program(name):
    """A finder for a program in PATH or in the folders of system programs."""
    return lambda: shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def from_venv(pattern):
    """A finder for a binary that `install` put into the virtual environment."""
    return lambda: next((str(path) for path in sorted((WORK / "venv").glob(pattern)) if os.access(path, os.X_OK)), None)


def nginx(name, request_buffering="off", buffers="", **more):
    def values(setting):
        return {
            "request_buffering": request_buffering,
            "buffers": buffers,
            "forwarding":
                "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; "
                "proxy_set_header X-Forwarded-Proto $scheme;" if setting.forwarding else "",
            "routes": "\n".join(
                f"location {route_path(number)}/ {{ proxy_pass http://app; }}" for number in range(setting.routes)),
        }
    return Peer(name, program("nginx"), ("-v",), "nginx.conf", lambda binary, config: [binary, "-c", config], values,
                has_routes=True, **more)


def haproxy(name, splice, **more):
    def values(setting):
        return {
            "splice": "option splice-auto" if splice else "",
            "forwarding": "option forwardfor\n    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]" if setting.forwarding else "",
        }
    return Peer(name, program("haproxy"), ("-v",), "haproxy.cfg", lambda binary, config: [binary, "-db", "-f", config], values, **more)


def sluice_values(setting):
    routes = ""
    if setting.routes:
        lines = [f"{route_path(number)} = web" for number in range(setting.routes)]
        routes = "\n".join(["[router:site]", "/ = web", *lines])
    return {
        "serve": "site" if setting.routes else "web" if setting.filters == "none" else "filtered",
        "routes": routes,
        "forwarding": "" if setting.forwarding else "forwarded-fields = off",
        "via": "" if setting.forwarding else "via = off",
    }


PEERS = (
    Peer("sluice", lambda: shutil.which(ROOT / ".build/release/sluice"), ("version",), "sluice.conf",
         lambda binary, config: [binary, "run", config], sluice_values, has_routes=True),
    nginx("nginx"),
    haproxy("haproxy", splice=False),
    # h2o always adds X-Forwarded-For, X-Forwarded-Proto and Via.
    Peer("h2o", program("h2o"), ("--version",), "h2o.conf", lambda binary, config: [binary, "-m", "worker", "-c", config]),
    # nghttpx always adds X-Forwarded-Proto and Via.
    Peer("nghttpx", program("nghttpx"), ("--version",), "nghttpx.conf", lambda binary, config: [binary, f"--conf={config}"],
         lambda setting: {"forwarding": "add-x-forwarded-for=yes" if setting.forwarding else ""}),
    Peer("envoy", from_venv("lib/python3*/site-packages/envoy/_bin/envoy"), ("--version",), "envoy.yaml",
         lambda binary, config: [binary, "-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "error"],
         lambda setting: {"use_remote_address": "true" if setting.forwarding else "false"}),
    # Caddy always adds X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
    Peer("caddy", from_venv("bin/caddy"), ("version",), "Caddyfile",
         lambda binary, config: [binary, "run", "--adapter", "caddyfile", "--config", config],
         environment=lambda setting: {
             "GOMAXPROCS": "1", "XDG_DATA_HOME": str(setting.directory), "XDG_CONFIG_HOME": str(setting.directory)}),
    # The same proxies with another setting, for the cases where it may be the better one.
    nginx("nginx-buffered", request_buffering="on", only_when_named=True),
    nginx("nginx-big-buffers", only_when_named=True,
          buffers="proxy_buffers 16 64k; proxy_buffer_size 16k; proxy_busy_buffers_size 512k; ssl_buffer_size 64k;"),
    haproxy("haproxy-splice", splice=True, only_when_named=True),
)


# How each says to which protocol its app is spoken: HTTP/1.1, HTTP/2. The others cannot, or not without TLS.
APP_PROTOCOLS = {"sluice": ("", "protocol = h2"), "haproxy": ("", "proto h2"), "nghttpx": ("http/1.1", "h2")}


def speaks_to(peer, app_streams):
    """Whether the proxy can speak HTTP/2 to its app, where it is to."""
    return not app_streams or peer.split("-")[0] in APP_PROTOCOLS


def fill(template, values):
    """The template with each @{name} replaced. An unknown name is a KeyError."""
    return re.sub(r"@\{(\w+)\}", lambda match: str(values[match[1]]), template)


def write_config(name, setting, values):
    """Fills the template configs/`name` and writes it into the setting's directory. Returns its path."""
    known = {
        "dir": setting.directory, "port": setting.port, "app_port": setting.app_port, "files": setting.files,
        # Started by root, a worker would otherwise become a user that may not read our directory.
        "user": ("user: root" if name == "h2o.conf" else "user root;") if os.geteuid() == 0 else "",
    }
    path = setting.directory / Path(name).name
    path.write_text(fill((CONFIGS / name).read_text(), {**known, **values}))
    return path


def start_command(peer, binary, setting):
    """Writes the peer's configuration. Returns (command, environment)."""
    protocols = APP_PROTOCOLS.get(peer.name.split("-")[0], ("", ""))
    config = write_config(peer.config, setting, {
        "app_protocol": protocols[1 if setting.app_streams else 0],
        **filters.values(peer.name, setting.filters), **secure.values(peer.name, setting.secure, setting.streams, setting.directory.parent),
        **peer.values(setting)})
    return peer.command(binary, config), peer.environment(setting)


def version_of(peer, binary):
    """The first line in which the binary gives a version number."""
    try:
        done = subprocess.run([binary, *peer.version], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"unknown ({problem.__class__.__name__})"
    for line in (done.stdout + done.stderr).replace(binary, "").splitlines():
        found = re.search(r"\d+\.\d+(\.\d+)?([-+.\w]*\w)?", line)
        if found:
            return found[0][:32]
    return "unknown"
