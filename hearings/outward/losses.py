"""Older data are noticed: what the anchor, the seal and clients of the API say was there, against what is there.

And taking a loss on record: a person says that what is missing is gone for good. It stands in the log of every case
concerned, both States are told, and the numbers of the acts go on above those that were lost.
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
from hearings.minutes.phrases import N_
from hearings.models import Hearing, HearingEvent, HearingRequest, InstallationEvent, Person, Recording
from hearings.models.history import InstallationKind
from hearings.models.outbox import OutboxKind
from hearings.moves import noted
from hearings.outward import heads, installation, outbox
from hearings.outward.anchors import Kept
from hearings.outward.mail_words import FOOTER, HEARING, REQUEST, SENTENCE, SUBJECT, Say, english, plain
from hearings.outward.notices import tell as tell_those_concerned
from hearings.roles import StaffFunction
from hearings.sentences import tell
from hearings.texts import clean

K = InstallationKind
LOST = N_("Data were lost and an older state was put back; please compare what you have with what is shown")
"""What both States are told."""
FUNCTIONS = (StaffFunction.administrator, StaffFunction.authority, StaffFunction.clerk)
"""Who is told of a case that is not here any more: those of its States with the first of these that anybody has."""


@dataclass(frozen=True)
class Lost:
    """A case of which acts are missing. `event`, `here`: the last number of its log there and here."""

    ref: str
    kind: str
    number: int
    at: str
    event: int
    here: int
    states: tuple[str, ...]

    def told(self) -> str:
        """In one line for whoever runs the installation; no content, nobody's name."""
        log = f", its log up to number {self.event}, here up to {self.here}" if self.event else ""
        return f"{self.kind} {self.ref}: what was done at {self.at} (act {self.number}){log}"


@dataclass(frozen=True)
class Trouble:
    """One thing that says that newer data were there. `code` is stable; `recordings`: origin → size and root."""

    code: str
    text: str
    lost: tuple[Lost, ...] = ()
    heads: tuple[Head, ...] = ()
    recordings: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class Accepted:
    """What has been taken on record before."""

    heads: frozenset[tuple[int, str]]
    recordings: Mapping[str, tuple[int, str]]
    anchored: bool
    """An anchor was kept since the last time."""


async def accepted(db: AsyncSession) -> Accepted:
    """All of it."""
    events = await installation.events(db)
    losses = [one for one in events if one.kind is K.loss_accepted]
    moves = [one for one in events if one.kind is K.anchor_begun or (one.kind is K.loss_accepted and one.data["ended"])]
    return Accepted(
        frozenset((number, digest) for one in losses for number, digest in one.data["heads"]),
        {origin: (size, root) for one in losses for origin, size, root in one.data["recordings"]},
        bool(moves) and moves[-1].kind is K.anchor_begun,
    )


# --- comparing ---------------------------------------------------------------------------------------------------


async def against_anchor(db: AsyncSession, kept: Kept, known: Accepted) -> list[Trouble]:
    """An anchor may lag behind the database; it never leads, and goes the same way."""
    here = await heads.newest(db)
    if await fits(db, kept.head, known):
        return []
    found = await heads.hashes(db, (case.number for case in kept.cases.values()))
    missing = {ref: case for ref, case in kept.cases.items() if found.get(case.number, "")[:16] != case.hash}
    lost = [
        Lost(ref, case.kind, case.number, case.at, case.event, await _log_of(db, ref), case.states)
        for ref, case in sorted(missing.items())
    ]
    text = (
        f"the anchor of {kept.at} knows act {kept.head.number}, the database has come to act {here.number}"
        if kept.head.number > here.number
        else f"the database has gone another way than the anchor, which knows another act {kept.head.number}"
    )
    return [Trouble("behind_anchor", text, tuple(lost), (kept.head,))]


async def fits(db: AsyncSession, head: Head, known: Accepted) -> bool:
    """Whether this database has come by a head, or its loss is on record."""
    if (head.number, head.hash) in known.heads:
        return True
    return (await heads.hashes(db, [head.number])).get(head.number) == head.hash


async def _log_of(db: AsyncSession, ref: str) -> int:
    query = select(func.max(HearingEvent.seq)).join(Hearing, col(Hearing.id) == HearingEvent.hearing_id)
    return (await db.exec(query.where(Hearing.ref == ref))).one() or 0


async def against_seal(
    db: AsyncSession, signed: Mapping[str, tuple[int, str]], known: Accepted, *, whole: bool = True
) -> list[Trouble]:
    """`signed`: by origin, size and root of the head the seal signed last; of custody logs nothing.

    The database may lag behind the seal, which signs first: but it knows of every recording before it is begun, and
    never of a longer one than the seal.
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
        there = signed.get(origin, (0, ""))
        same = there[0] > (size or 0) or there == (size, root)
        if size and not same and (whole or origin in signed) and known.recordings.get(origin) != (size, root):
            behind.append((origin, size, root))
    found = []
    if unknown:
        text = f"the seal has signed recordings that the database does not know: {_named(unknown)}"
        found.append(Trouble("recording_unknown", text, recordings=tuple(unknown)))
    if behind:
        text = f"the database knows recordings longer than the seal has signed, or others: {_named(behind)}"
        found.append(Trouble("seal_behind", text, recordings=tuple(behind)))
    return found


def _named(recordings: Sequence[tuple[str, int, str]]) -> str:
    return ", ".join(f"{origin.rpartition('/')[2]} ({size} lines)" for origin, size, _root in recordings)


async def against_clients(db: AsyncSession, known: Accepted) -> list[Trouble]:
    """Heads that clients of the API have shown, which are none of ours."""
    events = [one for one in await installation.events(db) if one.kind is K.newer_seen]
    shown = {one.data["state"]: Head(one.data["number"], one.data["hash"]) for one in events}
    return [
        Trouble("newer_seen", f"a system of {state} has seen act {head.number}, which is not here", heads=(head,))
        for state, head in sorted(shown.items())
        if not await fits(db, head, known)
    ]


async def note_shown(db: AsyncSession, *, head: Head, state: str, client: str, now: datetime) -> bool:
    """A client of the API hands back a head. True when it is not ours; the first time of each, it is noted.

    Effects: then the event `newer_seen`.
    """
    known = await accepted(db)
    if await fits(db, head, known):
        return False
    told: dict[str, Any] = {"number": head.number, "hash": head.hash, "state": state}
    noted_before = any(
        one.kind is K.newer_seen and one.data == told | {"client": one.data["client"]}
        for one in await installation.events(db)
    )
    if not noted_before:
        await installation.note(db, kind=K.newer_seen, now=now, actor=SYSTEM.id, **told, client=client)
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
    """A person says that what is missing is gone for good. Raises `NotReady` where nothing is missing, `Invalid`.

    Effects: the event; a line in the log and the history of every case concerned, and mails to both its States. Where
    nothing says which cases they are, every case that is open is concerned.
    """
    if not troubles:
        raise NotReady(tell("Nothing is missing: there is no loss to take on record"))
    reason = clean(reason, "reason", most=500, least=3)
    lost = [one for trouble in troubles for one in trouble.lost]
    shown = [head for trouble in troubles for head in trouble.heads]
    data: dict[str, Any] = {
        "codes": sorted({one.code for one in troubles}),
        "heads": [[head.number, head.hash] for head in shown],
        "recordings": [list(one) for trouble in troubles for one in trouble.recordings],
        "lost": [asdict(one) for one in lost],
        "ended": any(one.code in NO_ANCHOR for one in troubles),
    }
    made = await installation.note(db, kind=K.loss_accepted, actor=actor, reason=reason, now=now, **data)
    go_on_above(db, max((head.number for head in shown), default=0))
    here = await _here(db, lost)
    for subject in here.values() if lost else await installation.open_cases(db):
        await _log(db, subject, reason, [one for one in lost if here.get(one.ref) is subject], now)
        words = {"origin": origin, "say": say, "now": now}
        key = f"loss:{made.id}:{subject.id}"
        await tell_those_concerned(db, subject=subject, to="both", text=LOST, key=key, **words)  # type: ignore[arg-type]
    await _tell_of_absent(db, made, [one for one in lost if one.ref not in here], say, now)
    return made


NO_ANCHOR = frozenset({"anchor_unset", "anchor_missing", "anchor_unreadable", "anchor_foreign"})
"""Troubles after which an anchor, if one is set, is begun anew."""


async def _here(db: AsyncSession, lost: Iterable[Lost]) -> dict[str, Hearing | HearingRequest]:
    """The cases of which something is left."""
    refs = {one.ref for one in lost}
    hearings = (await db.exec(select(Hearing).where(col(Hearing.ref).in_(refs)))).all()
    requests = (await db.exec(select(HearingRequest).where(col(HearingRequest.reference).in_(refs)))).all()
    return {one.ref: one for one in hearings} | {one.reference: one for one in requests}


async def _log(
    db: AsyncSession, subject: Hearing | HearingRequest, reason: str, lost: Sequence[Lost], now: datetime
) -> None:
    noted(db, subject, subject.status, actor=SYSTEM, now=now, reason=reason)
    if isinstance(subject, Hearing):
        told = {"event": lost[0].event, "here": lost[0].here, "at": lost[0].at} if lost else {}
        await record(db, hearing=subject, kind=EventKind.data_lost, actor=SYSTEM, now=now, reason=reason, **told)


async def _tell_of_absent(
    db: AsyncSession, made: InstallationEvent, lost: Sequence[Lost], say: Say, now: datetime
) -> None:
    """Mails about cases that are not here any more."""
    for one in lost:
        for state in one.states:
            query = select(Person).where(Person.owner_state == state, col(Person.active))
            staff = (await db.exec(query)).all()
            groups = ([person for person in staff if function in person.functions] for function in FUNCTIONS)
            for person in next((group for group in groups if group), []):
                await outbox.put(
                    db,
                    kind=OutboxKind.mail,
                    to=person.email,
                    payload=_mail(one, person.language or "en", say),
                    about=one.ref,
                    owner_state=state,
                    now=now,
                    key=f"loss:{made.id}:{one.ref}:{person.id}",
                )


def _mail(lost: Lost, lang: str, say: Say) -> dict[str, Any]:
    what = say(lang, REQUEST if lost.kind == "request" else HEARING).format(ref=plain(lost.ref, lang))
    news = say(lang, LOST)
    return {
        "subject": say(lang, SUBJECT).format(what=what, news=f"{news[0].lower()}{news[1:]}"),
        "text": "\n".join([say(lang, SENTENCE).format(news=news), "", what, "", say(lang, FOOTER)]),
        "language": lang,
    }
