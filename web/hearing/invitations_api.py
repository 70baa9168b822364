"""Links people join a hearing by: made, replaced, revoked by a client that acts as the hearing's clerk.

Address and PIN are in one answer and nowhere else: the database keeps hashes, and so does what is kept of an answer for
its `Idempotency-Key`. They are given to the person by two different ways.
"""

from dataclasses import replace
from typing import Any, Literal

from fastapi import Response

from hearings import queries
from hearings.actors import Actor
from hearings.hearing import links
from hearings.models import Hearing, Participant
from hearings.people.logins import LoginEnd
from hearings.roles import Role
from web.api import examples
from web.api.access import Caller, Calling, parts_of
from web.api.fields import Moment, Nothing, Shown
from web.api.idempotency import Once
from web.api.routes import Resource
from web.hearing.api import Ref
from web.hearing.participants_api import Id, find, hearing_of

router = Resource("invitations")

PATH = "/hearings/{ref}/participants/{participant}/invitation"
SHOWN: dict[str, Any] = {
    "hearing": "7F3K-22QD",
    "participant": "0193a1b2-9d3e-7a11-9b22-6c7d8e9f0a1b",
    "status": "waiting",
    "tries_left": 5,
    "created_at": examples.AT,
    "used_at": None,
}
MADE = SHOWN | {"replaced": False, "address": "https://court.example/j#S4vP2xQy7bN1mKc0dRzT3w", "pin": "402719"}
SECRETS = ("address", "pin")


class ShownInvitation(Shown):
    """Whether somebody has a link that lives, has used it, and how many wrong PINs it still bears."""

    hearing: str
    participant: str
    status: Literal["none", "waiting", "used"]
    tries_left: int
    created_at: Moment | None
    used_at: Moment | None


class MadeInvitation(ShownInvitation):
    """A new link and its PIN, shown this once: null where the answer is given again. `replaced`: another has died."""

    replaced: bool
    address: str | None
    pin: str | None


async def _shown(caller: Caller, hearing: Hearing, row: Participant) -> dict[str, Any]:
    found = await queries.live_invitation(caller.db, row.id)
    return {
        "hearing": hearing.ref,
        "participant": row.id,
        "status": "none" if found is None else "used" if found.used_at else "waiting",
        "tries_left": found.tries_left if found else 0,
        "created_at": found.created_at if found else None,
        "used_at": found.used_at if found else None,
    }


def _clerk(caller: Caller, hearing: Hearing) -> Actor:
    """The client as the hearing's clerk, who is of the requesting State; of the other it has no such part."""
    return replace(caller.actor, role=Role.clerk if caller.state == hearing.requesting_state else None)


async def _locked(caller: Caller, ref: str, participant: str) -> tuple[Hearing, Participant]:
    hearing = await hearing_of(caller, ref, lock=True)
    return hearing, await find(caller, hearing, participant, lock=True)


def _tell(caller: Caller, hearing: Hearing, row: Participant, gone: str) -> None:
    """Whoever is in the room by the old link leaves it at once. A sandbox has no room."""
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        if gone:
            caller.after.append(lambda: parts.conductors.dismiss(hearing.id, row.id, gone))
        caller.after.append(lambda: parts.conductors.touch(hearing.id))


@router.read(PATH, scope="hearings:read", example=SHOWN, errors=(404,))
async def read_invitation(caller: Calling, ref: Ref, participant: Id) -> ShownInvitation:
    """Whether somebody has a link to join by, and has used it. Address and PIN are not shown again."""
    hearing = await hearing_of(caller, ref)
    return ShownInvitation(**await _shown(caller, hearing, await find(caller, hearing, participant)))


@router.create(PATH, scope="invitations", example=MADE, errors=(404, 409), response_model=MadeInvitation)
async def make_invitation(caller: Calling, ref: Ref, participant: Id, body: Nothing | None = None) -> Response:
    """Make a link and a PIN for somebody who does not sign in as staff; an earlier link and its login die.

    Both are in this answer and nowhere else. Sent again with the same `Idempotency-Key` it is done once, and `address`
    and `pin` are null: if the first answer was lost, make another with a new key. For the requesting State.
    """
    hearing, row = await _locked(caller, ref, participant)
    made, replaced = await links.issue(caller.db, participant=row, actor=_clerk(caller, hearing), now=caller.now)
    _tell(caller, hearing, row, LoginEnd.link_replaced if replaced else "")
    caller.headers["Location"] = caller.url(PATH.format(ref=hearing.ref, participant=row.id))
    shown = MadeInvitation(
        **await _shown(caller, hearing, row),
        replaced=replaced,
        address=links.address(parts_of(caller.request).settings.origin, made),
        pin=made.pin,
    )
    return Once(shown, SECRETS, 201)


@router.operation("DELETE", PATH, scope="invitations", example=SHOWN | {"status": "none"}, errors=(404, 409))
async def revoke_invitation(caller: Calling, ref: Ref, participant: Id) -> ShownInvitation:
    """Let somebody's link die, and the login it has bought: whoever holds it is sent out. For the requesting State."""
    hearing, row = await _locked(caller, ref, participant)
    await links.revoke_link(caller.db, participant=row, actor=_clerk(caller, hearing), now=caller.now)
    _tell(caller, hearing, row, LoginEnd.link_revoked)
    return ShownInvitation(**await _shown(caller, hearing, row))
