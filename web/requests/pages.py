"""Requests of one State to another: the lists, and one request with what the law says and the other State answered."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from babel import Locale
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.hearing import law_on_the_day
from hearings.law import law
from hearings.models import HearingRequest, Person
from hearings.outward import looked_at
from hearings.permissions import may_staff
from hearings.requests import (
    consent_answers,
    log as request_log,
    priority,
    queries as request_queries,
    requests,
    translations,
)
from hearings.signatures import signatures
from hearings.status import RequestStatus
from web.requests import conditions as request_conditions, refusal as request_refusal, steps as request_steps
from web.requests.access import find, may_on
from web.requests.acts import ACTIONS, Action
from web.server import statements as signing
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import conditions as conditions_words, places, terms
from web.words.i18n import _, current

R = RequestStatus
PAGE = 25


async def listing(request: Request) -> Response:
    """The requests this State has made and received, newest first; or those that wait, the most urgent first."""
    _signed, person = staff(request)
    side = request.query_params.get("side", "")
    after = request.query_params.get("after", "")
    state = person.owner_state
    async with request.app.state.parts.database.reading() as db:
        if side == "queue":
            page = await request_queries.queue(db, state=state, after=after, limit=PAGE)
        else:
            outgoing = {"out": True, "in": False}.get(side)
            page = await queries.requests(db, state=state, outgoing=outgoing, after=after, limit=PAGE)
    context: dict[str, Any] = {"rows": page.rows, "next": page.after, "side": side, "own": state}
    context["may_request"] = "clerk" in person.functions
    context["places_of"] = lambda row: places.own_first(
        places.of_states(row.requesting_state, row.requested_state), state
    )
    return render(request, "requests.html", context)


async def search(request: Request) -> Response:
    """The State's own cases whose reference, case number or hearing begins with the words; names for who is cleared."""
    _signed, person = staff(request)
    words = request.query_params.get("words", "").strip()
    names = may_staff(
        "search_names",
        frozenset(person.functions),
        own_state=person.owner_state,
        requesting_state=person.owner_state,
        requested_state="",
    ).allowed
    wrong: list[FormError] = []
    rows: list[Any] = []
    after = ""
    if words:
        try:
            async with request.app.state.parts.database.reading() as db:
                page = await request_queries.search(
                    db,
                    state=person.owner_state,
                    words=words,
                    names=names,
                    person_id=person.id,
                    after=request.query_params.get("after", ""),
                    limit=PAGE,
                )
            rows, after = page.rows, page.after
        except errors.Invalid:
            wrong = [FormError("words", _("Write at least two letters or figures."))]
    context = {
        "rows": rows,
        "next": after,
        "words": words,
        "names": names,
        "values": {"words": words},
        "errors": wrong,
        "own": person.owner_state,
    }
    return render(request, "search.html", context, status=422 if wrong else 200)


# --- one request -------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One request: its answers, what the gate says, what may be done, what has happened."""
    _signed, person = staff(request)
    return await request_page(request, person, {}, [], "")


def _allowed(action: Action, person: Person, row: HearingRequest) -> bool:
    return row.status in action.statuses and action.open(row) and may_on(action.right, person, row)


def _offered(person: Person, row: HearingRequest) -> dict[str, bool]:
    """What the page links to beside the acts, where this person may go there."""
    schedulable = row.status in (R.accepted, R.accepted_with_conditions, R.executing)
    return {
        "may_export": may_on("export_case", person, row),
        "may_edit": row.status is R.draft and may_on("draft_request", person, row),
        "may_propose": schedulable and may_on("propose_hearing", person, row),
    }


async def request_page(
    request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError], opened: str
) -> Response:
    """The page of one request, with what was typed into the act `opened` and what was wrong with it."""
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
        history = await queries.history(db, row)
        hearings = await queries.hearings_of_request(db, row.id)
        translated = tuple(await translations.of_request(db, row.id))
        log = await request_log.of_request(db, row, state=person.owner_state)
        signed = await signatures.signatures_of(db, row)
        own = person.owner_state == row.owner_state
        seen = await looked_at.viewers_of(db, row) if own else []
        colleagues = await queries.people(db, state=person.owner_state)
        held = await law_on_the_day.held(db, row, now=now)
        consent = consent_answers.standing(await consent_answers.of_request(db, row.id))
    chosen = tuple(row.instruments) or None
    today = requests.evaluate(row, now=now, instruments=chosen, consent=consent, held=held, law=known).as_json()
    allowed = [one for one in ACTIONS.values() if _allowed(one, person, row)]
    done = ACTIONS.get(request.query_params.get("done", ""))
    assignees = (row.requesting_assignee, row.requested_assignee)
    context = {
        "row": row,
        "gate": row.gate_result,
        "gate_today": today,
        "gate_retold": {line["text"]: line["text"] for one in today["verdicts"] for line in one["lines"]},
        "blockers": requests.blockers(row, now=now, law=known) if row.status is R.draft else [],
        "completeness": requests.complete(row, translated),
        "score": priority.score(row, on=now.date()),
        "history": history,
        "log": log,
        "signed": signed,
        "seen": seen,
        "signed_acts": signing.ACTS,
        "hearings": hearings,
        "actions": allowed,
        "opened": opened,
        "values": values,
        "errors": wrong,
        "notice": _(done.done) if done and not wrong else None,
        "places": places.own_first(places.of_states(row.requesting_state, row.requested_state), person.owner_state),
        "grounds": request_refusal.groups(row, known),
        "against": request_refusal.against(row, known),
        "motives": [(code, terms.motive(code)) for code in reference.enums()["refusal_motive"]],
        "condition_lines": request_conditions.lines(),
        "conditions_told": conditions_words.told(row.condition_rules),
        "colleagues": [(one.id, one.name) for one in colleagues if requests.works_on(one, row)],
        "assignee": next((one.name for one in colleagues if one.id in assignees), ""),
        "terms": terms,
        "in_words": request_steps.in_words,
        "steps": request_steps.STEPS,
        "step_of": request_steps.STEP_OF,
        "english": current.get().tag == "en",
        **_offered(person, row),
        "locale": Locale.parse(current.get().locale),
    }
    return render(request, "request.html", context, status=422 if wrong else 200)


routes = [
    Route("/requests", listing),
    Route("/search", search),
    Route("/requests/{reference}", show),
]
