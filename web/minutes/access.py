"""Who may see the minutes of a hearing, and what every page of them shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse

from hearings import errors, queries
from hearings.actors import Actor
from hearings.minutes import corrections, minutes, passages, reservations, text as minutes_text
from hearings.minutes.passages import Obstacle, tongues
from hearings.models import Hearing, Minutes, MinutesPassage, Participant
from hearings.permissions import may, may_staff, require, require_staff
from hearings.roles import CONDUCTING
from hearings.status import MinutesStatus
from web.server import view_log as shown
from web.server.sign_in import SignedIn, seat, signed_in
from web.words import minutes as minutes_words, places

M = MinutesStatus


@dataclass(frozen=True)
class Access:
    """Whoever asks for the minutes of a hearing, and the part they have in it, if any."""

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
        """What the one decision function says."""
        role = self.seat.role if self.seat else None
        return may(action, role, own_state=self.state, target_state=self.state).allowed

    def may_staff(self, action: str) -> bool:
        """Acts of staff without a part in the hearing."""
        person = self.signed.person
        return (
            person is not None
            and may_staff(
                action,
                frozenset(person.functions),
                own_state=self.state,
                requesting_state=self.hearing.requesting_state,
                requested_state=self.hearing.requested_state,
            ).allowed
        )

    @property
    def reads(self) -> bool:
        """Whether the minutes are theirs to read."""
        return self.may("read_minutes") or self.may_staff("read_minutes")

    @property
    def places(self) -> list[places.Place]:
        return places.own_first(places.of_hearing(self.hearing), self.state)


async def access_to(db: AsyncSession, request: Request, *, also: str = "") -> Access:
    """Who may read the minutes; with `also`, whose part in the hearing allows that action too.

    Raises 401; `NotFound` for another State's and unknown hearings alike; `NotAllowed`.

    Effects: the view of the hearing is noted for the other State when the answer shows it (`web.server.view_log`).
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
    access = Access(signed, hearing, own)
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


async def found_of(db: AsyncSession, access: Access, request: Request) -> Minutes:
    """The minutes asked for by number, else the newest. Raises `NotFound`."""
    asked = request.query_params.get("no", "0")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return await minutes.current(db, access.hearing, number)


async def context_of(db: AsyncSession, access: Access, found: Minutes) -> dict[str, Any]:
    """The minutes, what is missing in them, who has signed, and what this person may do."""
    texts = await passages.latest(db, found)
    standing = await minutes.obstacles(db, found)
    edits = access.may("edit_minutes")
    signs = access.seat is not None and access.seat.role in CONDUCTING and access.may("sign_minutes")
    signed = await minutes.signed_by(db, found)
    return {
        "found": found,
        "tongues": tongues(found),
        "sections": _sections(texts, standing),
        "obstacles": standing,
        "words": minutes_words,
        "readings": await minutes.readings(db, found),
        "corrections": {one.reading.id: one for one in await corrections.of_minutes(db, found)},
        "reservations": await reservations.reservations_to(db, found),
        "signed": signed,
        "states": (access.hearing.requesting_state, access.hearing.requested_state),
        "heads": minutes_text.heads(await minutes.recordings(db, found)),
        "history": await queries.history(db, found),
        "can": {
            "edit": edits and found.status in passages.EDITABLE,
            "refresh": edits and found.status is M.drafted,
            "submit": edits and found.status is M.drafted,
            "send_back": edits and found.status is M.in_review,
            "read": edits and found.status is M.in_review,
            "reopen": edits and found.status is M.read_back,
            "sign": signs and found.status is M.read_back and access.state not in signed and not standing,
            "reserve": access.may("enter_reservation"),
            "acknowledge": found.status is M.signed
            and found.received_at is None
            and access.may_staff("receive_minutes"),
        },
    }


def _sections(
    texts: Sequence[MinutesPassage], standing: Sequence[Obstacle]
) -> list[tuple[str, list[tuple[MinutesPassage, list[Obstacle]]]]]:
    why: dict[str, list[Obstacle]] = {}
    for one in standing:
        why.setdefault(one.key, []).append(one)
    return [
        (minutes_words.section(name), [(passage, why.get(passage.key, [])) for passage in group])
        for name, group in groupby(texts, key=lambda passage: passage.key.split(".")[0])
    ]


def back(request: Request, done: str, path: str = "") -> RedirectResponse:
    """After an act: to the page of the minutes, or one below it."""
    return RedirectResponse(f"/h/{request.path_params['ref']}/minutes{path}?done={done}", 303)
