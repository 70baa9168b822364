"""What docs/proxies.md promises, tried over HTTPS through the proxy that is running. For site.sh, in its root.

    python tests/deploy/site_checks.py PROXY ADDRESSES <LINK       ADDRESSES: three of clients, with commas

The program of the environment is the installed one's; the example client of docs/examples is on PYTHONPATH.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from vivavoce_client import Key, Vivavoce  # type: ignore[import-not-found]

HOST = "hearings.court.example"
BASE = f"https://{HOST}"
UPLOAD_LIMIT = 26_214_400 + 65_536
ONCE = ("strict-transport-security", "content-security-policy", "x-frame-options", "cache-control", "referrer-policy")
MASK = b"\0\0\0\0"
SERVING = Path("/run/systemctl/vivavoce")
Answer = tuple[http.client.HTTPResponse, bytes]


class Failed(Exception):
    """A check has not found what is promised."""


def need(what: bool, text: object) -> None:
    if not what:
        raise Failed(str(text))


class Visitor:
    """A browser at one address of a client."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookie = ""

    def ask(
        self, method: str, path: str, body: bytes | str = b"", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request on a connection of its own."""
        context = ssl.create_default_context()
        link = http.client.HTTPSConnection(HOST, timeout=90, source_address=(self.address, 0), context=context)
        given = {"Accept": "text/html", **({"Cookie": self.cookie} if self.cookie else {})}
        given |= {"Origin": BASE, "Sec-Fetch-Site": "same-origin"} if method == "POST" else {}
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # a refusal may come before the body's end
            link.request(method, path, body, given | {key.replace("_", "-"): value for key, value in headers.items()})
        answer = link.getresponse()
        return answer, answer.read()

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        return self.ask("POST", path, urlencode(fields), Content_Type="application/x-www-form-urlencoded", **headers)

    def token(self, path: str) -> str:
        """The token against forged requests that a page's forms have."""
        found = re.search(rb'name="csrf" value="([0-9a-f]+)"', self.ask("GET", path)[1])
        need(found is not None, f"{path} has no form")
        return found[1].decode() if found else ""


def signing_in(visitor: Visitor, link: str) -> str:
    """By a printed link; the headers of the page are there once."""
    plain = http.client.HTTPConnection(HOST, timeout=20)
    plain.request("GET", "/docket")
    moved = plain.getresponse()
    told = moved.getheader("location")
    need(moved.status in (301, 308) and told == f"{BASE}/docket", f"http: {moved.status} {told}")
    page, _ = visitor.ask("GET", "/s")
    secret = link.partition("#")[2]
    used, _ = visitor.form("/s", {"secret": secret})
    visitor.cookie = (used.getheader("set-cookie") or "").partition(";")[0]
    docket, _ = visitor.ask("GET", "/docket")
    need((page.status, used.status, docket.status) == (200, 303, 200), (page.status, used.status, docket.status))
    for name in ONCE:
        found = docket.msg.get_all(name) or []
        need(len(found) == 1, f"{name}: {found}")
    return f"link page 200, sign-in 303, docket 200, {len(ONCE)} headers once each"


@contextmanager
def upgraded(address: str, origin: str) -> Iterator[tuple[ssl.SSLSocket, bytes]]:
    """The handshake of a WebSocket by hand, and the head of the answer."""
    plain = socket.create_connection((HOST, 443), 20, source_address=(address, 0))
    with ssl.create_default_context().wrap_socket(plain, server_hostname=HOST) as link:
        lines = ["GET /h/7F3K-22QD/ws HTTP/1.1", f"Host: {HOST}", f"Origin: {origin}", "Upgrade: websocket"]
        key = base64.b64encode(os.urandom(16)).decode()
        lines += ["Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]
        link.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head and (more := link.recv(1)):
            head += more
        yield link, head


def frame(link: ssl.SSLSocket) -> tuple[int, bytes]:
    """A short frame: its kind and what is in it."""
    found = b""
    while len(found) < 2 or len(found) < 2 + found[1]:
        more = link.recv(1)
        need(bool(more), "the WebSocket was cut off")
        found += more
    return found[0] & 15, found[2:]


def pinged(link: ssl.SSLSocket) -> bool:
    """Whether the application is at the other end."""
    link.sendall(b"\x89\x82" + MASK + b"hi")
    return frame(link) == (10, b"hi")


def lives(link: ssl.SSLSocket) -> bool:
    """Whether it still is, where a proxy may have ended the connection."""
    try:
        return pinged(link)
    except (Failed, OSError):
        return False


def websocket(visitor: Visitor) -> str:
    with upgraded(visitor.address, BASE) as (link, head):
        need(head.startswith(b"HTTP/1.1 101 "), head)
        need(pinged(link), "no pong")
        link.sendall(b"\x81\x82" + MASK + b"{}")
        kind, said = frame(link)
        while kind != 8:
            kind, said = frame(link)
        code = int.from_bytes(said[:2], "big")
        need(code in (1008, 4401, 4400), code)
    with upgraded(visitor.address, "https://elsewhere.example") as (_, head):
        need(head.startswith(b"HTTP/1.1 403 "), head)
    return f"101, pong, closed with {code} by the application; another origin 403"


def system(visitor: Visitor, proxy: str) -> Vivavoce:
    """A client of the API, registered on the administrator's page."""
    key = Key.make()
    fields = {
        "csrf": visitor.token("/admin/api-clients"),
        "name": proxy,
        "scopes": "events",
        "jwk": json.dumps(key.jwk),
    }
    made, body = visitor.form("/admin/api-clients", fields)
    need(made.status == 303, body.decode()[-1500:] if made.status != 303 else "")
    return Vivavoce(BASE, str(made.getheader("location")).rpartition("/")[2], key)


@contextmanager
def stream(client: Vivavoce) -> Iterator[Iterator[str]]:
    """The lines of events as they come."""
    path = "/api/v1/events"
    headers = {"authorization": f"DPoP {client.token()}", "dpop": client._proof("GET", path, client.token())}
    with client.http.stream("GET", path, headers=headers, timeout=60) as answer:
        need(answer.status_code == 200, answer.status_code)
        yield answer.iter_lines()


def events(client: Vivavoce) -> str:
    with stream(client) as lines:
        begun = time.monotonic()
        first = next(lines)
        taken = time.monotonic() - begun
        need(first.startswith("retry:") and taken < 10, (first, taken))
        while (line := next(lines)) != ": still here":
            need(line == "", line)
        return (
            f"first line after {taken:.2f} s, the next after {time.monotonic() - begun:.0f} s, of a stream that goes on"
        )


def upload(visitor: Visitor) -> str:
    """One that is as large as may be reaches the page; a larger one is refused by the application."""
    token = visitor.token("/directory")
    told = {}
    for size in (UPLOAD_LIMIT, UPLOAD_LIMIT + 1, 2 * UPLOAD_LIMIT):
        head = f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n--x\r\n'
        head += 'Content-Disposition: form-data; name="file"; filename="table.csv"\r\nContent-Type: text/csv\r\n\r\n'
        tail = b"\r\n--x--\r\n"
        body = head.encode() + b"a" * (size - len(head) - len(tail)) + tail
        answer, page = visitor.ask("POST", "/directory", body, Content_Type="multipart/form-data; boundary=x")
        need(bool(answer.getheader("content-security-policy")), f"{size}: {answer.status} is not the application's")
        told[size] = answer.status
        if size == UPLOAD_LIMIT:
            need(b"at most 2 MB" in page, page[-1000:])
        else:
            need(answer.status == 413, answer.status)
    return ", ".join(f"{size} bytes {status}" for size, status in told.items()) + " (the table's own limit is 2 MB)"


def addresses(one: Visitor, other: Visitor) -> str:
    """Two clients count for themselves, and none for another, whatever it says."""
    tried = 0
    while (status := one.form("/s", {"secret": "wrong"})[0].status) != 429:
        tried += 1
        need(tried < 40, f"40 wrong links and no end: {status}")
    forged = {"X_Forwarded_For": "198.51.100.7", "X_Real_IP": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    need(one.form("/s", {"secret": "wrong"}, **forged)[0].status == 429, "a forged address helps")
    said = {"X_Forwarded_For": one.address}
    free = other.form("/s", {"secret": "wrong"}, **said)[0].status
    need(free not in (429, 502), f"the other address: {free}")
    return f"429 after {tried} wrong links, forged too; another address {free}"


def renewal(visitor: Visitor, client: Vivavoce, proxy: str) -> str:
    """The proxy shows the new certificate; a stream and the application go on."""

    def serial() -> str:
        with upgraded(visitor.address, BASE) as (link, _):
            return str((link.getpeercert() or {})["serialNumber"])

    before, pid, cut = serial(), SERVING.read_text(), False
    with stream(client) as lines, upgraded(visitor.address, BASE) as (link, _):
        next(lines)
        with tempfile.TemporaryFile("w+") as log:
            renewing = subprocess.Popen(
                ["certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew"], stdout=log, stderr=log
            )
            while renewing.poll() is None:  # a page asks often enough; an idle WebSocket is ended
                if not cut:
                    cut = not lives(link)
                time.sleep(2)
            log.seek(0)
            need(renewing.returncode == 0, log.read())
        end = time.monotonic() + 30
        while serial() == before:
            need(time.monotonic() < end, "the old certificate after 30 s")
            time.sleep(0.2)
        cut = cut or not lives(link)
        need(not cut or proxy == "caddy", "the WebSocket was cut off")
        while next(lines) != ": still here":
            pass
    need(SERVING.read_text() == pid, "the application was started again")
    return f"new certificate; the stream goes on, the WebSocket {'is opened again' if cut else 'too'}"


def main() -> int:
    proxy, given = sys.argv[1:]
    one, two, three = (Visitor(address) for address in given.split(","))
    link = sys.stdin.read()
    found: dict[str, Any] = {}
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("sign-in", lambda: signing_in(one, link.strip())),
        ("websocket", lambda: websocket(one)),
        ("events", lambda: events(found.setdefault("client", system(one, proxy)))),
        ("upload", lambda: upload(one)),
        ("addresses", lambda: addresses(two, three)),
        ("renewal", lambda: renewal(one, found["client"], proxy)),
    )
    wrong = 0
    for name, look in steps:
        begun = time.monotonic()
        try:
            told = look()
        except (Failed, OSError, http.client.HTTPException, KeyError, StopIteration) as error:
            told, wrong = f"FAILED: {type(error).__name__} {error}", wrong + 1
        print(f"  {proxy} {name}: {told} ({time.monotonic() - begun:.1f} s)", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
