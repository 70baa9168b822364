"""`vivavoce cosigner`: makes and serves the cosigner of other courts' recordings (docs/cosigner.md).

It has a folder of its own and needs no database, no `vivavoce init` and no data folder: it can run on another machine
than any court's server, and should. Mail goes by the server of the settings `VIVAVOCE_SMTP_*`.
"""

import argparse
import logging
import os
import smtplib
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from media.evidence.cosigning import cosigner_key, seen_heads, trusted_logs
from media.evidence.cosigning.cosigner import Cosigner
from media.evidence.cosigning.seen_heads import Evidence, SeenHeads, SeenHeadsError
from media.evidence.cosigning.served import ServedCosigner
from media.evidence.seal.seal_key import SealKeyError
from scheduler.delivery_ways import MailServer
from web.parts import NotInitialised
from web.sending.mail_server import mail_server
from web.settings import Settings, SettingsError, is_loopback
from web.sockets import IDLE_SECONDS, ConnectionTable, HttpConnection

logger = logging.getLogger("vivavoce.web.operation.cosigner_command")

FOUND = 20
"""Exit code of `check` when something was refused that a court's key had signed."""
LOOK_EVERY = 20.0
"""Interval in seconds at which those are told who are to know, until they could be told."""
PATIENCE = 15.0
CONNECTIONS, OF_ADDRESS = 500, 50
SAID = {
    "fork": "the court's key has signed two different heads of this size: one of two pasts is false",
    "unproven": "the court's key has signed this head, and no proof came that it goes on from the one before; "
    "somebody else may have sent it: ask the court",
}


class CosignerRefused(Exception):
    """The command cannot be carried out; the text says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit code: 2 when it cannot be carried out, `FOUND` when `check` finds something."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (SealKeyError, SeenHeadsError, SettingsError, NotInitialised, CosignerRefused) as error:
        print(f"vivavoce cosigner: {error}", file=sys.stderr)
    except (OSError, ValueError, sqlite3.Error) as error:
        print(f"vivavoce cosigner: {error}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vivavoce cosigner", description="Cosign other courts' recordings.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        made.add_argument("folder", type=Path, help="private folder of the cosigner")
        return made

    made = add("make", make, "Make a cosigner in a new folder, and print the line that policies pin.")
    made.add_argument("--name", required=True, help="name of the cosigner for good, like cosigner.example/ro")
    added = add("trust", trust, "Cosign the recordings of a court from now on.")
    added.add_argument("log", metavar="KEY", help="the line of the court's seal key, as its `vivavoce init` prints it")
    out = add("serve", serve, "Serve the cosigner until stopped.")
    out.add_argument("--host", default="127.0.0.1", help="address to listen on; TLS is needed for any but this machine")
    out.add_argument("--port", type=int, default=8470, help="port to listen on")
    out.add_argument("--tls-cert", type=Path, help="certificate chain (PEM)")
    out.add_argument("--tls-key", type=Path, help="private key of the certificate (PEM)")
    out.add_argument("--trusted-proxies", default="", help="addresses of proxies, with commas, that end TLS before it")
    out.add_argument("--alarm-mail", default="", metavar="ADDRESS", help="who is told when a court's log is forked")
    out.add_argument("--alarm-url", default="", metavar="URL", help="https address that is told the same, as JSON")
    add("check", check, "Say what the cosigner has seen; exit code 20 when it has refused something.")
    return parser


def make(options: argparse.Namespace) -> int:
    """Make key, file of heads and list of courts. What is there is never overwritten."""
    folder: Path = options.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any((folder / name).exists() for name in (cosigner_key.KEY, seen_heads.FILE)):
        raise CosignerRefused(f"there is a cosigner in {folder} already; nothing was changed")
    key = cosigner_key.make(folder, options.name)
    seen_heads.make(folder, key.vkey)
    (folder / trusted_logs.FILE).touch(mode=0o600)
    print(f"Made. The line that policies pin: {key.vkey}")
    print("Trust a court with `vivavoce cosigner trust`, then serve.")
    return 0


def trust(options: argparse.Namespace) -> int:
    """Add a court's seal key; a cosigner that is being served knows it at once."""
    added = trusted_logs.add(options.folder / trusted_logs.FILE, options.log)
    print("Trusted from now on." if added else "It is trusted already.")
    return 0


def check(options: argparse.Namespace) -> int:
    """Print what was seen, and each refused head that a court's key had signed."""
    key = cosigner_key.read(options.folder)
    seen = SeenHeads(options.folder, key.vkey)
    try:
        origins, heads, _refused = seen.counts()
        print(f"{key.vkey}\n{origins} logs, {heads} heads")
        found = seen.evidence()
    finally:
        seen.close()
    for one in found:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.at))
        print(f"REFUSED {one.kind}: {one.head.origin}, size {one.head.size}, root {one.head.root.hex()}, {at}")
        print(f"  {SAID[one.kind]}")
    return FOUND if found else 0


def serve(options: argparse.Namespace) -> int:
    """Serve until stopped. Refuses without key, file of heads and, on other addresses than this machine's, TLS."""
    if (options.tls_cert is None) != (options.tls_key is None):
        raise CosignerRefused("--tls-cert and --tls-key are given together, or neither")
    if options.tls_cert is None and not is_loopback(options.host):
        raise CosignerRefused("without TLS it listens on this machine only: give --tls-cert and --tls-key, or a proxy")
    alarm = Alarm.of(options)
    key = cosigner_key.read(options.folder)
    logs = trusted_logs.TrustedLogs(options.folder / trusted_logs.FILE)
    seen = SeenHeads(options.folder, key.vkey)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("uvicorn.error", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    wake, end = threading.Event(), threading.Event()
    telling = threading.Thread(target=tell, args=(seen, alarm, wake, end), name="alarm", daemon=True)
    telling.start()
    server = uvicorn.Server(_configuration(options, ServedCosigner(Cosigner(key, seen, logs, wake.set))))
    print(f"The cosigner {key.name} listens on {options.host} port {options.port}", flush=True)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        end.set()
        wake.set()
        telling.join(2 * PATIENCE)
        seen.close()
    return 0 if server.started else 1


def _configuration(options: argparse.Namespace, application: ServedCosigner) -> uvicorn.Config:
    room = ConnectionTable(CONNECTIONS, OF_ADDRESS, options.trusted_proxies)
    return uvicorn.Config(
        application,
        host=options.host,
        port=options.port,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=str(options.tls_key) if options.tls_key else None,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        http=type("HttpConnection", (HttpConnection,), {"room": room}),
        ws="none",
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=5,
    )


# --- who is told -------------------------------------------------------------------------------------------------


class AlarmError(Exception):
    """Somebody could not be told."""


class Alarm:
    """Who is told of a refused head: an address of mail, an address of the web, both or neither."""

    def __init__(self, url: str = "", mail: str = "", server: MailServer | None = None) -> None:
        self.url = url
        self.mail = mail
        self.server = server
        self._told: set[tuple[int, str]] = set()

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Alarm":
        """Of the command's options. CosignerRefused where one cannot be used."""
        url = urlsplit(options.alarm_url)
        if (
            options.alarm_url
            and url.scheme != "https"
            and not (url.scheme == "http" and is_loopback(url.hostname or ""))
        ):
            raise CosignerRefused("--alarm-url is an address that begins with https://")
        server = mail_server(Settings.from_environment(os.environ)) if options.alarm_mail else None
        if options.alarm_mail and server is None:
            raise CosignerRefused("--alarm-mail needs a mail server: set VIVAVOCE_SMTP_HOST (docs/settings.md)")
        return cls(options.alarm_url, options.alarm_mail, server)

    def tell(self, one: Evidence) -> bool:
        """Tell all of them of one refused head, each once; False when somebody could not be told."""
        ways = [(self.url, self._post), (self.mail, self._mail)]
        for address, way in ways:
            if address and (one.number, address) not in self._told:
                try:
                    way(one)
                    self._told.add((one.number, address))
                except (OSError, AlarmError) as error:
                    logger.error("nobody could be told of a refused head: %s", type(error).__name__)
        return all((one.number, address) in self._told for address, _way in ways if address)

    def _post(self, one: Evidence) -> None:
        body = {
            "type": f"cosigner.{one.kind}",
            "origin": one.head.origin,
            "size": one.head.size,
            "root": one.head.root.hex(),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.at)),
            "text": SAID[one.kind],
        }
        import httpx  # slow to load, and this is rare

        try:
            httpx.post(self.url, json=body, timeout=PATIENCE, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            raise AlarmError(str(error)) from error

    def _mail(self, one: Evidence) -> None:
        assert self.server is not None
        made = EmailMessage()
        made["From"], made["To"] = self.server.sender, self.mail
        made["Subject"] = f"Cosigner: a head was refused ({one.kind})"
        made["Auto-Submitted"] = "auto-generated"
        root = one.head.root.hex()
        made.set_content(f"{one.head.origin}\nsize {one.head.size}, root {root}\n\n{SAID[one.kind]}.\n")
        trust = self.server.trust or ssl.create_default_context()
        if self.server.tls == "tls":
            link: smtplib.SMTP = smtplib.SMTP_SSL(self.server.host, self.server.port, timeout=PATIENCE, context=trust)
        else:
            link = smtplib.SMTP(self.server.host, self.server.port, timeout=PATIENCE)
        with link:
            if self.server.tls == "starttls":
                link.starttls(context=trust)
            if self.server.user:
                link.login(self.server.user, self.server.password)
            link.send_message(made)


def tell(seen: SeenHeads, alarm: Alarm, wake: threading.Event, end: threading.Event) -> None:
    """Tell those who are to know of what was refused, until they could be told; returns when `end` is set."""
    while not end.is_set():
        try:
            for one in seen.untold(int(time.time())):
                if alarm.tell(one):
                    seen.mark_reported(one.number, int(time.time()))
        except sqlite3.Error:
            logger.exception("what was refused cannot be read")
        wake.wait(LOOK_EVERY)
        wake.clear()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
