"""Personal data for administrators: how long it is kept, what is due, what was erased, and the choice of a period; the
whole table of what the database holds, to take away.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.personal_data import data_table, erasing, periods
from hearings.personal_data.data_table import DataKind, Then
from hearings.sentences import tell
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator, may_own
from web.server.tables import csv_answer
from web.words import court_clocks
from web.words.i18n import N_, _, ngettext

RIGHT = "see_personal_data"
LABELS = {"rule": N_("What is kept"), "days": N_("Days"), "reason": N_("Reason")}
DONE = {"chosen": N_("The period is chosen. A longer one counts at once, a shorter one after a week.")}
COLUMNS = ("table", "column", "kind", "holds", "basis", "rules", "report")


async def show(request: Request) -> Response:
    """What is kept how long, what is due now, and what was erased."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    state, now = person.owner_state, datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        due = await erasing.due(db, state=state, now=now)
        erased = await erasing.erasures(db, state=state)
    rules = data_table.rules()
    context = {
        "due": due,
        "fixed": [rule for rule in rules.values() if rule.period is not None and not rule.adjustable],
        "kept": [rule for rule in rules.values() if rule.then is Then.keep and rule.id != "none"],
        "erased": [(line, _(rules[line.rule].title) if line.rule in rules else line.rule) for line in erased],
        "long": long,
        "chooses": may_own("set_data_period", person),
        "choices": [(rule.id, _(rule.title)) for rule in rules.values() if rule.adjustable],
        "labels": {name: _(text) for name, text in LABELS.items()},
        "week": periods.NOTICE.days,
        "places": court_clocks.of_person(person),
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "personal_data.html", context, status=422 if wrong else 200)


def long(period: timedelta) -> str:
    """A period in days, or in minutes where it is shorter than one."""
    if period.days:
        return ngettext("{n} day", "{n} days", period.days).format(n=period.days)
    minutes = round(period / timedelta(minutes=1))
    return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)


@page_act(again(_page, explained(LABELS)), right="set_data_period")
async def choose(sent: Sent) -> str:
    """Chooses a period. Effects: those of `periods.choose`."""
    form = sent.form
    await periods.choose(sent.db, rule=_rule(form), days=_days(form), reason=form.text("reason"), **sent.by)
    return "/admin/personal-data?done=chosen"


def _rule(form: forms.Form) -> str:
    if form.text("rule") not in data_table.rules():
        raise errors.Invalid(tell("Choose what is kept"), "rule")
    return form.text("rule")


def _days(form: forms.Form) -> int:
    given = form.text("days").strip()
    if not (given.isascii() and given.isdigit() and len(given) <= 6):
        raise errors.Invalid(tell("Enter a number of days"), "days")
    return int(given)


async def table(request: Request) -> Response:
    """What every column of the database holds, as CSV in English: the record of processing, as far as it is here."""
    administrator(RIGHT, request)
    return csv_answer("personal-data", COLUMNS, _rows())


def _rows() -> Iterator[Sequence[object]]:
    for held in data_table.tables().values():
        for column, kind in held.columns.items():
            if kind is not DataKind.none:
                yield held.name, column, kind, held.holds, held.basis, " ".join(held.rules), held.report


routes = [
    Route("/admin/personal-data", show, methods=["GET"]),
    Route("/admin/personal-data", choose, methods=["POST"]),
    Route("/admin/personal-data.csv", table),
]
