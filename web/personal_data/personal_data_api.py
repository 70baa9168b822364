"""How long personal data of the own State are kept, what is due and what was erased; the choice of a period."""

from typing import Annotated

from pydantic import Field

from hearings.personal_data import data_table, erasing, periods
from hearings.personal_data.erasing import DueRows
from web.api.access import Caller
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource

router = Resource("personal data")

RuleId = Annotated[str, Field(max_length=40, description="Id of a rule whose period a State may choose.")]


class ShownDataRule(Shown):
    """A rule whose period a State may choose. `coming` days count from `comes_at` on, if a shorter period was chosen;
    `rows` are due now, `waiting` are due and wait for an open case or a legal hold."""

    rule: str
    title: str
    starts: str
    does: str
    provision: str
    days: int
    default: int
    least: int
    most: int
    coming: int | None
    comes_at: Moment | None
    rows: int
    waiting: int


class DataRuleList(Shown):
    """Every rule whose period a State may choose."""

    items: list[ShownDataRule]


class ShownErasure(Shown):
    """What was erased in one transaction: by which rule, and how many rows."""

    rule: str
    rows_erased: int
    at: Moment


class ErasureList(Shown):
    """What was erased of this State last, the newest first; at most fifty."""

    items: list[ShownErasure]


class ChosenPeriod(Model):
    """The days between the bounds of the rule, and the law or order that asks for them."""

    days: Annotated[int, Field(ge=1, le=36500)]
    reason: Annotated[str, Field(min_length=3, max_length=500)]


def _rule(row: DueRows) -> ShownDataRule:
    rule = row.rule
    return ShownDataRule(
        rule=rule.id,
        title=rule.title,
        starts=rule.starts,
        does=rule.does,
        provision=rule.provision,
        days=row.period.days,
        default=periods.default(rule),
        least=rule.least or 0,
        most=rule.most or 0,
        coming=row.period.coming,
        comes_at=row.period.comes_at,
        rows=row.rows,
        waiting=row.waiting,
    )


async def _rules(caller: Caller) -> list[ShownDataRule]:
    return [_rule(row) for row in await erasing.due(caller.db, state=caller.state, now=caller.now)]


@router.read("/personal-data/rules", scope="personal-data:read")
async def list_data_rules(caller: Caller) -> DataRuleList:
    """How long what names people is kept for the own State, and what is due now."""
    return DataRuleList(items=await _rules(caller))


@router.read("/personal-data/erasures", scope="personal-data:read")
async def list_erasures(caller: Caller) -> ErasureList:
    """What the service has erased of the own State."""
    rows = await erasing.erasures(caller.db, state=caller.state)
    return ErasureList(items=[ShownErasure.from_row(row) for row in rows])


@router.act("/personal-data/rules/{rule}", scope="personal-data:write", errors=(404,))
async def choose_period(caller: Caller, rule: RuleId, body: ChosenPeriod) -> ShownDataRule:
    """Choose how long the own State keeps it. A longer period counts at once, a shorter one after a week."""
    await periods.choose(caller.db, rule=rule, days=body.days, reason=body.reason, actor=caller.actor, now=caller.now)
    await caller.db.flush()
    assert rule in data_table.rules()
    return next(shown for shown in await _rules(caller) if shown.rule == rule)
