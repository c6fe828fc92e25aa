"""OpenStack's own client of the image service, and the version discovery that all its clients share: glance_client.py URL. Prints a line for what
each call came to; the URL itself does not occur in them.
"""

import io
import sys
import warnings

warnings.simplefilter("ignore")

import glanceclient
from keystoneauth1 import discover, session, token_endpoint

URL = sys.argv[1]


def told(name, call):
    try:
        outcome = call()
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    print(f"{name}: {outcome}".replace(URL, "URL").replace("\n", " "), flush=True)


def client(suffix=""):
    return glanceclient.Client("2", URL + suffix, token="token")


def discovered(path):
    data = discover.Discover(session.Session(), URL + path)
    return [(entry["version"], entry["url"], entry["raw_status"]) for entry in data.version_data(allow_experimental=True, allow_unknown=True)]


def chosen(path):
    data = discover.Discover(session.Session(), URL + path)
    return data.versioned_data_for(min_version=(2, 0), max_version=(2, "latest"))["version"], data.url_for((2, 4))


def upload():
    made = client()
    image = made.images.create(name="new", disk_format="raw", container_format="bare")
    made.images.upload(image["id"], io.BytesIO(b"0123456789" * 20_000))
    return image["name"], sum(len(part) for part in made.images.data(image["id"], do_checksum=False))


def through_session(suffix):
    own = session.Session(auth=token_endpoint.Token(URL + suffix, "token"))
    return [image["name"] for image in glanceclient.Client("2", session=own).images.list()]


def raw(path, method="GET", **fields):
    response = session.Session().request(URL + path, method, raise_exc=False, redirect=False, headers=fields)
    return response.status_code, response.headers.get("Content-Type"), response.text.replace(URL, "URL")


for suffix in ("", "/", "/v2", "/v2.9/"):
    told(f"list {suffix}", lambda: [image["name"] for image in client(suffix).images.list()])
    told(f"session {suffix}", lambda: through_session(suffix))
told("get", lambda: client().images.get("1")["name"])
told("missing", lambda: client().images.get("7"))
told("upload", upload)
told("versions", lambda: [(version["id"], version["status"]) for version in client().versions.list()])
for path in ("/", "/versions", "/v2", "/v3"):
    told(f"discovery {path}", lambda: discovered(path))
    told(f"choice {path}", lambda: chosen(path))
for path in ("/v1/images", "/images", "/v2/images/1", "/v2.16/images/1", "/V2/images/1"):
    told(f"raw {path}", lambda: raw(path))
    told(f"posted {path}", lambda: raw(path, "DELETE"))
    told(f"accept {path}", lambda: raw(path, Accept="application/vnd.openstack.images-v2.3"))
