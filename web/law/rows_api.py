"""The rows the law data hold besides the instruments: who is bound, what was declared, national rules, paragraphs.

They are read here; an administrator edits them on the page, where the effect on open requests is seen beforehand.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from hearings.errors import NotFound
from hearings.law import law, rows as law_rows
from hearings.models.law import LawKind
from hearings.outward import joint_changes
from hearings.paging import listed
from web.api import paging
from web.api.access import Caller
from web.api.fields import Model, Shown
from web.api.routes import Resource
from web.law.reference_api import plain_json

router = Resource("law rows")

State = Annotated[str, Field(pattern="^([A-Z]{2})?$", description="Only this State's.")]
InstrumentId = Annotated[str, Field(max_length=60, description="Only about this instrument.")]


class ShownRow(Shown):
    """A row in the shape of the data files. `edited`: an administrator has laid it over the file."""

    key: str
    edited: bool
    data: dict[str, Any]


class ShownReview(Shown):
    """How fresh a row is. `owner`: the State it belongs to; empty: the installation."""

    kind: str
    key: str
    owner: str
    reviewed_on: date
    due_on: date
    stale: bool


class ReviewList(Shown):
    """A page of rows to be reviewed, the longest overdue first. `serial`: number of the law they were read from."""

    items: list[ShownReview]
    serial: int
    next: str


class Reviewed(Model):
    """A row that was compared with its source and is right as it is."""

    kind: LawKind = Field(strict=False, examples=["rule"])
    key: str = Field(min_length=1, max_length=120, examples=["untoc_18_18"])
    reason: str = Field(min_length=3, max_length=2000, examples=["Compared with the treaty collection today."])
    seen: int = Field(ge=0, description="Serial of the law that was looked at.", examples=[0])


class RowList(Shown):
    """A page of rows, by key."""

    items: list[ShownRow]
    next: str


async def _rows(
    caller: Caller, kind: str, keep: Callable[[Mapping[str, Any]], bool], after: str, limit: int
) -> RowList:
    known = await law.current(caller.db)
    rows = {
        key: ShownRow(key=key, edited=(kind, key) in known.edited, data=plain_json(dict(row)))
        for key, row in sorted(known.rows[kind].items())
        if keep(row)
    }
    page = listed(rows, after=after, limit=limit)
    return RowList(items=page.rows, next=paging.link(caller, page.after))


@router.read("/law/parties", scope="law:read", paged=True)
async def list_parties(
    caller: Caller,
    state: State = "",
    instrument: InstrumentId = "",
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> RowList:
    """Which State is bound by which instrument, since when, and how sure that is."""
    return await _rows(caller, "party", _about(state, instrument), after, limit)


@router.read("/law/declarations", scope="law:read", paged=True)
async def list_declarations(
    caller: Caller,
    state: State = "",
    instrument: InstrumentId = "",
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> RowList:
    """What States have declared to instruments."""
    return await _rows(caller, "declaration", _about(state, instrument), after, limit)


@router.read("/law/overlays", scope="law:read", paged=True)
async def list_overlays(
    caller: Caller, state: State = "", after: paging.After = "", limit: paging.Limit = 50
) -> RowList:
    """National rules that go beside the instruments."""
    return await _rows(caller, "overlay", lambda row: state in ("", row["state"]), after, limit)


@router.read("/law/rules", scope="law:read", paged=True, gives={"rule_id": "items/0/key"})
async def list_rules(
    caller: Caller, instrument: InstrumentId = "", after: paging.After = "", limit: paging.Limit = 50
) -> RowList:
    """Paragraphs and rulings, in the words of the data, with their sources."""
    return await _rows(caller, "rule", lambda row: instrument in ("", row["instrument_id"]), after, limit)


@router.read("/law/rules/{rule_id}", scope="law:read", errors=(404,))
async def read_rule(caller: Caller, rule_id: Annotated[str, Field(max_length=120)]) -> ShownRow:
    """One paragraph or ruling."""
    known = await law.current(caller.db)
    row = known.rules.get(rule_id)
    if row is None:
        raise NotFound
    return ShownRow(key=rule_id, edited=("rule", rule_id) in known.edited, data=plain_json(dict(row)))


@router.read("/law/reviews", scope="law:read", paged=True, gives={"serial": "serial"})
async def list_reviews(
    caller: Caller,
    owner: Annotated[
        str, Field(pattern="^([A-Z]{2}|installation)?$", description="A State, or `installation`; all if left out.")
    ] = "",
    kind: Annotated[LawKind | None, Field(description="Only rows of this kind.")] = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> ReviewList:
    """The rows of the law whose review is overdue."""
    known, today = await law.current(caller.db), caller.now.date()
    whose = {"": None, "installation": ""}.get(owner, owner)
    found = law_rows.to_review(known, on=today, owner=whose, kind=kind.value if kind else "")
    page = listed({f"{one.kind} {one.key}": _review(one, today) for one in found}, after=after, limit=limit)
    return ReviewList(items=page.rows, serial=known.serial, next=paging.link(caller, page.after))


def _review(one: law_rows.Review, on: date) -> ShownReview:
    return ShownReview(
        kind=one.kind,
        key=one.key,
        owner=one.owner,
        reviewed_on=one.reviewed_on,
        due_on=one.due_on,
        stale=one.stale(on),
    )


@router.act("/law/reviews", scope="law:write", errors=(404, 409))
async def review_row(caller: Caller, body: Reviewed) -> ShownReview:
    """Put on record that a row was reviewed and is right as it is. Rows of another State with administrators: 403."""
    await joint_changes.review(
        caller.db,
        kind=body.kind.value,
        key=body.key,
        reason=body.reason,
        seen=body.seen,
        actor=caller.actor,
        now=caller.now,
    )
    return _review(law_rows.review_of(await law.current(caller.db), body.kind.value, body.key), caller.now.date())


def _about(state: str, instrument: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: state in ("", row["iso2"]) and instrument in ("", row["instrument_id"])
