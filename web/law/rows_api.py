"""The rows the law data hold besides the instruments: who is bound, what was declared, national rules, paragraphs.

They are read here; an administrator edits them on the page, where the effect on open requests is seen beforehand.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from hearings.errors import NotFound
from hearings.law import law
from hearings.paging import listed
from web.api import paging
from web.api.access import Caller
from web.api.fields import Shown
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


def _about(state: str, instrument: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: state in ("", row["iso2"]) and instrument in ("", row["instrument_id"])
