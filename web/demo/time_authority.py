"""A time-stamping authority for a demonstration: openssl's, with a throw-away key and this machine's clock.

It vouches for nothing that the court could not make up itself, and says so in its name. `python -m
web.demo.time_authority FOLDER PORT` serves it on this machine; what is in the folder is kept.
"""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MOST = 64 * 1024
"""Most bytes of a request that are read."""
REPLY = "application/timestamp-reply"
CERTIFICATE = "tsa.pem"
CONFIG = """[req]
distinguished_name=dn
prompt=no
x509_extensions=ext
[dn]
CN=Demonstration time-stamps, not for evidence
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
    """An authority with a certificate of its own, made in the folder unless it is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()  # openssl keeps the serial number in a file
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / CERTIFICATE).exists():
            (folder / "tsa.cnf").write_text(CONFIG)
            new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-keyout", "tsa.key"]
            self._run(*new, "-out", CERTIFICATE, "-config", "tsa.cnf")
        self.anchors = (folder / CERTIFICATE).read_bytes()
        """The certificate (PEM), to be pinned."""

    def _run(self, *command: str) -> None:
        subprocess.run(["openssl", *command], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def answer(self, query: bytes) -> bytes:
        """The answer to a request (DER), a refusal included."""
        with self._lock:
            (self.folder / "query").write_bytes(query)
            self._run("ts", "-reply", "-queryfile", "query", "-out", "reply", "-config", "tsa.cnf")
            return (self.folder / "reply").read_bytes()


def serve(authority: Authority, port: int) -> ThreadingHTTPServer:
    """A server on this machine; 0 takes a free port."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            """Answer a request (RFC 3161 §3.4)."""
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > MOST:
                self.send_error(413)
                return
            body = authority.answer(self.rfile.read(int(length)))
            self.send_response(200)
            self.send_header("content-type", REPLY)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: a demonstration keeps no log of it."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    serve(Authority(Path(sys.argv[1])), int(sys.argv[2])).serve_forever()
