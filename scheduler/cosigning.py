"""Heads of recordings and custody logs are sent to the cosigners (docs/cosigner.md), by the elected clock alone.

While a sitting is recorded, its newest signed head every `every` seconds, the first one at once; at the close that of
the close, whose cosignatures are added to `checkpoint`; then, and after each access, that of the custody log. Nothing
here can hold a recording up: it reads what recorder and seal have written, and a cosigner that is away is asked again,
less and less often. Heads cosigned while recording are kept beside the recordings and go into the custody log as `head`
lines once the recording is closed. A cosigner that has seen another past is an alarm to both States.
"""

import asyncio
import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from hearings.models import CustodyAudit, Recording
from hearings.outward import claims, notices, webhooks
from media.evidence.cosigning import waiting
from media.evidence.cosigning.asking import ALARMING, MOST_ANSWER, AnotherPast, Cosigned, NotCosigned, Post, Reply, ask
from media.evidence.cosigning.cosigners import Cosigners, NamedCosigner
from media.evidence.cosigning.followed_log import FollowedLog, FollowedLogError, SignedHead
from media.evidence.cosigning.waiting import Waiting, WaitingHead
from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.store import sync_folder, write_durably
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.cosigning")

MISSING_AFTER = 3600
"""Seconds for which a cosigner may sign nothing before administrators of both States are told, once."""
PATIENCE = 10.0
"""Seconds a cosigner has to answer."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds until a cosigner that did not sign is asked again: twice as long after each time, up to the longest."""
LOGS = ((custody.JOURNAL, custody.CHECKPOINT), (custody.LOG, custody.LOG_CHECKPOINT))
"""Files of the two logs of a recording: their lines and their head."""
CALLED = {custody.CHECKPOINT: "recording", custody.LOG_CHECKPOINT: "custody"}
"""What systems are told which log it is, by its head (docs/webhooks.md)."""


@dataclass
class _Asked:
    """What one cosigner has done with one log."""

    size: int = 0
    at: int = 0
    tries: int = 0
    since: int = 0
    why: str = ""
    again: float = 0.0


@dataclass
class _Log:
    """One log that is followed; `asked` by name of the cosigner."""

    followed: FollowedLog
    asked: dict[str, _Asked] = field(default_factory=dict)
    origin: str = ""
    done: float | None = None
    """When its newest head was last submitted, on the monotonic clock."""
    wanting: Sequence[str] = ()
    """Names of the cosigners that have not signed its newest head."""


class Cosigning:
    """What has been asked so far. Owned by the event loop of the clock; nothing of it must outlive the process, since
    a cosigner says itself from which head it wants a proof."""

    def __init__(
        self,
        cosigners: Cosigners,
        recordings: Path,
        every: float,
        *,
        post: Post | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`every`: seconds between two heads of a recording that goes on. `post`, `steady`: for tests."""
        self.cosigners = cosigners
        self.recordings = recordings
        self._every = every
        self._post = post or _post
        self._steady = steady
        self._logs: dict[tuple[str, str], _Log] = {}
        self._settled: dict[str, tuple[int, ...]] = {}
        self._away: dict[str, tuple[int, float]] = {}
        self._written: list[WaitingHead] | None = None
        before = waiting.read(recordings)
        self._missing: dict[str, int] = _earliest(
            head for head in (before.heads if before is not None else ()) if head.why not in ALARMING
        )
        self._pairs: dict[str, str] = {}
        """The two States of a recording, as far as the docket knows it."""

    async def send_due(self, world: World) -> int:
        """Send what is due to every cosigner; returns how many cosignatures came. Effects: those of the module."""
        count = 0
        for name, stamp in (await asyncio.to_thread(self._changed)).items():
            try:
                count += await self._recording(world, name, stamp)
            except (FollowedLogError, custody.CustodyError, OSError):
                logger.exception("the heads of a recording could not be cosigned, id %s", name)
        now = int(world.clock().timestamp())
        await self._tell_missing(world, now)
        await asyncio.to_thread(self._write, now)
        return count

    def _changed(self) -> dict[str, tuple[int, ...]]:
        """The recordings of which something may have to be cosigned, the newest first, each with its stamp."""
        stamps: dict[str, tuple[int, ...]] = {}
        present = set()
        with os.scandir(self.recordings) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_dir():
                    present.add(entry.name)
                    stamp = tuple(_stamp(Path(entry.path) / checkpoint) for _log, checkpoint in LOGS)
                    if stamp[0] and self._settled.get(entry.name) != stamp:
                        stamps[entry.name] = stamp
        self._logs = {key: log for key, log in self._logs.items() if key[0] in present}
        return dict(sorted(stamps.items(), reverse=True))

    async def _recording(self, world: World, name: str, stamp: tuple[int, ...]) -> int:
        folder, count, settled = self.recordings / name, 0, True
        closed = await asyncio.to_thread(custody.is_closed, folder)
        for log, checkpoint in LOGS:
            state = self._logs.setdefault((name, log), _Log(FollowedLog(folder, log, checkpoint)))
            lasting = closed or log == custody.LOG
            signed = await asyncio.to_thread(state.followed.peek)
            if signed is not None and self._wanting(state, signed, lasting):
                signed = await asyncio.to_thread(state.followed.look)
            if signed is None:
                continue
            state.origin = signed.head.origin
            came, wanting = await self._submit(world, name, state, signed, lasting)
            count, state.wanting = count + came, wanting
            settled = settled and not came and not wanting
            if log == custody.JOURNAL and closed and not wanting:
                settled = not await asyncio.to_thread(_journal, self.recordings, name, world) and settled
        if settled:  # as it was before it was looked at: what has changed meanwhile is looked at again
            self._settled[name] = stamp
            if closed:
                for log, _checkpoint in LOGS:
                    self._logs.pop((name, log), None)
        return count

    async def _submit(
        self, world: World, name: str, state: _Log, signed: SignedHead, lasting: bool
    ) -> tuple[int, list[str]]:
        """Ask those whose cosignature is wanting; how many came, and whose is wanting still. `lasting`: the head does
        not change any more, so that cosignatures are added to it."""
        now = self._steady()
        wanting = self._wanting(state, signed, lasting)
        due = [one for one in wanting if self._is_due(state, one.name, now, lasting)]
        if not due:
            return 0, [one.name for one in wanting]
        state.done = now
        seconds = int(world.clock().timestamp())
        asked = [self._ask(state, one, signed, seconds) for one in due]
        answers = dict(zip((one.name for one in due), await asyncio.gather(*asked), strict=True))
        lines = [answer.line for answer in answers.values() if isinstance(answer, Cosigned)]
        if lines:
            await asyncio.to_thread(self._keep, name, state, signed, lines, lasting)
        for one in due:
            answer = answers[one.name]
            why = answer.why if isinstance(answer, AnotherPast) else answer
            self._note(state, one.name, signed.head, why, seconds)
            if isinstance(why, NotCosigned):
                logger.warning("a head was not cosigned by %s: %s, id %s", one.key.name, why, name)
            # A process that was the clock until now may have sent a later head: then the next look settles it.
            if isinstance(answer, AnotherPast) and (why is NotCosigned.fork or state.asked[one.name].tries > 1):
                about: dict[str, str | int] = {"log": CALLED[state.followed.checkpoint.name], "size": signed.head.size}
                await self._alarm(world, name, one, answer, about)
        got = {name for name, answer in answers.items() if isinstance(answer, Cosigned)}
        return len(lines), [one.name for one in wanting if one.name not in got]

    def _wanting(self, state: _Log, signed: SignedHead, lasting: bool) -> list[NamedCosigner]:
        """The cosigners that have not signed this head."""
        if not lasting:
            sizes = {name: asked.size for name, asked in state.asked.items()}
            return [one for one in self.cosigners.each if sizes.get(one.name, 0) < signed.head.size]
        note = tlog.parse_note(signed.note)
        return [one for one in self.cosigners.each if not _has_signed(one, note)]

    def _is_due(self, state: _Log, cosigner: str, now: float, lasting: bool) -> bool:
        _tries, again = self._away.get(cosigner, (0, 0.0))
        asked = state.asked.get(cosigner)
        if now < again or (asked is not None and now < asked.again):
            return False
        return lasting or state.done is None or now - state.done >= self._every or bool(asked and asked.why)

    async def _ask(
        self, state: _Log, one: NamedCosigner, signed: SignedHead, now: int
    ) -> Cosigned | NotCosigned | AnotherPast:
        asked = state.asked.get(one.name, _Asked())
        tries, again = self._away.get(one.name, (0, 0.0))
        if self._steady() < again:  # another log has found it away meanwhile
            return NotCosigned.away
        known = asked.size if asked.size <= signed.head.size else 0
        answer = await ask(one, signed.note, state.followed.tree, known, self._post, now)
        if answer is NotCosigned.away:
            self._away[one.name] = (tries + 1, self._steady() + _pause(tries + 1))
        else:
            self._away.pop(one.name, None)
        return answer

    def _note(
        self, state: _Log, cosigner: str, head: tlog.Checkpoint, answer: Cosigned | NotCosigned, now: int
    ) -> None:
        asked = state.asked.setdefault(cosigner, _Asked())
        if isinstance(answer, Cosigned):
            state.asked[cosigner] = _Asked(size=head.size, at=answer.time)
            return
        asked.tries += 1
        asked.since = asked.since or now
        asked.why = answer.value
        if answer is not NotCosigned.away:
            asked.again = self._steady() + _pause(asked.tries)

    def _keep(self, name: str, state: _Log, signed: SignedHead, lines: Sequence[bytes], lasting: bool) -> None:
        """Add cosignatures to the head, or keep the cosigned head beside a recording that goes on."""
        if lasting:
            text = tlog.parse_note(signed.note).text
            custody.add_cosignatures(self.recordings / name, state.followed.checkpoint.name, text, lines)
            return
        folder = self.recordings / waiting.FOLDER / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{signed.head.size:012}.checkpoint"
        before = path.read_bytes() if path.exists() else signed.note
        draft = path.with_suffix(".tmp")
        draft.unlink(missing_ok=True)
        write_durably(draft, tlog.with_signatures(before, lines))
        draft.replace(path)
        sync_folder(folder)

    async def _alarm(
        self, world: World, name: str, one: NamedCosigner, seen: AnotherPast, about: Mapping[str, str | int]
    ) -> None:
        """Effects, once for each cosigner and reason: the row of a failed audit, mail to the staff of both States who
        are told of one, an event for the systems of both; a line in the service's log. `about`: which log, and the
        size of the head that was refused."""
        why = seen.why
        logger.error("A COSIGNER HAS SEEN ANOTHER PAST OF A RECORDING (%s), id %s", why, name)
        key, more = f"head_refused:{name}:{one.name}:{why}", {**about, "cosigner_size": seen.size}
        event, kind = webhooks.REFUSED, "head_refused"
        await _tell(world, name, kind=kind, key=key, event=event, cosigner=one.name, why=why, more=more)

    async def _tell_missing(self, world: World, now: int) -> None:
        """Tell both States of each pair that has a recording waiting, once for each time a cosigner has signed nothing
        of what waits for `MISSING_AFTER`. What it refuses because of another past is told by `_alarm`."""
        since = _earliest(head for _name, head in self._waiting() if NotCosigned(head.why) not in ALARMING)
        self._missing = {one: min(at, self._missing.get(one, at)) for one, at in since.items()}
        for cosigner, at in self._missing.items():
            if now - at < MISSING_AFTER:
                continue
            for pair, (name, why) in (await self._by_pair(world, self._unsigned(cosigner, at))).items():
                event, key = webhooks.MISSING, f"head_missing:{cosigner}:{pair}:{at}"
                await _tell(world, name, kind="head_missing", key=key, event=event, cosigner=cosigner, why=why)

    def _unsigned(self, cosigner: str, since: int) -> list[tuple[str, NotCosigned]]:
        """The recordings of which a cosigner has signed nothing since an instant, the one that was asked for first
        before the others, each with the reason. Of those that it was not asked for, it is away."""
        found = []
        for (name, _log), state in self._logs.items():
            asked = state.asked.get(cosigner, _Asked())
            why = NotCosigned(asked.why or NotCosigned.away)
            nothing = bool(asked.why) or asked.at <= since
            if cosigner in state.wanting and nothing and why not in ALARMING:
                found.append((asked.since or math.inf, name, why))
        return [(name, why) for _since, name, why in sorted(found)]

    async def _by_pair(
        self, world: World, unsigned: Sequence[tuple[str, NotCosigned]]
    ) -> dict[str, tuple[str, NotCosigned]]:
        """Of each pair of States the first of these recordings; one that the docket does not know is passed over."""
        found: dict[str, tuple[str, NotCosigned]] = {}
        async with world.database.reading() as db:
            for name, why in unsigned:
                if name not in self._pairs:
                    subject = await notices.subject_of(db, "recording", name)
                    if subject is None:
                        continue
                    self._pairs[name] = "-".join(sorted(notices.sides(subject, "both")))
                found.setdefault(self._pairs[name], (name, why))
        return found

    def _waiting(self) -> list[tuple[str, WaitingHead]]:
        """What waits, with the recording's id."""
        return [
            (name, WaitingHead(state.origin, cosigner, asked.since, asked.why, asked.size, asked.at))
            for (name, _log), state in self._logs.items()
            for cosigner, asked in state.asked.items()
            if asked.why
        ]

    def _write(self, now: int) -> None:
        """Say which heads wait, for pages and health."""
        heads = [head for _name, head in self._waiting()]
        if heads != self._written:
            waiting.write(self.recordings, Waiting(now, heads))
            self._written = heads


async def _tell(
    world: World,
    name: str,
    *,
    kind: str,
    key: str,
    event: str,
    cosigner: str,
    why: NotCosigned,
    more: Mapping[str, str | int] | None = None,
) -> None:
    """Effects, once for each key: mail to the staff of both States who are told, an event for their systems, with
    `more`; of another past, which is an alarm, the row of a failed audit too."""
    now = world.clock()
    to, functions, text = notices.DUE[kind]
    async with world.database.transaction() as db:
        recording = await db.get(Recording, name)
        subject = await notices.subject_of(db, "recording", name)
        if recording is None or subject is None:
            return
        about = {"subject": "recording", "subject_id": name, "owner_state": recording.owner_state}
        if not await claims.claim(db, key=key, kind=kind, due_at=now, now=now, **about):
            return
        if why in ALARMING:
            state, first = recording.owner_state, f"cosigner {cosigner}: {why}"[:200]
            db.add(CustodyAudit(owner_state=state, recording_id=name, at=now, verdict="failed", first=first))
        data = {"recording": name, "cosigner": cosigner, "why": why.value, **(more or {})}
        await notices.announce(db, subject=subject, event=event, more=data, key=key, origin=world.origin, now=now)
        await notices.notify(
            db,
            subject=subject,
            to=to,
            functions=functions,
            text=text,
            key=key,
            origin=world.origin,
            say=world.say,
            now=now,
        )


def _earliest(heads: Iterable[WaitingHead]) -> dict[str, int]:
    """By cosigner, since when the first of these heads waits."""
    found: dict[str, int] = {}
    for head in heads:
        found[head.cosigner] = min(head.since, found.get(head.cosigner, head.since))
    return found


def _pause(tries: int) -> float:
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries - 1, 10))


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _has_signed(one: NamedCosigner, note: tlog.Note) -> bool:
    lines = [line for line in note.signatures if one.key.has_signed(line)]
    return any(tlog.verify_cosignature(note.text, line, one.key.key) is not None for line in lines)


def _journal(recordings: Path, name: str, world: World) -> bool:
    """Write the cosigned heads of a closed recording into its custody log as `head` lines, once; whether it was done
    now. Effects: those lines, their signed head; what was kept beside the recordings is removed."""
    folder, beside = recordings / name, recordings / waiting.FOLDER / name
    closing = (folder / custody.CHECKPOINT).read_bytes()
    done = {line["note"] for line in _heads(folder / custody.LOG)}
    notes = [path.read_bytes() for path in sorted(beside.glob("*.checkpoint"))] if beside.is_dir() else []
    text = tlog.parse_note(closing).text.decode()
    entries = [{"type": "head", "note": note.decode()} for note in notes if note.decode() not in done]
    if not any(note.startswith(text + "\n") for note in done):
        entries.append({"type": "head", "note": closing.decode()})
    if entries and world.seal is not None:
        custody.record(folder, entries, world.seal(), int(world.clock().timestamp()) * 10**9)
    shutil.rmtree(beside, ignore_errors=True)
    return bool(entries)


def _heads(path: Path) -> list[Mapping[str, str]]:
    """The `head` lines of a custody log."""
    lines = [line for line in path.read_bytes().split(b"\n") if b'"type":"head"' in line]
    return [found for line in lines if (found := journal_lines.read(line)[0] or {}).get("type") == "head"]


async def _post(url: str, body: bytes) -> Reply:
    """Post to a cosigner: no redirects, no proxies of the environment, no more of the answer than it may have."""
    try:
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=PATIENCE) as client,
            client.stream("POST", url, content=body, headers={"user-agent": "Vivavoce"}) as answer,
        ):
            read = b""
            async for piece in answer.aiter_bytes():
                read += piece
                if len(read) > MOST_ANSWER:
                    break
            return Reply(answer.status_code, answer.headers.get("content-type", ""), read[:MOST_ANSWER])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectionError("the cosigner does not answer") from error
