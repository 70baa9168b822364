"""Changes of data that belong to another State or to all: what waits, and the word of the State that confirms it."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from hearings import queries
from hearings.law import law
from hearings.law.rows import Edit
from hearings.models import JointChange
from hearings.models.law import JointKind, JointStatus, LawKind
from hearings.outward import administrators, joint_changes
from web.api import paging
from web.api.access import Caller
from web.api.fields import Json, Model, Moment, Nothing, Shown
from web.api.routes import Resource
from web.sending import joint_words

router = Resource("changes")

Id = Annotated[str, Field(max_length=36, description="Id of the change.")]
ACT = (404, 409)
READ, WRITE = "changes:read", "changes:write"


class ShownChange(Shown):
    """A change `state` has proposed of data of `concerns` (empty: of all States)."""

    id: str
    kind: JointKind
    state: str
    concerns: str
    status: JointStatus
    reason: str
    proposed_by: str
    at: Moment
    rows: int
    confirmed_by: list[str] = Field(description="States of which any one confirms or refuses it, while it waits.")
    decided_at: Moment | None
    decided_by: str
    decided_state: str
    decided_reason: str


class WholeChange(ShownChange):
    """A change with its rows as they would be. `data` of a law's row is empty where the row is taken back."""

    data: list[Json]
    seen: str = Field(description="The mark of the data as they are now: who confirms hands it back.")


class LawEdit(Model):
    """One row of the law as it shall be, in the shape of the data files; without `data` it is taken back."""

    kind: LawKind = Field(strict=False, examples=["party"])
    key: str = Field(default="", max_length=120, description="Of a row there is; empty for a new one.")
    data: Json | None = None


class ChangeProposal(Model):
    """Rows that are changed together, all or none: a new State comes with its court hours."""

    edits: list[LawEdit] = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=3, max_length=2000, examples=["Read in the treaty collection."])
    seen: int = Field(ge=0, description="Serial of the law that was looked at (`GET /law/reviews`).", examples=[0])


class Proposed(Shown):
    """How many rows count now, and the change that waits for another State, if one does."""

    rows: int
    waiting: list[str]
    serial: int


class ChangeList(Shown):
    """A page of changes, the newest first."""

    items: list[ShownChange]
    next: str


class Seen(Model):
    """The mark of the data that were looked at."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"seen": "0" * 32}]})

    seen: str = Field(min_length=1, max_length=64)


class ChangeRefusal(Model):
    """Why, for the administrators of all States."""

    reason: str = Field(min_length=3, max_length=2000, examples=["The old address is still in use."])


async def _fields(caller: Caller, change: JointChange) -> dict[str, Any]:
    same = ("id", "kind", "concerns", "status", "reason", "at", "decided_at", "decided_state", "decided_reason")
    states = await administrators.administrating(caller.db)
    could = joint_changes.deciders(change.concerns, change.owner_state, states)
    return {name: getattr(change, name) for name in same} | {
        "state": change.owner_state,
        "proposed_by": change.proposed_label,
        "decided_by": change.decided_label,
        "rows": len(change.data),
        "confirmed_by": sorted(could) if change.status is JointStatus.waiting else [],
    }


async def _whole(caller: Caller, change: JointChange) -> WholeChange:
    seen = await joint_changes.mark(caller.db, change)
    return WholeChange(**await _fields(caller, change), data=change.data, seen=seen)


@router.read(
    "/changes",
    scope=READ,
    paged=True,
    gives={"change": "items/0/id"},
)
async def list_changes(
    caller: Caller,
    which: Annotated[
        Literal["all", "waiting", "decided"], Field(description="Only those that wait, or do not.")
    ] = "all",
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> ChangeList:
    """Changes of the law's data and of the directory that another State confirms, of all States."""
    waiting = None if which == "all" else which == "waiting"
    page = await joint_changes.changes(caller.db, waiting=waiting, after=after, limit=limit)
    items = [ShownChange(**await _fields(caller, row)) for row in page.rows]
    return ChangeList(items=items, next=paging.link(caller, page.after))


@router.act("/changes", scope="law:write", errors=(409,))
async def propose_change(caller: Caller, body: ChangeProposal) -> Proposed:
    """Change rows of the law. Those of the own State count at once; others wait until their State confirms them."""
    made = await joint_changes.change_law(
        caller.db,
        edits=[Edit(kind=one.kind.value, key=one.key, data=one.data) for one in body.edits],
        reason=body.reason,
        seen=body.seen,
        actor=caller.actor,
        telling=joint_words.telling(caller.request),
        now=caller.now,
    )
    serial = (await law.current(caller.db)).serial
    return Proposed(rows=len(made.edits), waiting=[one.id for one in made.waiting], serial=serial)


@router.read("/changes/{change}", scope=READ, errors=(404,), gives={"change": "id", "seen": "seen"})
async def read_change(caller: Caller, change: Id) -> WholeChange:
    """One change, with its rows and the mark (`seen`) to confirm it with."""
    return await _whole(caller, await queries.get(caller.db, JointChange, change))


def _how(caller: Caller, change_id: str) -> dict[str, Any]:
    telling = joint_words.telling(caller.request)
    return {"change_id": change_id, "actor": caller.actor, "telling": telling, "now": caller.now}


@router.act("/changes/{change}/confirm", scope=WRITE, errors=ACT)
async def confirm_change(caller: Caller, change: Id, body: Seen) -> WholeChange:
    """Confirm a change: it counts from now on. Data that have been changed since `seen` was read are answered 409.

    Only for the States in `confirmed_by` (403 `not_allowed`).
    """
    return await _whole(caller, await joint_changes.confirm(caller.db, seen=body.seen, **_how(caller, change)))


@router.act("/changes/{change}/refuse", scope=WRITE, errors=ACT)
async def refuse_change(caller: Caller, change: Id, body: ChangeRefusal) -> WholeChange:
    """Refuse a change, saying why. Only for the States in `confirmed_by` (403 `not_allowed`)."""
    return await _whole(caller, await joint_changes.refuse(caller.db, reason=body.reason, **_how(caller, change)))


@router.act("/changes/{change}/withdraw", scope=WRITE, errors=ACT)
async def withdraw_change(caller: Caller, change: Id, body: Nothing | None = None) -> WholeChange:
    """Take back a change the own State has proposed, while it waits."""
    return await _whole(caller, await joint_changes.withdraw(caller.db, **_how(caller, change)))
