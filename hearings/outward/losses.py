"""Detects data older than before: compares the database with the anchor, the seal process and heads held by clients.

And accepts a loss: a person confirms that the missing data are gone for good. The log of every case concerned records
it, both States are mailed, and the numbers of acts continue above those lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM
from hearings.db import Head, go_on_above
from hearings.errors import NotReady
from hearings.events import EventKind, record
from hearings.models import Hearing, HearingEvent, HearingRequest, InstallationEvent, Person, Recording
from hearings.models.history import InstallationKind
from hearings.models.outbox import OutboxKind
from hearings.moves import noted
from hearings.outward import heads, installation, outbox
from hearings.outward.anchors import AnchorRecord
from hearings.outward.mail_words import FOOTER, full_stop, hearing_title, request_title, subject_line
from hearings.outward.notices import notify
from hearings.roles import StaffFunction
from hearings.sentences import N_, Say, english, tell
from hearings.texts import clean

K = InstallationKind
LOST = N_("Data were lost and an earlier state was restored; please compare what you have with what is shown")
"""The sentence both States are mailed."""
FUNCTIONS = (StaffFunction.administrator, StaffFunction.authority, StaffFunction.clerk)
"""Functions mailed about a case that is missing: in each State the first of these that anybody has."""


@dataclass(frozen=True)
class Lost:
    """A case with missing acts. `event`, `here`: last number of its log when anchored, and in the database."""

    ref: str
    kind: str
    number: int
    at: str
    event: int
    here: int
    states: tuple[str, ...]

    def line(self) -> str:
        """One line for the operator; no content, no name."""
        log = f", its log up to number {self.event}, here up to {self.here}" if self.event else ""
        return f"{self.kind} {self.ref}: what was done at {self.at} (act {self.number}){log}"


@dataclass(frozen=True)
class Trouble:
    """One sign that newer data existed. `code` is stable; `recordings`: origin → size and root."""

    code: str
    text: str
    lost: tuple[Lost, ...] = ()
    heads: tuple[Head, ...] = ()
    recordings: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class Accepted:
    """Losses accepted before."""

    heads: frozenset[tuple[int, str]]
    recordings: Mapping[str, tuple[int, str]]
    anchored: bool
    """Whether an anchor was begun after the last accepted loss of an anchor."""


async def accepted(db: AsyncSession) -> Accepted:
    """All of it."""
    events = await installation.events(db)
    losses = [event for event in events if event.kind is K.loss_accepted]
    moves = [
        event
        for event in events
        if event.kind is K.anchor_begun or (event.kind is K.loss_accepted and event.data["ended"])
    ]
    return Accepted(
        frozenset((number, digest) for loss in losses for number, digest in loss.data["heads"]),
        {origin: (size, root) for loss in losses for origin, size, root in loss.data["recordings"]},
        bool(moves) and moves[-1].kind is K.anchor_begun,
    )


# --- comparing ---------------------------------------------------------------------------------------------------


async def against_anchor(db: AsyncSession, anchor: AnchorRecord, known: Accepted) -> list[Trouble]:
    """Compare with the anchor: its head must be in the database, which may be newer."""
    here = await heads.newest(db)
    if await fits(db, anchor.head, known):
        return []
    hashes = await heads.hashes(db, (case.number for case in anchor.cases.values()))
    missing = {ref: case for ref, case in anchor.cases.items() if hashes.get(case.number, "")[:16] != case.hash}
    lost = [
        Lost(ref, case.kind, case.number, case.at, case.event, await _log_of(db, ref), case.states)
        for ref, case in sorted(missing.items())
    ]
    text = (
        f"the anchor of {anchor.at} knows act {anchor.head.number}, the database has come to act {here.number}"
        if anchor.head.number > here.number
        else f"the database has gone another way than the anchor, which knows another act {anchor.head.number}"
    )
    return [Trouble("behind_anchor", text, tuple(lost), (anchor.head,))]


async def fits(db: AsyncSession, head: Head, known: Accepted) -> bool:
    """Whether a head is in this database, or its loss is accepted."""
    if (head.number, head.hash) in known.heads:
        return True
    return (await heads.hashes(db, [head.number])).get(head.number) == head.hash


async def _log_of(db: AsyncSession, ref: str) -> int:
    query = select(func.max(HearingEvent.seq)).join(Hearing, col(Hearing.id) == HearingEvent.hearing_id)
    return (await db.exec(query.where(Hearing.ref == ref))).one() or 0


async def against_seal(
    db: AsyncSession, signed: Mapping[str, tuple[int, str]], known: Accepted, *, whole: bool = True
) -> list[Trouble]:
    """Compare with `signed`: by origin, size and root of the last head the seal signed; custody logs are ignored.

    The database may lag behind the seal, which signs first; but it has every recording before it begins, and never a
    longer one than the seal.
    """
    rows = {
        origin: (size, root)
        for origin, size, root in (await db.exec(select(Recording.origin, Recording.size, Recording.root))).all()
    }
    unknown = sorted(
        (origin, *head)
        for origin, head in signed.items()
        if origin not in rows and known.recordings.get(origin, (-1, ""))[0] < head[0]
    )
    behind = []
    for origin, (size, root) in sorted(rows.items()):
        sealed = signed.get(origin, (0, ""))
        same = sealed[0] > (size or 0) or sealed == (size, root)
        if size and not same and (whole or origin in signed) and known.recordings.get(origin) != (size, root):
            behind.append((origin, size, root))
    troubles = []
    if unknown:
        text = f"the seal has signed recordings that the database does not know: {_named(unknown)}"
        troubles.append(Trouble("recording_unknown", text, recordings=tuple(unknown)))
    if behind:
        text = f"the database knows recordings longer than the seal has signed, or others: {_named(behind)}"
        troubles.append(Trouble("seal_behind", text, recordings=tuple(behind)))
    return troubles


def _named(recordings: Sequence[tuple[str, int, str]]) -> str:
    return ", ".join(f"{origin.rpartition('/')[2]} ({size} lines)" for origin, size, _root in recordings)


async def against_clients(db: AsyncSession, known: Accepted) -> list[Trouble]:
    """Compare with heads handed back by clients of the API that are not in this database."""
    events = [event for event in await installation.events(db) if event.kind is K.newer_seen]
    newest = {event.data["state"]: Head(event.data["number"], event.data["hash"]) for event in events}
    return [
        Trouble("newer_seen", f"a system of {state} has seen act {head.number}, which is not here", heads=(head,))
        for state, head in sorted(newest.items())
        if not await fits(db, head, known)
    ]


async def note_shown(db: AsyncSession, *, head: Head, state: str, client: str, now: datetime) -> bool:
    """Check a head that a client hands back. True if it is not in this database; each is recorded once.

    Effects: then the event `newer_seen`.
    """
    known = await accepted(db)
    if await fits(db, head, known):
        return False
    content: dict[str, Any] = {"number": head.number, "hash": head.hash, "state": state}
    noted_before = any(
        event.kind is K.newer_seen and event.data == content | {"client": event.data["client"]}
        for event in await installation.events(db)
    )
    if not noted_before:
        await installation.note(db, kind=K.newer_seen, now=now, actor=SYSTEM.id, **content, client=client)
    return True


# --- taking it on record -----------------------------------------------------------------------------------------


async def accept(
    db: AsyncSession,
    *,
    troubles: Sequence[Trouble],
    actor: str,
    reason: str,
    origin: str,
    say: Say = english,
    now: datetime,
) -> InstallationEvent:
    """Accept that the missing data are gone for good. Raises `NotReady` if nothing is missing, `Invalid`.

    Effects: the event; a line in the log and the history of every case concerned, and mails to both its States. If
    the cases are unknown, every open case is concerned.
    """
    if not troubles:
        raise NotReady(tell("Nothing is missing: there is no loss to record"))
    reason = clean(reason, "reason", most=500, least=3)
    lost = [case for trouble in troubles for case in trouble.lost]
    newer_heads = [head for trouble in troubles for head in trouble.heads]
    data: dict[str, Any] = {
        "codes": sorted({trouble.code for trouble in troubles}),
        "heads": [[head.number, head.hash] for head in newer_heads],
        "recordings": [list(recording) for trouble in troubles for recording in trouble.recordings],
        "lost": [asdict(case) for case in lost],
        "ended": any(trouble.code in NO_ANCHOR for trouble in troubles),
    }
    made = await installation.note(db, kind=K.loss_accepted, actor=actor, reason=reason, now=now, **data)
    go_on_above(db, max((head.number for head in newer_heads), default=0))
    here = await _here(db, lost)
    for subject in here.values() if lost else await installation.open_cases(db):
        await _log(db, subject, reason, [case for case in lost if here.get(case.ref) is subject], now)
        words = {"origin": origin, "say": say, "now": now}
        key = f"loss:{made.id}:{subject.id}"
        await notify(db, subject=subject, to="both", text=LOST, key=key, **words)  # type: ignore[arg-type]
    await _tell_of_absent(db, made, [case for case in lost if case.ref not in here], say, now)
    return made


NO_ANCHOR = frozenset({"anchor_unset", "anchor_missing", "anchor_unreadable", "anchor_foreign"})
"""Codes of troubles after which an anchor, if configured, is begun again."""


async def _here(db: AsyncSession, lost: Iterable[Lost]) -> dict[str, Hearing | HearingRequest]:
    """The requests and hearings of these cases that are still in the database."""
    refs = {case.ref for case in lost}
    hearings = (await db.exec(select(Hearing).where(col(Hearing.ref).in_(refs)))).all()
    requests = (await db.exec(select(HearingRequest).where(col(HearingRequest.reference).in_(refs)))).all()
    return {hearing.ref: hearing for hearing in hearings} | {request.reference: request for request in requests}


async def _log(
    db: AsyncSession, subject: Hearing | HearingRequest, reason: str, lost: Sequence[Lost], now: datetime
) -> None:
    noted(db, subject, subject.status, actor=SYSTEM, now=now, reason=reason)
    if isinstance(subject, Hearing):
        data = {"event": lost[0].event, "here": lost[0].here, "at": lost[0].at} if lost else {}
        await record(db, hearing=subject, kind=EventKind.data_lost, actor=SYSTEM, now=now, reason=reason, **data)


async def _tell_of_absent(
    db: AsyncSession, made: InstallationEvent, lost: Sequence[Lost], say: Say, now: datetime
) -> None:
    """Mail the States of cases that are missing. Effects: messages in the outbox."""
    for case in lost:
        for state in case.states:
            query = select(Person).where(Person.owner_state == state, col(Person.active))
            staff = (await db.exec(query)).all()
            groups = ([person for person in staff if function in person.functions] for function in FUNCTIONS)
            for person in next((group for group in groups if group), []):
                await outbox.put(
                    db,
                    kind=OutboxKind.mail,
                    to=person.email,
                    payload=_mail(case, person.language or "en", say),
                    about=case.ref,
                    owner_state=state,
                    now=now,
                    key=f"loss:{made.id}:{case.ref}:{person.id}",
                )


def _mail(lost: Lost, lang: str, say: Say) -> dict[str, Any]:
    what = (request_title if lost.kind == "request" else hearing_title)(lost.ref, lang, say)
    news = say(lang, tell(LOST))
    return {
        "subject": subject_line(what, news, lang, say),
        "text": "\n".join([full_stop(news, lang, say), "", what, "", say(lang, FOOTER)]),
        "language": lang,
    }
