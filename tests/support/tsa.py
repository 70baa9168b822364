"""Servers that answer as a time-stamping authority would, well or badly; openssl's is `web.demo.time_authority`."""

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from web.demo.time_authority import Authority


def stamped(authority: Authority, data: bytes) -> bytes:
    """The answer to a request of openssl's own for a token over these bytes."""
    (authority.folder / "stamped").write_bytes(data)
    command = ["openssl", "ts", "-query", "-data", "stamped", "-sha256", "-cert"]
    done = subprocess.run(command, cwd=authority.folder, check=True, capture_output=True, timeout=60)
    return authority.answer(done.stdout)


def soon_over(folder: Path, days: int) -> Authority:
    """An authority whose certificate ends in some days."""
    Authority(folder)
    command = [
        "openssl",
        "req",
        "-x509",
        "-key",
        "tsa.key",
        "-days",
        str(days),
        "-out",
        "tsa.pem",
        "-config",
        "tsa.cnf",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return Authority(folder)


@contextlib.contextmanager
def served(answer: Callable[[bytes], tuple[int, str, bytes]]) -> Iterator[str]:
    """The address of a server that gives `answer`'s status, media type and body to each POST."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, kind, body = answer(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with running(server):
        yield f"http://127.0.0.1:{server.server_port}/tsa"


@contextlib.contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve while the test lasts."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
