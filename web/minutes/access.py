"""Access to the minutes of a hearing, and the context that their pages share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse

from hearings import errors, queries
from hearings.actors import Actor
from hearings.minutes import (
    corrections,
    minutes,
    passages,
    signed_corrections,
    text as minutes_text,
)
from hearings.minutes.passages import Obstacle, minutes_languages
from hearings.models import Hearing, Minutes, MinutesCorrection, MinutesPassage, Participant
from hearings.permissions import may, require, require_staff
from hearings.roles import CONDUCTING
from hearings.signatures import signatures
from hearings.status import MinutesStatus
from web.server import view_log as shown
from web.server.sign_in import SignedIn, may_on, seat, signed_in
from web.words import court_clocks, minutes as minutes_words

M = MinutesStatus


@dataclass(frozen=True)
class MinutesAccess:
    """A login that asks for the minutes of a hearing, with its participant in the hearing, if it has one."""

    signed: SignedIn
    hearing: Hearing
    seat: Participant | None

    @property
    def actor(self) -> Actor:
        return self.signed.actor(self.seat)

    @property
    def state(self) -> str:
        return self.actor.state

    def may(self, action: str) -> bool:
        """Whether the permission table allows the action to this participant."""
        role = self.seat.role if self.seat else None
        return may(action, role, own_state=self.state, target_state=self.state).allowed

    def may_staff(self, action: str) -> bool:
        """Whether the permission table allows the action to a member of staff who is no participant."""
        person = self.signed.person
        return person is not None and may_on(action, person, self.hearing)

    @property
    def reads(self) -> bool:
        """Whether this login may read the minutes."""
        return self.may("read_minutes") or self.may_staff("read_minutes")

    @property
    def places(self) -> list[court_clocks.CourtClock]:
        return court_clocks.own_first(court_clocks.of_hearing(self.hearing), self.state)


async def access_to(db: AsyncSession, request: Request, *, also: str = "") -> MinutesAccess:
    """The access of a login that may read the minutes, or whose role in the hearing allows the action `also`.

    Raises 401; `NotFound`, alike for an unknown hearing and for one of other States; `NotAllowed`.

    Effects: if the response displays the hearing, the view is recorded for the owning State (`web.server.view_log`).
    """
    signed = signed_in(request)
    ref = request.path_params["ref"]
    try:
        hearing, own = await seat(db, signed, ref)
    except errors.NotFound:
        if signed.person is None:
            raise
        hearing, own = await queries.hearing(db, ref, state=signed.person.owner_state), None
    shown.add(request, hearing)
    access = MinutesAccess(signed, hearing, own)
    if own is not None and (access.may("read_minutes") or (also and access.may(also))):
        return access
    if not access.may_staff("read_minutes"):
        if own is not None:
            require("read_minutes", access.actor)
        require_staff(
            "read_minutes",
            access.actor,
            requesting_state=hearing.requesting_state,
            requested_state=hearing.requested_state,
        )
    return access


async def found_of(db: AsyncSession, access: MinutesAccess, request: Request) -> Minutes:
    """The minutes asked for by number, else the newest. Raises `NotFound`."""
    asked = request.query_params.get("no", "0")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return await minutes.current(db, access.hearing, number)


async def context_of(db: AsyncSession, access: MinutesAccess, row: Minutes) -> dict[str, Any]:
    """The template context: the minutes, their obstacles, the States that have signed, and the acts this person may
    perform."""
    texts = await passages.latest(db, row)
    obstacles = await minutes.obstacles(db, row)
    edits = access.may("edit_minutes")
    signs = access.seat is not None and access.seat.role in CONDUCTING and access.may("sign_minutes")
    signed = await minutes.signed_by(db, row)
    return {
        "found": row,
        "tongues": minutes_languages(row),
        "sections": _sections(texts, obstacles),
        "obstacles": obstacles,
        "words": minutes_words,
        "readings": await minutes.readings(db, row),
        "corrections": {correction.reading.id: correction for correction in await corrections.of_minutes(db, row)},
        "reservations": await corrections.reservations_to(db, row),
        "signed": signed,
        "states": (access.hearing.requesting_state, access.hearing.requested_state),
        "heads": minutes_text.heads(await minutes.recordings(db, row)),
        "history": await queries.history(db, row),
        "later": [
            (one, await signed_corrections.signed_by(db, one)) for one in await signed_corrections.of_minutes(db, row)
        ],
        "can": {
            "edit": edits and row.status in passages.EDITABLE,
            "refresh": edits and row.status is M.drafted,
            "submit": edits and row.status is M.drafted,
            "send_back": edits and row.status is M.in_review,
            "read": edits and row.status is M.in_review,
            "reopen": edits and row.status is M.read_back,
            "sign": signs and row.status is M.read_back and access.state not in signed and not obstacles,
            "correct": edits and row.status is M.signed,
            "reserve": access.may("enter_reservation"),
            "acknowledge": row.status is M.signed and row.received_at is None and access.may_staff("receive_minutes"),
        },
    }


@dataclass(frozen=True)
class SectionView:
    """A section of the minutes: its passages by their numbers in the whole, each with its obstacles."""

    name: str
    heading: str
    rows: list[tuple[int, MinutesPassage, list[Obstacle]]]

    @property
    def open(self) -> int:
        """How many of its passages are not complete."""
        return sum(bool(why) for _number, _passage, why in self.rows)

    @property
    def to_write(self) -> int:
        """How many of the others somebody may still complete."""
        return sum(bool(passage.open_for) and not why for _number, passage, why in self.rows)


def _sections(texts: Sequence[MinutesPassage], obstacles: Sequence[Obstacle]) -> list[SectionView]:
    why: dict[str, list[Obstacle]] = {}
    for obstacle in obstacles:
        why.setdefault(obstacle.key, []).append(obstacle)
    numbered = [(number, passage, why.get(passage.key, [])) for number, passage in enumerate(texts, 1)]
    return [
        SectionView(name, minutes_words.section(name), list(group))
        for name, group in groupby(numbered, key=lambda row: row[1].key.split(".")[0])
    ]


EVERYTHING = "all"


def displayed(sections: Sequence[SectionView], asked: str) -> str:
    """The section that is unfolded: the one asked for (`EVERYTHING` for all), else the first with something open."""
    names = [section.name for section in sections]
    if asked == EVERYTHING or asked in names:
        return asked
    return next((section.name for section in sections if section.open), "")


def back(request: Request, done: str, path: str = "", number: int = 0) -> RedirectResponse:
    """Redirects after an act to the page of the minutes, or to `path` below it; `number`: of minutes that are to be
    shown, where they need not be the newest.
    """
    which = f"&no={number}" if number else ""
    return RedirectResponse(f"/h/{request.path_params['ref']}/minutes{path}?done={done}{which}", 303)


async def whole(db: AsyncSession, hearing: Hearing, row: Minutes) -> dict[str, Any]:
    """The whole of the minutes as JSON, with the signatures as received (docs/minutes.md)."""
    later = await signed_corrections.of_minutes(db, row)
    beside = {"later_corrections": [await signed_corrections.whole(db, hearing, row, one) for one in later]}
    return beside | minutes_text.whole(
        hearing,
        row,
        passages=await passages.latest(db, row),
        reading=await minutes.reading_in_force(db, row),
        corrections=await corrections.of_minutes(db, row),
        recordings=await minutes.recordings(db, row),
        reservations=await corrections.reservations_to(db, row),
        signatures=await signatures.signatures_of(db, row),
    )


def correction_file(hearing: Hearing, row: Minutes, correction: MinutesCorrection, ending: str) -> str:
    """The name of a copy as a file."""
    return f"minutes-{hearing.ref}-{row.number}-correction-{correction.number}.{ending}"
