"""kill -9 of the clock at random points, while its wall clock jumps by an hour, so many times.

Run by hand: `.venv/bin/python -m tests.scheduler.kills --times 20 [--seed N] [--url POSTGRESQL]`. Two clocks run on one
database, with a mail server and a webhook receiver that count. Points are chosen by the seed: at a random instant, as a
mail or an event has come in and is not answered yet, or just after the answer. It prints a line for each kill, and
exits with 1 when something happened twice, or not at all, or came twice unrecognisably.
"""

import argparse
import asyncio
import contextlib
import email
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlmodel import col, func, not_, select

from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.models import Claim, OutboxAttempt, OutboxMessage, UnfollowedChange, Webhook
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.moves import born
from hearings.outward import outbox, webhooks
from scheduler.delivery_ways import MailServer, Posting, Ways
from scheduler.election import Election, election
from scheduler.environment import World
from scheduler.mail import message_id
from scheduler.runner import Clock, Pace
from tests.support.installation import free_port
from tests.support.rows import Setting, keep, make_hearing, make_seat

PACE = Pace(first=0, tick=0.2, follow=0.05, deliver=0.05, audit=60, candidate=0.1, beat=0.1)
HOUR = 3600.0
SENDER = "court@court.example"
POINTS = ("instant", "mail", "mail answered", "event", "event answered")
FIRST = 4
"""Hearings there are from the beginning; with each kill there is one more, so that something is always on its way."""
OPEN = (OutboxStatus.waiting, OutboxStatus.sending, OutboxStatus.unconfirmed)

# --- the clocks, each a process of its own ---------------------------------------------------------------------------


class Announced:
    """A candidate that writes down who was elected."""

    def __init__(self, inner: Election, file: Path) -> None:
        self.inner, self.file = inner, file
        self.holds, self.resign = inner.holds, inner.resign

    async def win(self) -> bool:
        won = await self.inner.win()
        if won:
            self.file.write_text(str(os.getpid()))
        return won


async def _clock(url: str, folder: Path, mail_port: int) -> None:
    jump = folder / "jump"

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(jump.read_text() or 0))

    server = MailServer(host="127.0.0.1", port=mail_port, tls="none", sender=SENDER, timeout=5)
    posting = Posting(key=bytes(32), loopback=True, timeout=5)
    database = Database(url)
    world = World(database=database, origin="https://court.example", ways=Ways(mail=server, posting=posting), clock=now)
    Clock(world, PACE, candidate=Announced(election(database), folder / "elected")).start()
    await asyncio.Event().wait()


def _start_clocks() -> None:
    """For every line `URL FOLDER MAIL_PORT` one more clock, forked from here, where everything is imported."""
    import apscheduler.schedulers.asyncio  # type: ignore[import-untyped]  # noqa: F401

    from scheduler import delivery, following, jobs  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed is gone at once
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            url, folder, port = line.split()
            asyncio.run(_clock(url, Path(folder), int(port)))
        print(child, flush=True)


# --- who takes the mails and events ----------------------------------------------------------------------------------


@dataclass
class Receivers:
    """A mail server and a webhook receiver: what was accepted, by the id it came with; `trap` is called at a point."""

    mails: dict[str, list[bytes]] = field(default_factory=dict)
    events: dict[str, list[bytes]] = field(default_factory=dict)
    trap: tuple[str, Callable[[], None]] | None = None
    mail_port: int = 0
    event_port: int = 0

    def _reached(self, point: str) -> None:
        trap = self.trap
        if trap is not None and trap[0] == point:
            self.trap = None
            trap[1]()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """From here on the mail is this server's: it is kept, whether or not anybody hears the answer."""
        found = email.message_from_bytes(envelope.content)
        self.mails.setdefault(str(found["message-id"]), []).append(envelope.content)
        self._reached("mail")
        asyncio.get_running_loop().call_later(0.001, self._reached, "mail answered")
        return "250 taken"

    async def _post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = (line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
            headers = {name.lower(): value for name, value in lines}
            body = await reader.readexactly(int(headers["content-length"]))
            self.events.setdefault(headers["webhook-id"], []).append(body)
            self._reached("event")
            writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            self._reached("event answered")
        writer.close()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Receivers"]:
        """Listening until the end."""
        controller = Controller(self, hostname="127.0.0.1", port=free_port())
        await asyncio.to_thread(controller.start)
        listener = await asyncio.start_server(self._post, "127.0.0.1", 0)
        self.mail_port, self.event_port = controller.port, listener.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            listener.close()
            await asyncio.to_thread(controller.stop)


# --- the run ---------------------------------------------------------------------------------------------------------


@dataclass
class Kills:
    """Two clocks on one database; whichever is elected is killed, and followed by another."""

    database: Database
    folder: Path
    receivers: Receivers
    starter: "subprocess.Popen[bytes]"
    dice: random.Random
    setting: Setting
    running: list[int] = field(default_factory=list)
    told: Callable[[str], None] = lambda line: None
    refs: list[str] = field(default_factory=list)
    """Hearings far ahead: what is told of them does not depend on the time."""

    @property
    def elected(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "elected").read_text())
        return 0

    def start(self) -> None:
        assert self.starter.stdin
        assert self.starter.stdout
        # Rendered with the password of the test's own server, where there is one.
        url = self.database.url.render_as_string(hide_password=False)
        self.starter.stdin.write(f"{url} {self.folder} {self.receivers.mail_port}\n".encode())
        self.starter.stdin.flush()
        self.running.append(int(self.starter.stdout.readline()))

    def jump(self, seconds: float) -> None:
        """Set the wall clock of every clock."""
        draft = self.folder / "jump.new"
        draft.write_text(str(seconds))
        draft.replace(self.folder / "jump")

    def kill(self) -> None:
        """kill -9 the elected clock, or one of both when none is just now."""
        victim = self.elected if self.elected in self.running else self.running[0]
        os.kill(victim, signal.SIGKILL)
        self.running.remove(victim)

    async def begin(self) -> None:
        await self.setting.keep()
        address = f"http://localhost:{self.receivers.event_port}/"
        now = datetime.now(UTC)
        await keep(
            self.database,
            *(
                Webhook(
                    owner_state=state,
                    url=address,
                    events=list(webhooks.EVENTS),
                    salt="5a",
                    created_by="a",
                    created_at=now,
                )
                for state in ("RO", "TH")
            ),
        )
        for _ in range(FIRST):
            await self.more_work()
        self.jump(0)
        for _ in range(2):
            self.start()

    async def more_work(self) -> None:
        """A hearing far ahead and one that is about to begin, each just made."""
        now = datetime.now(UTC)
        people = self.setting.people
        for number, ahead in enumerate((timedelta(days=40), timedelta(minutes=25))):
            ref = f"K{number}AA-{len(self.refs):04d}"
            start = (now + ahead).replace(second=0, microsecond=0)
            hearing = make_hearing(
                self.setting.request.id,
                ref=ref,
                starts_at=start,
                ends_at=start + timedelta(hours=1),
                created_by=people["clerk"].id,
            )
            judge = make_seat(hearing.id, self.setting.judge.role, person_id=people["judge"].id, display_name="A. P.")
            async with self.database.transaction() as db:
                db.add(hearing)
                await db.flush()
                db.add(judge)
                born(db, hearing, hearing.status, actor=SYSTEM, now=now)
        self.refs.append(f"K0AA-{len(self.refs):04d}")

    async def one(self, number: int) -> None:
        """One jump of the clock and one kill; another clock takes the place of the one that is gone."""
        point, seconds = self.dice.choice(POINTS), self.dice.choice((-HOUR, 0.0, HOUR))
        wait = self.dice.uniform(0.02, 0.6)
        self.jump(seconds)
        fired = asyncio.Event()
        loop = asyncio.get_running_loop()
        if point == "instant":
            loop.call_later(wait, fired.set)
        else:
            self.receivers.trap = (point, lambda: (self.kill(), loop.call_soon_threadsafe(fired.set)))  # type: ignore[assignment]
        await self.more_work()
        missed = ""
        try:
            async with asyncio.timeout(20):
                await fired.wait()
        except TimeoutError:  # nothing of that kind was on its way: then at this instant
            missed, self.receivers.trap = " (nothing came)", None
        if point == "instant" or missed:
            self.kill()
        self.start()
        got = sum(map(len, (*self.receivers.mails.values(), *self.receivers.events.values())))
        self.told(f"{number:3} {point}{missed}, clock {seconds:+.0f} s; {got} taken so far")

    async def _left(self) -> int:
        async with self.database.reading() as db:
            given_up = OutboxMessage.attempts - OutboxMessage.counted_from >= outbox.MOST_ATTEMPTS
            query = select(func.count()).select_from(OutboxMessage)
            waiting = query.where(col(OutboxMessage.status).in_(OPEN), not_(given_up))
            unfollowed = select(func.count()).select_from(UnfollowedChange)
            return int((await db.exec(waiting)).one()) + int((await db.exec(unfollowed)).one())

    async def settle(self, seconds: float = 90) -> None:
        """Let time go by until nothing is on its way."""
        until, ahead = time.monotonic() + seconds, 0.0
        while await self._left():
            assert time.monotonic() < until, "something is on its way for ever"
            ahead += 60
            self.jump(ahead)
            await asyncio.sleep(0.2)

    def end(self) -> None:
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    # --- judging -----------------------------------------------------------------------------------------------------

    async def judge(self) -> tuple[list[str], Counter[str]]:
        """What is wrong, and what was counted."""
        async with self.database.reading() as db:
            messages = (await db.exec(select(OutboxMessage))).all()
            attempts = (await db.exec(select(OutboxAttempt))).all()
            claims = (await db.exec(select(Claim))).all()
        doubts = Counter(attempt.message_id for attempt in attempts if attempt.outcome is OutboxStatus.unconfirmed)
        wrong, counted = [], Counter({"messages": len(messages), "claims": len(claims)})
        known = {}
        for message in messages:
            taken = self._taken(message)
            known[message.id] = taken
            counted[f"{message.kind.value}s taken"] += len(taken)
            counted["taken again, recognisably"] += max(0, len(taken) - 1)
            counted["open for good: perhaps taken, then of no use any more"] += (
                message.status is OutboxStatus.unconfirmed
            )
            counted["not delivered, of no use any more"] += message.status is OutboxStatus.not_delivered
            if message.status is OutboxStatus.sent and not taken:
                wrong.append(f"{message.key} is called sent and has not come")
            if message.status is OutboxStatus.not_delivered and (taken or message.last_code != "too_late"):
                wrong.append(
                    f"{message.key} is called not delivered ({message.last_code}) and has come {len(taken)} times"
                )
            if len(taken) > 1 + doubts[message.id]:
                wrong.append(
                    f"{message.key} has come {len(taken)} times, of which {doubts[message.id]} are on record as open"
                )
            if len(set(taken)) > 1:
                wrong.append(f"{message.key} has come with different contents")
        strangers = sum(map(len, (*self.receivers.mails.values(), *self.receivers.events.values())))
        if strangers != sum(map(len, known.values())):
            wrong.append("something has come that no message of the outbox is")
        return [*wrong, *self._twice(messages), *self._missing(messages)], counted

    def _taken(self, message: OutboxMessage) -> list[bytes]:
        if message.kind is OutboxKind.mail:
            return self.receivers.mails.get(message_id(message.id, SENDER), [])
        return self.receivers.events.get(webhooks.message_id(message.id), [])

    @staticmethod
    def _twice(messages: Any) -> list[str]:
        """The same said twice to the same, as two messages: that nobody could recognise."""
        said = Counter((message.address, json.dumps(message.payload, sort_keys=True)) for message in messages)
        return [f"the same was said {count} times to {to}" for (to, _text), count in said.items() if count > 1]

    def _missing(self, messages: Any) -> list[str]:
        """Of every hearing far ahead the same people and systems were told.

        Whether by an invitation alone, or by the news too, depends on whether the hourly look at calendars came first.
        """
        told = {
            ref: sorted(
                {(message.kind.value, message.address) for message in messages if message.about.startswith(ref)}
            )
            for ref in self.refs
        }
        first = told[self.refs[0]]
        wrong = [
            f"of {ref} were not told {sorted(set(first) - set(who))}, told besides {sorted(set(who) - set(first))}"
            for ref, who in told.items()
            if who != first
        ]
        return wrong if first else ["nobody was told of anything"]


async def run(
    url: str, folder: Path, starter: "subprocess.Popen[bytes]", *, seed: int, times: int, told: Callable[[str], None]
) -> tuple[list[str], Counter[str]]:
    """So many kills on an upgraded, empty database; what is wrong, and what was counted."""
    database = Database(url)
    async with Receivers().open() as receivers:
        kills = Kills(database, folder, receivers, starter, random.Random(seed), Setting(database), told=told)
        try:
            await kills.begin()
            for number in range(1, times + 1):
                await kills.one(number)
            await kills.settle()
            await asyncio.sleep(0.5)  # whoever would do something twice may
        finally:
            kills.end()
            found = await kills.judge()
            await database.close()
    return found


@contextlib.contextmanager
def started() -> Any:
    """What clocks are forked from."""
    command = [sys.executable, "-m", "tests.scheduler.kills", "--clocks"]
    found = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield found
    finally:
        found.communicate()


async def _by_hand(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name, started() as starter:
        url = options.url or f"sqlite+aiosqlite:///{name}/vivavoce.db"
        database = Database(url)
        await database.upgrade()
        await database.close()
        wrong, counted = await run(
            url, Path(name), starter, seed=options.seed, times=options.times, told=lambda line: print(line, flush=True)
        )
    for what, count in counted.items():
        print(f"{count:6} {what}")
    for line in wrong:
        print("WRONG:", line)
    print(f"{options.times} kills, seed {options.seed}: {'wrong' if wrong else 'every effect exactly once'}")
    return 1 if wrong else 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="tests.scheduler.kills")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--url", default="", help="an empty database; by default a SQLite file")
    parser.add_argument("--clocks", action="store_true", help="be what clocks are forked from")
    options = parser.parse_args()
    if options.clocks:
        _start_clocks()
        return 0
    return asyncio.run(_by_hand(options))


if __name__ == "__main__":
    sys.exit(main())
