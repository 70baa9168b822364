"""The seal process: it alone has the court's seal key, and signs heads of recordings for permitted accounts.

`python -m media.evidence.seal.service --socket FILE --folder DIR [--token URI] [--allow ACCOUNT]…`. DIR contains
`heads/` and, unless a token holds the key, `seal.key`; with a system user of its own for this process no other account
can read either. `--allow` names accounts that may send requests besides its own and root (the kernel gives the account
of the peer, SO_PEERCRED). A second process for the same folder ends at once.
Protocol: one line of JSON as request, one as answer; `keys`, `heads {after}`, `last {origin}`,
`sign {origin, size, root, old, proof}`; an answer is `{keys}`, `{heads, after}`, `{head}`, `{note}`, or
`{refused, text, head}`.
"""

import argparse
import base64
import binascii
import fcntl
import json
import logging
import os
import pwd
import signal
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from media.evidence.log import tlog
from media.evidence.seal.heads import HEADS, HeadStore, KeySilentError, NoteKey, Seal, SealRefusedError
from media.evidence.seal.rotation import FORMER, read_keys
from media.evidence.seal.seal_key import SealKeyError
from media.evidence.seal.token import TokenKey
from media.evidence.seal.token_uri import parse_token_uri

logger = logging.getLogger("vivavoce.media.evidence.seal.service")

REFUSED = "pin.refused"
"""File that exists while the token has refused the PIN."""
MAX_REQUEST = 64 * 1024
MOST_HEADS = 200
"""Number of heads in one answer to `heads`."""
SECONDS = 5.0
_CREDENTIALS = struct.Struct("3i")


class BadRequestError(ValueError):
    """The request is not part of the protocol."""


class Service:
    """Answers requests by the protocol."""

    def __init__(self, seal: Seal, former: list[bytes]) -> None:
        self._seal = seal
        self._former = former

    def take_keys(self, key: NoteKey, former: list[bytes]) -> None:
        """Sign by another key from now on."""
        self._seal.take_key(key)
        self._former = former

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one line; never raises for the content of a request."""
        try:
            return self._answer(json.loads(line))
        except SealRefusedError as error:
            logger.error("a head was not signed: %s", error.code)
            return {"refused": error.code, "text": str(error), "head": _text(error.head)}
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            return {"refused": "bad_request", "text": f"not in the protocol: {error}", "head": None}
        except KeySilentError as error:
            logger.error("a head was not signed: %s", error)
            return {"refused": "no_key", "text": str(error), "head": None}
        except OSError as error:
            logger.exception("a head could not be kept")
            return {"refused": "io_error", "text": f"the head cannot be kept: {error.strerror}", "head": None}

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(asked, dict):
            raise BadRequestError("a request is one object")
        if asked["do"] == "keys":
            return {"keys": [base64.b64encode(key).decode() for key in (self._seal.public, *self._former)]}
        if asked["do"] == "heads":
            heads, after = self._seal.listed(str(asked["after"]), MOST_HEADS)
            return {"heads": [_text(head) for head in heads], "after": after}
        if not isinstance(asked.get("origin"), str):
            raise BadRequestError("an origin is a text")
        if asked["do"] == "last":
            return {"head": _text(self._seal.last(asked["origin"]))}
        if asked["do"] == "sign":
            head = tlog.Checkpoint(asked["origin"], asked["size"], base64.b64decode(asked["root"], validate=True))
            tlog.parse_checkpoint(tlog.checkpoint_text(head.origin, head.size, head.root))
            proof = [base64.b64decode(item, validate=True) for item in asked["proof"]]
            return {"note": self._seal.sign(head, asked["old"], proof).decode()}
        raise BadRequestError(f"{asked['do']!r} is not known")


class Server(socketserver.ThreadingUnixStreamServer):
    """Serves the socket to permitted accounts, as the kernel reports them; one thread per request."""

    daemon_threads = True

    def service_actions(self) -> None:
        """End when the folder of the socket was removed, so that no client can connect any more."""
        if not Path(str(self.server_address)).exists():
            threading.Thread(target=self.shutdown).start()

    allow_reuse_address = False

    def __init__(self, path: Path, service: Service, allowed: Collection[int]) -> None:
        self.service = service
        self.allowed = allowed
        super().__init__(str(path), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    timeout = SECONDS

    def handle(self) -> None:
        """Handle one request."""
        assert isinstance(self.server, Server)
        line = self.rfile.readline(MAX_REQUEST)  # even of a refused client, which may find the socket closed else
        credentials = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(credentials)[1] not in self.server.allowed:
            answer: dict[str, Any] = {
                "refused": "not_allowed",
                "text": "this account may not ask the seal",
                "head": None,
            }
        elif self._has_gone():
            return
        else:
            answer = self.server.service.answer(line)
        self.wfile.write(json.dumps(answer).encode() + b"\n")

    def _has_gone(self) -> bool:
        """Whether the client has closed its connection. A killed recorder may be replaced by now, and its successor
        may have read the last head: a head signed afterwards would make a fork of what the successor writes.
        """
        self.connection.settimeout(0)
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK) == b"")
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(SECONDS)


def _text(head: tlog.Checkpoint | None) -> str | None:
    return tlog.checkpoint_text(head.origin, head.size, head.root).decode() if head is not None else None


def _former(path: Path) -> list[bytes]:
    lines = path.read_text(encoding="ascii").split() if path.exists() else []
    return [tlog.parse_vkey(line).key if len(line) > 44 else base64.b64decode(line, validate=True) for line in lines]


def _key(folder: Path, token: str) -> NoteKey:
    return TokenKey(parse_token_uri(token), folder / REFUSED) if token else read_keys(folder)


def _read_again(service: Service, folder: Path, token: str) -> None:
    """Read the keys again, after a rotation; the ones in use stay where that fails."""
    try:
        service.take_keys(_key(folder, token), _former(folder / FORMER))
    except (SealKeyError, OSError, ValueError) as error:
        logger.error("the keys could not be read again: %s", error)


def _bind(path: Path, service: Service, allowed: Collection[int]) -> Server:
    """Listen in a folder that only this account can write; clients are checked by the kernel's credentials."""
    path.unlink(missing_ok=True)
    server = Server(path, service, allowed)
    path.chmod(0o666)
    return server


def _account(text: str) -> int:
    """The number of an account. A name that nobody has is refused by argparse."""
    try:
        return int(text) if text.isdecimal() else pwd.getpwnam(text).pw_uid
    except KeyError:
        raise ValueError(text) from None


def main() -> int:
    """The command; 2 when it cannot begin, 0 when another serves this folder."""
    parser = argparse.ArgumentParser(prog="media.evidence.seal.service")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to listen on")
    parser.add_argument("--folder", type=Path, required=True, help="private folder of the key and of the heads signed")
    parser.add_argument("--token", default="", metavar="URI", help="PKCS#11 URI of the key, where a token holds it")
    parser.add_argument("--allow", type=_account, action="append", default=[], help="account that may ask: name or uid")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    os.umask(0o077)
    try:
        (options.folder / HEADS).mkdir(mode=0o700, exist_ok=True)
        lock = os.open(options.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("another process serves this seal")
            return 0
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        seal = Seal(_key(options.folder, options.token), HeadStore(options.folder / HEADS))
        service = Service(seal, _former(options.folder / FORMER))
        server = _bind(options.socket, service, {os.getuid(), 0, *options.allow})
    except (SealKeyError, OSError, ValueError) as error:
        logger.error("cannot begin: %s", error)
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGHUP, lambda *_: _read_again(service, options.folder, options.token))
    with server:
        server.serve_forever(poll_interval=1.0)
    options.socket.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
