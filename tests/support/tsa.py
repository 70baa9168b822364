"""A time-stamping authority of openssl's, in a folder, and over HTTP; and what a bad one would answer."""

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """[req]
distinguished_name=dn
prompt=no
x509_extensions=ext
[dn]
CN=A test authority
[ext]
extendedKeyUsage=critical,timeStamping
keyUsage=critical,digitalSignature
[tsa]
default_tsa=t
[t]
serial=serial
signer_cert=tsa.pem
signer_key=tsa.key
signer_digest=sha256
default_policy=1.2.3.4
digests=sha256,sha1
clock_precision_digits=0
ordering=no
ess_cert_id_alg=sha256
"""


class Authority:
    """An authority with a certificate of its own; `lock` because openssl keeps a serial number in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tsa.cnf").write_text(CONFIG)
        new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.pem"]
        self._run(*new, "-config", "tsa.cnf")
        self.anchors = (folder / "tsa.pem").read_bytes()

    def _run(self, *command: str) -> None:
        subprocess.run(["openssl", *command], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def stamp(self, data: bytes) -> bytes:
        """The answer to a request of openssl's own for a token over these bytes."""
        with self.lock:
            (self.folder / "stamped").write_bytes(data)
            self._run("ts", "-query", "-data", "stamped", "-sha256", "-cert", "-out", "query")
            return self._reply()

    def answer(self, query: bytes) -> bytes:
        """The answer to a request."""
        with self.lock:
            (self.folder / "query").write_bytes(query)
            return self._reply()

    def _reply(self) -> bytes:
        self._run("ts", "-reply", "-queryfile", "query", "-out", "reply", "-config", "tsa.cnf")
        return (self.folder / "reply").read_bytes()


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
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


REPLY = "application/timestamp-reply"
