"""Clients that speak TLS, until a file appears: each thread makes a connection, checks its certificate, sends two requests on it, and begins
anew; one connection stays for all the time. tls_load.py PORT AUTHORITY NAME STOP; prints how many requests were answered, then each
failure, then the certificates that were seen.
"""

import os
import socket
import ssl
import sys
import threading

port, authority, name, stop = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
context = ssl.create_default_context(cafile=authority)
lock = threading.Lock()
answered, failures, seen = 0, [], set()


def connect():
    secure = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname=name)
    with lock:
        seen.add(dict(pair for part in secure.getpeercert()["subject"] for pair in part)["commonName"])
    return secure


def ask(secure):
    global answered
    secure.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    read = b""
    while b"\r\n\r\n" not in read:
        block = secure.recv(65536)
        if not block:
            raise EOFError("the connection ended in a head")
        read += block
    head, body = read.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(head)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        block = secure.recv(65536)
        if not block:
            raise EOFError("the connection ended in a body")
        body += block
    with lock:
        answered += 1


def work(keeps):
    secure = None
    is_over = False
    while not is_over and len(failures) < 10:
        # Once more when the file is there: what was changed before it is seen.
        is_over = os.path.exists(stop)
        try:
            secure = secure or connect()
            ask(secure)
            if not keeps:
                ask(secure)
                secure.close()
                secure = None
        except Exception as error:
            with lock:
                failures.append(repr(error))
            secure = None


threads = [threading.Thread(target=work, args=(keeps,)) for keeps in (False, False, True)]
print("started", flush=True)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"answered {answered}")
for failure in failures:
    print(f"failure {failure}")
print("seen " + " ".join(sorted(seen)))
