"""`vivavoce setup`: leads whoever installs Vivavoce through the steps of `setup_steps.STEPS`.

Every answer is asked on standard input or given as an option. What is there is kept, so that the command can be stopped
at any point and run again: it goes on with what is still missing. At the end of the input no more is asked.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hearings import queries
from hearings.db import Database
from hearings.errors import HearingsError
from hearings.models import OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.roles import StaffFunction
from web.operation import environment_file, setup_steps
from web.operation.findings import Inspected, Severity
from web.operation.setup_steps import SetupStep, StepResult, StepState
from web.parts import NotInitialised
from web.sending.mail_server import mail_server
from web.server import security_events
from web.settings import PREFIX, Settings

Command = Callable[[Settings, argparse.Namespace], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]
MARKS = {Severity.ok: "  ok", Severity.note: "note", Severity.warning: "WARN", Severity.failure: "FAIL"}
WORDS = {StepState.done: "in place", StepState.advised: "advised", StepState.missing: "missing"}
SETTINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "court": (
        ("data", "Data folder, by its whole path"),
        ("database_url", "Database (empty: SQLite in the data folder)"),
        ("court_name", "Name of the court in its seals, such as court.example"),
        ("seal_socket", "Socket of the seal process, if it has an account of its own (docs/seal.md)"),
    ),
    "tls": (
        ("public_url", "Address people will open, such as https://hearings.court.example"),
        ("tls_cert", "Certificate file (empty: a proxy has it)"),
        ("tls_key", "Key file of the certificate"),
        ("trusted_proxies", "Address of the proxy that ends TLS, such as 127.0.0.1"),
    ),
    "media": (
        ("udp_host", "Address of this machine for sound and picture"),
        ("udp_public_address", "Address browsers reach it under, if it is another"),
        ("turn_urls", "Relays for networks that block UDP (empty: none), as docs/operation.md shows"),
        ("turn_secret_file", "File with the secret shared with the relay, readable by this account only"),
    ),
    "mail": (
        ("smtp_host", "Mail server"),
        ("smtp_port", "Its port (empty: 587)"),
        ("smtp_tls", "starttls, tls, or none to this machine (empty: starttls)"),
        ("smtp_sender", "Address mails come from"),
        ("smtp_user", "User name at the mail server, if it wants one"),
        ("smtp_password_file", "File with the password, readable by this account only"),
    ),
    "backup": (("anchor", "Folder for the anchor, best of another machine"),),
}
"""By step: the settings it asks for, each with its question."""


@dataclass
class Setup:
    """One run of the command."""

    options: argparse.Namespace
    commands: Mapping[str, Command]
    refusals: tuple[type[Exception], ...]
    """What an act may raise: it is printed, and the next step follows."""
    file: Path | None
    chosen: dict[str, str] = field(default_factory=dict)
    """Settings chosen in this run, by the names of their variables."""
    asking: bool = True
    """False from the end of the input."""
    in_place: bool = False
    """Whether the present step is in place: then only options count, and nothing is asked."""

    @property
    def environment(self) -> dict[str, str]:
        """Settings in force: those chosen now, under those of the file, under those of the process."""
        return {**self.chosen, **environment_file.read(self.file), **_own(os.environ)}

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    def ask(self, name: str, question: str) -> str:
        """The answer to a question: the option of this name, else what is typed; empty where neither is."""
        given = getattr(self.options, name, None)
        if given is not None:
            return str(given)
        if not self.asking or self.in_place or self.options.no_questions:
            return ""
        print(f"        {question}: ", end="", flush=True)
        text = sys.stdin.readline()
        if not text.endswith("\n"):
            self.asking = False
        if not sys.stdin.isatty():
            print()
        return text.strip()

    def choose(self, step: str) -> None:
        """Ask for the settings of a step and keep them together. Raises `SettingsError`; nothing is kept then."""
        have, chosen = self.environment, {}
        for name, question in SETTINGS.get(step, ()):
            variable = f"{PREFIX}{name.upper()}"
            if variable in have:
                given = getattr(self.options, name, None)
                if given is not None and str(given) != have[variable]:
                    print(f"        {variable} is set already; it was not changed")
                continue
            if answer := self.ask(name, question):
                environment_file.line(variable, answer)
                chosen[variable] = answer
        if not chosen:
            return
        Settings.from_environment({**have, **chosen})
        self.chosen |= chosen
        if self.file is not None:
            environment_file.add(self.file, chosen)
        for variable in chosen:
            print(f"        {variable} {f'written to {self.file}' if self.file else 'noted'}")

    def run(self, command: str, **values: object) -> None:
        """Run another command of the program with the settings in force; it is an event of the security log."""
        settings, options = self.settings, argparse.Namespace(**values)
        security_events.logged(command, settings, lambda: self.commands[command](settings, options))

    def place(self) -> str:
        """State, court and city of the first administrator, in the words of the options; asked once."""
        for name, question in (
            ("state", "State of the court (ISO 3166-1 code, such as RO)"),
            ("court", "Name of the court or authority"),
            ("city", "City where it sits"),
        ):
            answer = self.ask(name, question)
            if not answer:
                raise ValueError(f"--{name} is needed; left out")
            setattr(self.options, name, answer)
        return str(self.options.state)


def _own(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}


# --- what each step does ------------------------------------------------------------------------------------------


def make_installation(setup: Setup, _result: StepResult) -> None:
    """Database, folders and keys of the service. Effects: those of `init`."""
    setup.run("init", anew=[])


def add_administrator(setup: Setup, result: StepResult) -> None:
    """The first administrator. Effects: adds the person."""
    if result.state is not StepState.missing:
        print("        there is an administrator already; nobody was added")
        return
    given = setup.options.administrator or ["", ""]
    name = given[0] or setup.ask("administrator_name", "Name of the first administrator (empty: later)")
    email = given[1] or (name and setup.ask("administrator_email", "E-mail address"))
    if not name or not email:
        return
    setup.place()
    place = {"state": setup.options.state, "authority": setup.options.court, "city": setup.options.city}
    functions = [StaffFunction.administrator.value]
    setup.run("person", name=name, email=email, function=functions, language="", **place)


def make_keys(setup: Setup, result: StepResult) -> None:
    """A key file for the court. Effects: the file, its two public halves."""
    if result.state is not StepState.missing or not asyncio.run(_has_staff(setup.settings)):
        return
    file = setup.ask("key_file", "New key file for the court, to be handed to it (empty: the court sends its keys)")
    if not file:
        return
    setup.place()
    place = {"state": setup.options.state, "authority": setup.options.court}
    setup.run("key", new=Path(file), kind="requesting", recipient=None, signing_key=None, **place)


async def _has_staff(settings: Settings) -> bool:
    database = Database(settings.database_url)
    try:
        await database.check()
        async with database.reading() as db:
            return bool(await queries.people(db))
    finally:
        await database.close()


def send_test_mail(setup: Setup, _result: StepResult) -> None:
    """The mail settings, then one real mail. Effects: at most one mail handed to the mail server."""
    settings = setup.settings
    if not settings.smtp_host:
        return
    address = setup.ask("mail_test", "Address to send a test mail to (empty: none)")
    if not address:
        return
    now = datetime.now(UTC)
    words = {
        "subject": f"Test mail of {settings.court_name}",
        "text": f"This mail was sent by `vivavoce setup` of {settings.origin}. Mails of Vivavoce reach you.\n",
    }
    message = OutboxMessage(
        owner_state="", kind=OutboxKind.mail, key="setup", address=address, payload=words, created_at=now, next_at=now
    )
    server = mail_server(settings)
    assert server is not None
    from scheduler import mail  # 0.1 s that other commands need not spend at their start

    outcome = asyncio.run(mail.send(message, server))
    if outcome.status is not OutboxStatus.sent:
        raise ValueError(f"the test mail was not sent: {outcome.code} {outcome.text}".rstrip())
    print(f"        test mail handed to {settings.smtp_host}; look whether it has arrived")


def make_backup(setup: Setup, _result: StepResult) -> None:
    """A first backup. Effects: two new folders."""
    folder = setup.ask("backup", "New folder for a backup of the data (empty: none now)")
    if not folder:
        return
    keys = setup.ask("backup_keys", "New folder for the keys, to be kept elsewhere (empty: without the keys)")
    setup.run("backup", folder=Path(folder), keys=Path(keys) if keys else None)


ACTS: dict[str, Callable[[Setup, StepResult], None]] = {
    "database": make_installation,
    "administrator": add_administrator,
    "mail": send_test_mail,
    "keys": make_keys,
    "backup": make_backup,
}
"""By step: what is done beside its settings, where it is not in place."""
OPTIONS = {"administrator": ("administrator",), "mail": ("mail_test",), "keys": ("key_file",), "backup": ("backup",)}
"""By step: its options beside the settings. One that is given is carried out where the step is in place, too."""


# --- the command --------------------------------------------------------------------------------------------------


def add_to(add: Add, commands: Mapping[str, Command], refusals: tuple[type[Exception], ...]) -> None:
    """Add the command to the parser. `commands`: `init`, `person`, `key` and `backup`, which it runs; `refusals`: what
    they raise with a text for people.
    """
    parser = add(
        "setup",
        lambda _settings, options: setup(options, commands, (*refusals, HearingsError, ValueError, OSError)),
        "Lead through the set-up, step by step; what is there is kept, and started again it goes on.",
    )
    parser.add_argument("--environment-file", type=Path, metavar="FILE", help="add the settings to it; else printed")
    parser.add_argument("--no-questions", action="store_true", help="ask nothing: only the options count")
    parser.add_argument("--administrator", nargs=2, metavar=("NAME", "E-MAIL"), help="the first administrator")
    parser.add_argument("--state", help="ISO 3166-1 code of the court's State, such as RO")
    parser.add_argument("--court", help="name of the court or authority")
    parser.add_argument("--city", help="where it sits")
    parser.add_argument("--mail-test", metavar="E-MAIL", help="send one mail there")
    parser.add_argument("--key-file", metavar="FILE", help="make a new key file for the court")
    parser.add_argument("--backup", metavar="FOLDER", help="make a backup into this new folder")
    parser.add_argument("--backup-keys", metavar="FOLDER", help="and the keys into this one")
    for questions in SETTINGS.values():
        for name, question in questions:
            parser.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=question)


def setup(options: argparse.Namespace, commands: Mapping[str, Command], refusals: tuple[type[Exception], ...]) -> int:
    """Lead through every step. The exit code is 1 while something is missing that hearings need."""
    made = Setup(options, commands, refusals, options.environment_file and options.environment_file.absolute())
    if made.file is not None and not os.access(made.file.parent, os.W_OK):
        text = "is no folder this account may write to; without --environment-file the settings are printed"
        raise NotInitialised(f"{made.file.parent} {text}")
    try:
        results = [_step(made, step, number) for number, step in enumerate(setup_steps.STEPS, 1)]
    except KeyboardInterrupt:
        print("\nStopped. What was done stays; `vivavoce setup` goes on from here.")
        return 1
    return _summary(made, results)


def _step(setup: Setup, step: SetupStep, number: int) -> StepResult:
    """Look, do what is missing, and look again."""
    print(f"\n{number}/{len(setup_steps.STEPS)}  {step.label}: {step.purpose}", flush=True)
    result = _look(setup, step)
    _tell(result)
    setup.in_place = result.state is StepState.done
    if setup.in_place and not _given(setup, step):
        return result
    before = (dict(setup.chosen), result.findings)
    try:
        setup.choose(step.name)
        if act := ACTS.get(step.name):
            act(setup, result)
    except setup.refusals as error:
        print(f"        not done: {error}")
    result = _look(setup, step)
    if (setup.chosen, result.findings) != before:
        _tell(result)
    if result.state is not StepState.done:
        print(f"        {_remedy(step)}")
    return result


def _given(setup: Setup, step: SetupStep) -> bool:
    names = [name for name, _question in SETTINGS.get(step.name, ())] + list(OPTIONS.get(step.name, ()))
    return any(getattr(setup.options, name) is not None for name in names)


def _look(setup: Setup, step: SetupStep) -> StepResult:
    return asyncio.run(_looked(setup.settings, step))


async def _looked(settings: Settings, step: SetupStep) -> StepResult:
    database = Database(settings.database_url)
    try:
        return await setup_steps.look(step, Inspected(settings, database, datetime.now(UTC), outside=True))
    finally:
        await database.close()


def _tell(result: StepResult) -> None:
    for finding in result.findings:
        print(f"  {MARKS[finding.severity]}  {finding.sentence()}")


def _remedy(step: SetupStep) -> str:
    ways = [f"the page {step.page}"] if step.page else []
    ways += [f"vivavoce {step.command}"] if step.command else []
    return f"Mend it by: {' · '.join(ways)}"


def _summary(setup: Setup, results: list[StepResult]) -> int:
    """Print every step's state and the settings that are nowhere yet."""
    print("\nSet-up:")
    for result in results:
        print(f"  {WORDS[result.state]:9} {result.step.label}")
    if setup.chosen and setup.file is None:
        print("\nPut these lines into the file of settings of the service (docs/operation.md), then restart it:")
        for variable, value in setup.chosen.items():
            print(environment_file.line(variable, value))
    elif setup.chosen:
        print(f"\nThe settings are in {setup.file}. Restart the service, so that it reads them.")
    missing = setup_steps.counts(results)[StepState.missing]
    print(f"\n{missing} of {len(results)} steps are missing." if missing else "\nNothing is missing.")
    return 1 if missing else 0
