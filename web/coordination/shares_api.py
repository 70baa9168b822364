"""Requests shared with facilitators, who read status, dates and open points of them and nothing else."""

from datetime import date
from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.coordination import facilitators
from hearings.models import Facilitator, HearingRequest, Person, RequestShare
from hearings.models.coordination import FacilitatorKind
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.routes import Resource

router = Resource("facilitators")

EITHER = "requests:write|requests:answer"
RequestId = Annotated[str, Field(max_length=40, description="Id or reference of a request.")]
ShareId = Annotated[str, Field(max_length=36, description="Id of the share.")]


class ShownFacilitator(Shown):
    """A facilitator: of no State, for the States it covers, up to and with the day `valid_until`."""

    id: str
    name: str
    kind: FacilitatorKind
    organisation: str
    network: str
    states: list[str]
    valid_until: date
    mandate: str
    contact: str
    in_force: bool


class FacilitatorList(Shown):
    """The facilitators that are entered, the newest first."""

    items: list[ShownFacilitator]


class ShownShare(Shown):
    """That a State shares a request with a facilitator, or did: `revoked_at`."""

    id: str
    state: Annotated[str, Column("owner_state")]
    facilitator: Annotated[str, Column("facilitator_id")]
    shared_by: Annotated[str, Column("shared_label")]
    shared_at: Moment
    revoked_at: Moment | None


class ShareList(Shown):
    """The shares of a request by both States, oldest first."""

    items: list[ShownShare]


class NewShare(Model):
    """With whom the own State shares the request."""

    facilitator: str = Field(max_length=36, description="Id of the facilitator.")


@router.read("/facilitators", scope="directory:read")
async def list_facilitators(caller: Caller) -> FacilitatorList:
    """Who brings States together here."""
    rows = await facilitators.everybody(caller.db)
    return FacilitatorList(items=[_listed(row, person, caller) for row, person in rows])


def _listed(row: Facilitator, person: Person, caller: Caller) -> ShownFacilitator:
    in_force = facilitators.in_force(row, on=caller.now.date())
    return ShownFacilitator.from_row(row, name=person.name, in_force=in_force)


@router.read("/requests/{request_id}/shares", scope="requests:read", errors=(404,))
async def list_shares(caller: Caller, request_id: RequestId) -> ShareList:
    """With which facilitators either State shares a request, or did."""
    row = await _request(caller, request_id)
    shares: list[RequestShare] = list(await facilitators.shares(caller.db, row.id, ended=True))
    return ShareList(items=[ShownShare.from_row(one) for one in shares])


@router.create("/requests/{request_id}/shares", scope=EITHER, errors=(403, 404, 409), gives={"share_id": "id"})
async def share_request(caller: Caller, request_id: RequestId, body: NewShare) -> ShownShare:
    """Let a facilitator read status, dates and open points of a request, until it is revoked."""
    row = await _request(caller, request_id)
    made = await facilitators.share(
        caller.db, request=row, facilitator_id=body.facilitator, actor=caller.actor, now=caller.now
    )
    return ShownShare.from_row(made)


@router.act("/requests/{request_id}/shares/{share_id}/revoke", body="none", scope=EITHER, errors=(403, 404, 409))
async def revoke_share(caller: Caller, request_id: RequestId, share_id: ShareId) -> ShownShare:
    """End a share of the own State: the facilitator reads nothing of the request any more."""
    row = await _request(caller, request_id)
    ended = await facilitators.revoke(caller.db, request=row, share_id=share_id, actor=caller.actor, now=caller.now)
    return ShownShare.from_row(ended)


async def _request(caller: Caller, request_id: str) -> HearingRequest:
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    return row
