"""The `vivavoce` command. `init` makes things and nothing else does; `serve` refuses when one is missing."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from hearings import errors, queries
from hearings.db import Database
from hearings.documents import pdf_seals
from hearings.models import Person, Recording
from hearings.outward import installation
from hearings.people import logins, staff
from hearings.roles import StaffFunction
from hearings.signatures import recipients, signing_keys
from media.evidence.check import bag, excerpt
from media.evidence.log import custody, tlog
from media.evidence.render import checking, render
from media.evidence.seal import seal_key, token
from media.evidence.seal.client import SealClient, SealSilentError
from media.evidence.seal.keyfile import make_with
from media.evidence.seal.token_uri import parse_token_uri
from media.evidence.transcript import transcribe
from web.app import create_app
from web.custody.commands import archive_command, copy_command, keys_command, receive_command, verify_command
from web.custody.commands.recipient_commands import STANDS_BY
from web.demo import demo, examples
from web.operation import backup, commands as operation, cosigner_command, setup_command
from web.operation.backup import BackupRefused
from web.operation.older_data import OlderData, require_newest
from web.parts import NotInitialised, read_keys, require_folders
from web.people import staff_commands
from web.personal_data import commands as personal_data_commands
from web.seal_keeper import SealKeeper, cosigners_of, policy_of, seal_vkey, take_vkey
from web.server import security_events
from web.settings import Settings, SettingsError
from web.sitting.sealed_files import kept_heads
from web.sockets import IDLE_SECONDS, Server, SocketConnection, http_protocol, open_files
from web.training import rehearse_command, runs


class Refused(Exception):
    """The command cannot be carried out; the text says why and what to do."""


REFUSALS = (
    *(Refused, NotInitialised, SettingsError, errors.DatabaseRefused, errors.Invalid, errors.NotReady, errors.NotFound),
    *(seal_key.SealKeyError, SealSilentError, BackupRefused, OlderData, copy_command.NotNoted),
)
"""What ends a command with its text and exit code 2."""
ANYWAY = {"init", "setup", "serve", "people", "check", "backup", "takeover", "restore", "accept-loss", "rehearse"}
ANYWAY |= {"personal-data"}
"""Commands that look for themselves, or change nothing: the others refuse a copy that stands by, and older data."""
OWN: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "verify": (verify_command.main, "Check a bag, and the minutes that name it"),
    "excerpt": (excerpt.main, "Cut an excerpt from a bag"),
    "render": (render.main, "Make a copy of a recording to look at"),
    "transcribe": (transcribe.main, "Write down what was said in a recording: a machine's draft"),
    "check-copy": (checking.main, "Say whether such a copy names a recording"),
    "receive": (receive_command.main, "Check, store and acknowledge a released copy"),
    "cosigner": (cosigner_command.main, "Cosign other courts' recordings"),
    "keys": (keys_command.main, "Make, show and re-wrap keys"),
}
"""Commands that need no installation."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. Those of `OWN` have their own arguments and codes."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if (own := OWN.get(arguments[0] if arguments else "")) is not None:
        return own[0](arguments[1:])
    options = _parser().parse_args(arguments)
    command: Callable[[Settings, argparse.Namespace], int] = options.command
    try:
        settings = Settings.from_environment(os.environ)
        if options.verb not in ANYWAY:
            asyncio.run(_may_go_on(settings))
        return security_events.logged(options.verb, settings, lambda: command(settings, options))
    except REFUSALS as error:
        print(f"vivavoce: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vivavoce", description="Court hearings across borders, by video.")
    parser.add_argument("--version", action="version", version=f"vivavoce {operation.version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[Settings, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command, verb=name)
        return made

    new = add("init", init, "Make database, keys and folders; what is there is kept.")
    new.add_argument("--anew", action="append", default=[], choices=ANEW, help="make a key anew that is lost for good")
    add("serve", serve, "Serve; refuses when something is missing, and names the command that makes it.")
    add("clock", clock, "Be the clock alone: reminders, mail and webhooks, where the web processes are not to be.")
    link = add("link", link_person, "Print a one-use sign-in link for a member of staff.")
    link.add_argument("person", help="e-mail address, the part before its @, or part of the name")
    add("people", people, "List the staff.")
    person = add("person", add_person, "Add a member of staff.")
    person.add_argument("name", help="as it is shown in hearings")
    person.add_argument("email", help="identifies the person; notices and invitations are sent there")
    person.add_argument("--state", required=True, help="ISO 3166-1 code of the State, such as RO")
    person.add_argument("--city", required=True, help="where the court or authority sits")
    person.add_argument("--authority", required=True, help="name of the court or authority")
    person.add_argument("--language", default="", help="of mails until the first sign-in, such as ro; else English")
    person.add_argument(
        "--function",
        required=True,
        action="append",
        choices=[one.value for one in StaffFunction],
        help="may be repeated",
    )
    key = add("key", add_key, "Add an authority's public key, or make a new key file for it.")
    key.add_argument("--state", required=True, help="ISO 3166-1 code of the State")
    key.add_argument("--authority", required=True, help="name of the court or authority")
    key.add_argument("--kind", choices=recipients.KINDS, help="of a key recordings are encrypted to")
    source = key.add_mutually_exclusive_group()
    source.add_argument("--recipient", help="the public key the authority has sent: age1…")
    source.add_argument("--new", type=Path, metavar="FILE", help="make a key file for the authority to keep")
    key.add_argument("--signing-key", metavar="KEY", help="the public signing key the authority has sent (base64url)")
    show = add("demo", make_demo, "Make a demonstration: a request, a hearing in ten minutes, links, PINs, keys.")
    show.add_argument("--again", action="store_true", help="make another hearing when there is a demonstration already")
    show.add_argument("--json", action="store_true", help="print it as JSON, for programs")
    out = add("export", export, "Copy a closed recording into a new bag (BagIt).")
    out.add_argument("recording", help="id of the recording, or reference of the hearing")
    out.add_argument("bag", type=Path, help="the new folder")
    out.add_argument("--by", required=True, metavar="PERSON", help="who takes it: e-mail address or name of the staff")
    out.add_argument("--why", default="export from the command line", help="reason, kept in the custody log")
    out.add_argument("--despite", default="", metavar="ORDER", help="who ordered the export of one that fails")
    find = (lambda *asked: asyncio.run(_accessor(*asked)), lambda *asked: asyncio.run(_recording(*asked)))
    copy_command.add_to(add, *find)
    operation.add_to(add)
    archive_command.add_to(add)
    personal_data_commands.add_to(add)
    parts = {"init": init, "person": add_person, "key": add_key, "backup": operation.make_backup}
    setup_command.add_to(add, parts, REFUSALS)
    rehearse_command.add_to(add, {"init": init, "serve": serve})
    staff_commands.add_to(add, operation.account)
    for name, (_command, text) in OWN.items():
        commands.add_parser(name, help=f"{text}; see `vivavoce {name} --help`.", add_help=False)
    return parser


# --- init --------------------------------------------------------------------------------------------------------


ANEW = ("seal", "cookie", "documents")


def init(settings: Settings, options: argparse.Namespace) -> int:
    """Make an installation where there is none, and bring one that is there to this version. What is there is kept; one
    of which a part is missing is refused. Effects: folders 0700, keys 0600, the databases' schemas.
    """
    lacking = backup.missing(settings, tables=asyncio.run(_has_tables(settings)))
    if any(one.anew not in options.anew for one in lacking):
        raise Refused(backup.refusal(lacking, settings))
    for folder in (settings.data, settings.keys, settings.recordings, settings.run):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    cookie = settings.keys / "cookie.key"
    if not cookie.exists():
        _write_secret(cookie, secrets.token_hex(32))
    if not (monitor := settings.keys / "monitor.token").exists():
        _write_secret(monitor, secrets.token_urlsafe(32))
    vkey = _init_seal(settings)
    documents = settings.keys / "document-seal.key", settings.keys / "document-seal.crt"
    if not all(document.exists() for document in documents):
        documents[0].unlink(missing_ok=True)
        documents[1].unlink(missing_ok=True)
        pdf_seals.make_seal(key=documents[0], certificate=documents[1], name=settings.court_name, now=datetime.now(UTC))
    asyncio.run(_upgrade(settings))
    print(f"Data folder: {settings.data}")
    print(f"Seal key, to be pinned by whoever verifies: {vkey}")
    return 0


def _init_seal(settings: Settings) -> str:
    """Make the seal key where the seal process is ours, else ask that process; keep and return its public line."""
    if settings.seal_socket is not None:
        vkey = SealClient(settings.seal_socket).vkey(settings.court_name)
    else:
        settings.seal_folder.mkdir(mode=0o700, exist_ok=True)
        vkey = _seal_key(settings).vkey(settings.court_name)
    take_vkey(settings, vkey)
    return vkey


def _seal_key(settings: Settings) -> seal_key.SealKey | token.TokenKey:
    """The key in its file or on its token, made where there is none."""
    if settings.seal_token:
        uri = parse_token_uri(settings.seal_token)
        try:
            return token.TokenKey(uri)
        except token.NoTokenKeyError:
            return token.make_token_key(uri)
    path, before = settings.seal_folder / "seal.key", settings.keys / "seal.key"
    if before.exists() and not path.exists():  # of version 0.1.0
        before.rename(path)
    return seal_key.read_seal_key(path) if path.exists() else seal_key.make_seal_key(path)


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


async def _has_tables(settings: Settings) -> bool:
    """Whether the database is there and has been used. Raises `DatabaseMissing` when a server does not answer."""
    if (file := backup.sqlite_file(settings.database_url)) is not None:
        return file.exists()
    database = Database(settings.database_url)
    try:
        await database.check()
    except errors.SchemaBehind as behind:
        return behind.found is not None
    except errors.DatabaseMissing:
        raise
    except errors.DatabaseRefused:
        return True
    finally:
        await database.close()
    return True


async def _may_go_on(settings: Settings) -> None:
    """Refuse to change older data, or a restored copy before it is the one. What is not there says so by itself."""
    database = Database(settings.database_url)
    try:
        await database.check()
        if await _stands_by(database):
            raise Refused(STANDS_BY)
        await require_newest(settings, database)
    except errors.DatabaseRefused:
        return
    finally:
        await database.close()


async def _upgrade(settings: Settings) -> None:
    for url in _databases(settings):
        database = Database(url)
        try:
            await database.upgrade()
        finally:
            await database.close()


def _databases(settings: Settings) -> list[str]:
    """The docket's, and the sandbox's where there is one."""
    return [url for url in (settings.database_url, settings.sandbox_database_url) if url]


# --- serve -------------------------------------------------------------------------------------------------------


def serve(settings: Settings, _options: argparse.Namespace) -> int:
    """Serve until stopped. Refuses without database, keys and folders."""
    require_folders(settings)
    read_keys(settings)
    if settings.seal_socket is None:  # else it is somebody else's, and may come later
        SealKeeper(settings).ensure()
    asyncio.run(_check(settings))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("alembic", "uvicorn.error"):  # the latter names the address of every WebSocket
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it tells of every form that is none
    print(f"Vivavoce serves {settings.public_url} (listening on {settings.host} port {settings.port})", flush=True)
    most = open_files(settings)
    if most < settings.connections:
        print(f"Only {most} connections: the system gives this process no more open files (ulimit -n)", flush=True)
        settings = replace(settings, connections=max(1, most))
    server = Server(configuration(settings))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has ended by it, and says it again
        server.run()
    return 0 if server.started else 1


def clock(settings: Settings, _options: argparse.Namespace) -> int:
    """Be a candidate for the clock until stopped."""
    from web.clock import run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    run(settings)
    return 0


def configuration(settings: Settings) -> uvicorn.Config:
    """How uvicorn serves: no access log (addresses hold references), TLS when set, proxies only when named."""
    return uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
        access_log=False,
        log_config=None,
        lifespan="on",
        server_header=False,
        date_header=True,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        http=http_protocol(settings),
        ws=SocketConnection,
        ws_max_size=65_536,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=5,
    )


async def _check(settings: Settings) -> None:
    for url in _databases(settings):
        database = Database(url)
        try:
            await database.check()
            if url == settings.database_url:
                await runs.require_kind(settings, database)
            if url == settings.database_url and not await _stands_by(database):
                await require_newest(settings, database)
        finally:
            await database.close()


async def _stands_by(database: Database) -> bool:
    async with database.reading() as db:
        return await installation.pending_restore(db) is not None


# --- people ------------------------------------------------------------------------------------------------------


def link_person(settings: Settings, options: argparse.Namespace) -> int:
    """Print a sign-in link. Effects: adds its row."""
    person, secret = asyncio.run(_link(settings, options.person))
    print(f"{person.name} ({person.email}): {settings.origin}/s#{secret}")
    print(f"Works once, within {logins.LINK_LIFETIME.seconds // 60} minutes.")
    return 0


async def _link(settings: Settings, wanted: str) -> tuple[Person, str]:
    async with _database(settings) as database, database.transaction() as db:
        person = match(await queries.people(db), wanted)
        return person, await staff_commands.link(settings, db, person, operation.account())


def match(found_staff: Sequence[Person], wanted: str) -> Person:
    """The one person meant: by e-mail address, the part before its @, or part of the name. Raises `Refused`."""
    text = wanted.casefold()
    tests: tuple[Callable[[Person], bool], ...] = (
        lambda one: one.email.casefold() == text or one.id == wanted,
        lambda one: one.email.casefold().split("@")[0] == text,
        lambda one: text in one.name.casefold(),
    )
    for test in tests:
        found = [one for one in found_staff if test(one)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused(f"{wanted!r} may mean several: {', '.join(one.email for one in found)}")
    raise Refused(f"Nobody is called {wanted!r}; `vivavoce people` lists the staff")


def people(settings: Settings, _options: argparse.Namespace) -> int:
    """List the staff."""
    for one in asyncio.run(_people(settings)):
        print(f"{one.owner_state}  {one.email:40} {', '.join(one.functions):24} {one.name}, {one.authority_name}")
    return 0


async def _people(settings: Settings) -> Sequence[Person]:
    async with _database(settings) as database, database.reading() as db:
        return await queries.people(db)


def add_person(settings: Settings, options: argparse.Namespace) -> int:
    """Add a member of staff. Effects: adds the row."""
    made = asyncio.run(_add_person(settings, options))
    print(f"{made.name} ({made.email}) added; `vivavoce link {made.email}` prints a sign-in link.")
    return 0


async def _add_person(settings: Settings, options: argparse.Namespace) -> Person:
    async with _database(settings) as database, database.transaction() as db:
        return await staff.add(
            db,
            state=options.state,
            name=options.name,
            email=options.email,
            functions=options.function,
            city=options.city,
            authority_name=options.authority,
            lang=options.language,
        )


def add_key(settings: Settings, options: argparse.Namespace) -> int:
    """Add an authority's recipient; recordings between its State and another are wrapped to it from now on.
    And its signing key: statements signed with it are taken in as the authority's.

    Effects: adds the rows; with `--new`, a key file of mode 0600 that the authority keeps and the server never reads.
    """
    recipient, signing = options.recipient, options.signing_key
    text = ""
    if not (recipient or options.new or signing):
        raise Refused("Say --recipient, --new or --signing-key")
    if (recipient or options.new) and not options.kind:
        raise Refused(f"Say --kind: {', '.join(recipients.KINDS)}")
    if options.new:
        signs = options.kind != "escrow" and not signing
        pinned = policy_of(settings).splitlines()
        made = make_with(pinned, authority=f"{options.authority} ({options.state})", signs=signs)
        recipient, text, signing = made.recipient, made.text, signing or made.signing_public
        if options.new.exists():
            raise Refused(f"{options.new} exists already; nothing was changed")
    try:
        asyncio.run(_add_key(settings, options, recipient, signing))
    except (errors.Invalid, errors.NotReady) as error:
        raise Refused(str(error)) from error
    if options.new:
        _write_secret(options.new, text.rstrip())
        print(
            f"{options.new}: hand it to the authority, then delete it here. "
            "Whoever has it can open recordings and sign for the authority."
        )
    if recipient:
        print(f"{options.authority} ({options.state}), {options.kind}: {recipient}")
        print(f"its fingerprint: {recipients.fingerprint(recipient)}")
    if signing:
        print(f"{options.authority} ({options.state}), public signing key: {signing}")
    return 0


async def _add_key(settings: Settings, options: argparse.Namespace, recipient: str | None, signing: str | None) -> None:
    now = datetime.now(UTC)
    async with _database(settings) as database, database.transaction() as db:
        if recipient:
            await recipients.add(
                db,
                state=options.state,
                authority_name=options.authority,
                kind=options.kind,
                recipient=recipient,
                now=now,
            )
        if signing:
            await signing_keys.add(
                db, state=options.state, authority_name=options.authority, public_key=signing, now=now
            )


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    """A database that is there and of this version, closed at the end of the block."""
    database = Database(settings.database_url)
    try:
        await database.check()
        yield database
    finally:
        await database.close()


# --- demonstration -----------------------------------------------------------------------------------------------


def make_demo(settings: Settings, options: argparse.Namespace) -> int:
    """Make a demonstration and print who can come in, and how. Effects: those of `demo.seed`."""
    vkey = seal_vkey(settings)
    made = asyncio.run(_seed(settings, vkey, again=options.again))
    more = None if options.again else asyncio.run(_examples(settings))
    if options.json:
        words = demo_words(settings, made) | (more.words(settings.origin) if more else {})
        print(json.dumps(words, ensure_ascii=False))
        return 0
    for line in demo_lines(settings, made, more):
        print(line)
    return 0


async def _examples(settings: Settings) -> examples.Examples:
    async with _database(settings) as database:
        return await examples.add(database, key_folder=settings.data / "demo-keys", now=datetime.now(UTC))


async def _seed(settings: Settings, vkey: str, *, again: bool) -> demo.Seeded:
    async with _database(settings) as database:
        async with database.reading() as db:
            people, made = await queries.people(db), await installation.is_demo(db)
            if people and not made:
                raise Refused("This installation is not a demonstration: nothing was put into it. Make one elsewhere")
            if people and not again:
                raise Refused("There is a demonstration already; `vivavoce demo --again` makes another hearing")
        folder, pinned = settings.data / "demo-keys", cosigners_of(settings).lines
        return await demo.seed(database, log_vkey=vkey, cosigners=pinned, key_folder=folder, now=datetime.now(UTC))


def demo_words(settings: Settings, made: demo.Seeded) -> dict[str, object]:
    """What the demonstration tells a program."""
    return {
        "hearing": made.hearing.ref,
        "staff": {
            key: {"name": one.name, "link": f"{settings.origin}/s#{one.secret}"} for key, one in made.staff.items()
        },
        "participants": {
            key: {"name": one.name, "link": f"{settings.origin}/j#{one.secret}", "pin": one.pin}
            for key, one in made.participants.items()
        },
        "seats": made.seats,
        "key_files": [str(path) for path in made.key_files],
        "policy": policy_of(settings),
    }


def demo_lines(settings: Settings, made: demo.Seeded, more: examples.Examples | None) -> list[str]:
    """What the demonstration tells whoever runs it."""
    when = examples.both_times(made.hearing)
    lines = ["", f"Hearing {made.hearing.ref}: {when}", "", "Staff sign in (each link works once):"]
    lines += [f"  {link.name}, {key}: {settings.origin}/s#{link.secret}" for key, link in made.staff.items()]
    lines += more.lines(settings.origin) if more else []
    lines += ["", "Join once the lobby is open (the clerk or the judge opens it on the hearing's page):"]
    lines += [
        f"  {link.name}, {key}: {settings.origin}/j#{link.secret}   PIN {link.pin}"
        for key, link in made.participants.items()
    ]
    lines += ["", "Throw-away demo key files, for the player (never use them for a real hearing):"]
    lines += [f"  {path}" for path in made.key_files]
    lines += ["", "Open each link in a browser with a profile of its own: one profile holds one login (README.md).", ""]
    return lines


# --- export ------------------------------------------------------------------------------------------------------


def export(settings: Settings, options: argparse.Namespace) -> int:
    """Make a bag of a closed recording. Effects: those of `bag.export`. Refused when the bag would not verify.

    The custody log names the person, their State, and the account the command runs under.
    """
    by = asyncio.run(_accessor(settings, options.by))
    name, kept = asyncio.run(_recording(settings, options.recording))
    folder, target, now = settings.recordings / name, options.bag.absolute(), datetime.now(UTC)
    try:
        seal = SealKeeper(settings).ensure()
        made = bag.export(folder, target, seal, by, options.why, now, kept=kept, despite=options.despite)
    except (bag.ExportError, custody.CustodyError, OSError, ValueError) as error:
        raise Refused(str(error)) from error
    words = {"bag": str(made.folder), "tagmanifest_sha256": made.tagmanifest_sha256}
    print(json.dumps({**words, "bytes": made.size, "verdict": made.verdict}))
    return 0


async def _accessor(settings: Settings, wanted: str) -> custody.Accessor:
    async with _database(settings) as database, database.reading() as db:
        person = match(await queries.people(db), wanted)
    return custody.Accessor(f"{person.name} (account {operation.account()})", "operator", person.owner_state)


async def _recording(settings: Settings, wanted: str) -> tuple[str, list[tlog.Checkpoint]]:
    """Name of the recording's folder, by its id or by the reference of its hearing (the last one that exists); and the
    head that its row keeps, if it keeps one."""
    async with _database(settings) as database, database.reading() as db:
        if (settings.recordings / wanted).is_dir() and "/" not in wanted:
            row = await db.get(Recording, wanted)
            return wanted, kept_heads(row) if row is not None else []
        try:
            hearing = await queries.hearing_by_ref(db, wanted)
        except errors.NotFound:
            raise Refused(f"There is no recording or hearing {wanted!r}") from None
        for recording in reversed(await queries.recordings_of_hearing(db, hearing.id)):
            if (settings.recordings / recording.id).is_dir():
                return recording.id, kept_heads(recording)
    raise Refused(f"The hearing {wanted} has no recording")


if __name__ == "__main__":
    raise SystemExit(main())
