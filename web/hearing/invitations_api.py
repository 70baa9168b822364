"""Links by which people join a hearing: issued, replaced and revoked by a client that acts as the hearing's clerk.

Address and PIN are in one answer and nowhere else: the database keeps hashes, and so does the answer kept for the
`Idempotency-Key`. They are to be given to the person by two different ways.
"""

from dataclasses import replace
from typing import Any, Literal

from starlette.responses import Response

from hearings import queries
from hearings.actors import Actor
from hearings.hearing import links
from hearings.models import Hearing, Participant
from hearings.people.logins import LoginEnd
from hearings.roles import Role
from web.api.access import Caller, parts_of
from web.api.fields import Moment, Nothing, Shown
from web.api.idempotency import Once
from web.api.routes import Resource
from web.hearing.api import Ref
from web.hearing.participants_api import Id, find, hearing_of

router = Resource("invitations")

PATH = "/hearings/{ref}/participants/{participant}/invitation"
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


async def _link_answer(caller: Caller, hearing: Hearing, row: Participant) -> dict[str, Any]:
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
    """The client as an actor in the hearing: its clerk when the client is of the requesting State, else the requested
    authority, which makes links for its own site."""
    own = caller.state == hearing.requesting_state
    return replace(caller.actor, role=Role.clerk if own else Role.requested_authority)


async def _locked(caller: Caller, ref: str, participant: str) -> tuple[Hearing, Participant]:
    hearing = await hearing_of(caller, ref, lock=True)
    return hearing, await find(caller, hearing, participant, lock=True)


def _tell(caller: Caller, hearing: Hearing, row: Participant, gone: str) -> None:
    """Tells the live hearing of a changed link: whoever is in the room by the old one is disconnected at once. Does
    nothing in the sandbox, which has no live hearings."""
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        if gone:
            caller.after.append(lambda: parts.conductors.dismiss(hearing.id, row.id, gone))
        caller.after.append(lambda: parts.conductors.touch(hearing.id))


@router.read(PATH, scope="hearings:read", errors=(404,))
async def read_invitation(caller: Caller, ref: Ref, participant: Id) -> ShownInvitation:
    """Whether a person has a link to join by, and whether it was used. Address and PIN are not given again."""
    hearing = await hearing_of(caller, ref)
    return ShownInvitation(**await _link_answer(caller, hearing, await find(caller, hearing, participant)))


@router.create(PATH, scope="invitations", errors=(404, 409), model=MadeInvitation)
async def make_invitation(caller: Caller, ref: Ref, participant: Id, body: Nothing | None = None) -> Response:
    """Make a link and a PIN for somebody who does not sign in as staff; an earlier link and its login die.

    Both are in this answer and nowhere else. Sent again with the same `Idempotency-Key` it is done once, and `address`
    and `pin` are null: if the first answer was lost, make another with a new key. The requested State makes links for
    people at its own site.
    """
    hearing, row = await _locked(caller, ref, participant)
    made, replaced = await links.issue(caller.db, participant=row, actor=_clerk(caller, hearing), now=caller.now)
    _tell(caller, hearing, row, LoginEnd.link_replaced if replaced else "")
    caller.headers["Location"] = caller.url(PATH.format(ref=hearing.ref, participant=row.id))
    shown = MadeInvitation(
        **await _link_answer(caller, hearing, row),
        replaced=replaced,
        address=links.address(parts_of(caller.request).settings.origin, made),
        pin=made.pin,
    )
    return Once(shown, SECRETS, 201)


@router.operation("DELETE", PATH, scope="invitations", errors=(404, 409))
async def revoke_invitation(caller: Caller, ref: Ref, participant: Id) -> ShownInvitation:
    """Revoke a person's link and end the login obtained with it.

    Whoever uses it is disconnected. The requested State does so for people at its own site.
    """
    hearing, row = await _locked(caller, ref, participant)
    await links.revoke_link(caller.db, participant=row, actor=_clerk(caller, hearing), now=caller.now)
    _tell(caller, hearing, row, LoginEnd.link_revoked)
    return ShownInvitation(**await _link_answer(caller, hearing, row))
