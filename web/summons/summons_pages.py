"""The summonses of a hearing: how each stands, every service on record, and the form of the requested State."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.models import Attachment, HearingRequest, Participant, Person, SummonsService
from hearings.requests import attachments
from hearings.status import HearingStatus
from hearings.summons import services, summons_states
from hearings.summons.summons_states import SummonsResult, SummonsState
from web.hearing.access import find
from web.requests.steps import languages
from web.server import forms, wall_fields
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.summons import words
from web.words import court_clocks, roles
from web.words.i18n import N_, _, city_here, language_here, wall
from web.words.sentences import translated

DONE = {"recorded": N_("The service is recorded. Both States see it.")}
LABELS = {
    "participant_id": N_("Whose summons"),
    "outcome": N_("What came of it"),
    "way": N_("How"),
    "served_at": N_("When"),
    "served_by": N_("By whom"),
    "language": N_("Language of the summons"),
    "translation": N_("Language of its translation"),
    "attachment_id": N_("Proof"),
    "reason": N_("Reason"),
    "remarks": N_("Remarks"),
    "summoned_to": N_("For the hearing on"),
}


async def show(request: Request) -> Response:
    """How every summons of the hearing stands."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        every = await summons_states.of_hearing(db, hearing, now=now)
        files = {file.id: file for file in await attachments.of_request(db, row.id)}
        starts = await services.starts(db, hearing)
    context = {
        "hearing": hearing,
        "request_row": row,
        "lines": [_line(each, files) for each in every],
        "takes": hearing.status is not HearingStatus.cancelled,
        "records": may_on("record_summons", person, hearing),
        "people": [(each.person.id, _whose(each.person)) for each in every],
        "outcomes": [(one.value, _(text)) for one, text in words.OUTCOMES.items()],
        "ways": [(one.value, _(text)) for one, text in words.WAYS.items()],
        "languages": languages(),
        "files": [(file.id, file.name) for file in files.values()],
        "city": city_here(hearing.requested_city),
        "starts": [(start.isoformat(), f"{wall(start, hearing.requested_zone):%Y-%m-%d %H:%M}") for start in starts],
        "twice": wall_fields.doubled(values, ["served_at"], hearing.requested_zone),
        "labels": {name: _(text) for name, text in LABELS.items()},
        "own": person.owner_state,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state),
        "longest": services.LONGEST,
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "summons.html", context, status=422 if wrong else 200)


def _whose(person: Participant) -> str:
    return f"{person.display_name} ({roles.label(person.role)})"


def _line(found: SummonsResult, files: Mapping[str, Attachment]) -> dict[str, Any]:
    """The summons of one person as the page shows it."""
    kind, text = words.STATES[found.state]
    return {
        "person": found.person,
        "role": roles.label(found.person.role),
        "chip": (kind, _(text)),
        "says": [translated(each) for each in found.says],
        "open": found.state is SummonsState.open,
        "service": _service(found.service, files) if found.service else None,
        "foreign": found.state is SummonsState.served and not found.understood,
        "speaks": language_here(found.person.speaks),
        "earlier": [_service(row, files) for row in found.earlier],
    }


def _service(row: SummonsService, files: Mapping[str, Attachment]) -> dict[str, Any]:
    """A row on the service in words."""
    return {
        "row": row,
        "outcome": _(words.OUTCOMES[row.outcome]),
        "way": _(words.WAYS[row.way]),
        "language": language_here(row.language),
        "translation": language_here(row.translation) if row.translation else "",
        "proof": files.get(row.attachment_id or ""),
    }


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    labels = {name: _(text) for name, text in LABELS.items()}
    clocks = wall_fields.explained(error, labels["served_at"])
    wrong = FormError("served_at", clocks) if clocks else forms.explain(error, labels)
    return await _page(sent.request, sent.person, sent.form.first, [wrong])


@page_act(_again)
async def record(sent: Sent) -> str:
    """Records what came of serving a summons. Effects: those of `hearings.summons.services.record`."""
    form = sent.form
    hearing = await find(sent.db, sent.request, sent.person, lock=True)
    given: dict[str, Any] = {name: form.text(name) for name in LABELS}
    named = {start.isoformat(): start for start in await services.starts(sent.db, hearing)}
    given["summoned_to"] = named.get(given["summoned_to"])
    given["served_at"] = wall_fields.read(form, "served_at", hearing.requested_zone)
    await services.record(sent.db, hearing=hearing, **given, **sent.by)
    return f"/h/{hearing.ref}/summons?done=recorded"


routes = [
    Route("/h/{ref}/summons", show, methods=["GET"]),
    Route("/h/{ref}/summons", record, methods=["POST"]),
]
