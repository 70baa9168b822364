"""Requests of one State to another: the lists, and one request with its legal check and the answers of the other
State."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.coordination import state_notices
from hearings.hearing import law_on_the_day
from hearings.law import law
from hearings.law.handling import procedures
from hearings.lint import linting
from hearings.models import HearingRequest, Participant, Person
from hearings.models.request_parts import AnsweredWith
from hearings.outward import view_notes
from hearings.permissions import may_staff
from hearings.requests import (
    answers,
    gate_answers,
    log as request_log,
    priority,
    queries as request_queries,
    requests,
    sending,
    translations,
)
from hearings.signatures import signatures
from hearings.status import RequestStatus
from web.requests import (
    conditions as request_conditions,
    refusal as request_refusal,
    request_file,
    steps as request_steps,
)
from web.requests.access import find
from web.requests.acts import ACTIONS, ANSWER, Action
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.server.view_log import hand_over
from web.words import conditions as conditions_words, court_clocks, labels
from web.words.i18n import _
from web.words.sentences import translated

R = RequestStatus
PAGE = 25
SCHEDULABLE = (R.accepted, R.accepted_with_conditions, R.executing)
DUE = {
    R.received: ("receipt_due", "answer_due"),
    R.under_review: ("answer_due",),
    R.information_requested: ("info_due",),
    R.postponed: ("review_due",),
    R.accepted: ("execution_due",),
    R.accepted_with_conditions: ("execution_due",),
    R.executing: ("execution_due",),
}
"""For whose days a request waits, by its status."""
UNDECIDED = (R.received, R.under_review, R.information_requested, R.postponed)
"""Statuses in which the requested State reviews the request: its page has the request and the legal check."""


def due_of(row: HearingRequest) -> datetime | None:
    """The earliest day that a request waits for; None where it waits for none."""
    return min((day for name in DUE.get(row.status, ()) if (day := getattr(row, name)) is not None), default=None)


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
    context["due_of"] = due_of
    context["places_of"] = lambda row: court_clocks.own_first(
        court_clocks.of_states(row.requesting_state, row.requested_state), state
    )
    return render(request, "requests.html", context)


async def search(request: Request) -> Response:
    """The State's own cases with the words in a reference, a case number or, for staff who may see them, a name."""
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
    rows: Sequence[HearingRequest] = ()
    people: Mapping[str, Sequence[Participant]] = {}
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
                people = await request_queries.people_with(db, requests=page.rows, words=words) if names else {}
            rows, after = page.rows, page.after
        except errors.Invalid:
            wrong = [FormError("words", _("Enter at least two letters or digits."))]
    context = {
        "rows": rows,
        "people": people,
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
    """One request: its answers, the result of the gate, the acts available and its history."""
    _signed, person = staff(request)
    return await request_page(request, person, {}, [], "")


def _allowed(action: Action, person: Person, row: HearingRequest) -> bool:
    asks = person.owner_state == row.requesting_state
    right = action.asking_right if asks and action.asking_right else action.right
    return row.status in action.statuses and action.open(row) and may_on(right, person, row)


async def request_page(
    request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError], opened: str
) -> Response:
    """Renders the page of one request: one of its tabs, and the form of the act `opened` (or of the one the address
    names) with the values typed into it and their errors."""
    now = datetime.now(UTC)
    texts = request.app.state.parts.file_texts
    tab = "" if wrong else request.query_params.get("tab", "")
    tab = tab if tab in TABS else ""
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
        context = await request_file.head(db, row, person)
        states = {row.requesting_state, row.requested_state}
        context["state_notices"] = await state_notices.of_states(db, states=states, since=now, until=now, now=now)
        context |= await TABS[tab](FileRead(db, request, row, person, known, now))
        gathered = await linting.gather(db, row, texts) if tab == "" else None
        if tab in CONTENT:
            hand_over(request, row)
        colleagues = await queries.people(db, state=person.owner_state)
    legal = LegalAnswers.read(row, state=person.owner_state, now=now, law=known)
    allowed = {
        name: action
        for name, action in ACTIONS.items()
        if _allowed(action, person, row) and (name != "gate" or legal.questions)
    }
    asked = opened or request.query_params.get("act", "")
    done = ACTIONS.get(request.query_params.get("done", ""))
    assignees = (row.requesting_assignee, row.requested_assignee)
    context |= {
        "tab": tab,
        "actions": allowed,
        "legal": legal,
        "opened": allowed.get(asked) or (ACTIONS.get(opened) if wrong else None),
        "values": values,
        "errors": wrong,
        "notice": _(done.done) if done and done.name != "submit" and not wrong else None,
        "review": tab == "" and row.status in UNDECIDED and may_on("answer_request", person, row),
        "grounds": request_refusal.groups(row, known),
        "against": request_refusal.against(row, known),
        "motives": [(code, labels.motive(code)) for code in reference.enums()["refusal_motive"]],
        "duties": [(translated(duty), named) for duty, named in procedures.duties(answers.relied_on(row, known))],
        "condition_lines": request_conditions.lines(),
        "conditions_told": conditions_words.in_words(row.condition_rules),
        "colleagues": [(colleague.id, colleague.name) for colleague in colleagues if requests.works_on(colleague, row)],
        "assignee": next((colleague.name for colleague in colleagues if colleague.id in assignees), ""),
        "terms": labels,
        "may_edit": "administrator" in person.functions,
        "may_propose": row.status in SCHEDULABLE and may_on("propose_hearing", person, row),
    }
    context["remarks"] = await linting.remarks(gathered, texts, now=now) if gathered else []
    sent = done is ACTIONS["submit"] and row.submitted_at is not None and not wrong
    return render(request, "request_submitted.html" if sent else "request.html", context, status=422 if wrong else 200)


@dataclass(frozen=True, kw_only=True)
class LegalQuestion:
    """A question of the legal check to the reader's State. `given`: its answer, `yes` or `no`; empty if there is none.

    `place`: where it is asked, None where no instrument relied on asks it today. `needed`: whether the request is not
    carried on before it is answered, with yes.
    """

    id: str
    text: str
    place: gate_answers.Place | None
    given: str
    needed: bool


@dataclass(frozen=True, kw_only=True)
class LegalAnswers:
    """What the reader's State can answer of the legal check, and what the other State has to answer."""

    questions: list[LegalQuestion]
    needed: list[LegalQuestion]
    others: list[gate_answers.Owed]
    said: Sequence[gate_answers.Owed]
    """What the State says with its acceptance besides."""

    @classmethod
    def read(cls, row: HearingRequest, *, state: str, now: datetime, law: law.Law) -> "LegalAnswers":
        open_ = row.status in gate_answers.ANSWERABLE
        owed = gate_answers.owed(row, now=now, law=law) if open_ else ()
        own = {one.fact: one for one in owed if one.state == state}
        places = gate_answers.places(row, now=now, law=law) if open_ else {}
        questions = []
        for fact in gate_answers.facts_of(row, state):
            answer = row.gate_answers.get(fact, {}).get(state)
            if fact in own or answer is not None:
                questions.append(
                    LegalQuestion(
                        id=ANSWER + fact,
                        text=translated(gate_answers.affirmed(fact, state)),
                        place=places.get(fact),
                        given={True: "yes", False: "no", None: ""}[answer],
                        needed=fact in own and own[fact].stands_in_the_way,
                    )
                )
        return cls(
            questions=questions,
            needed=[question for question in questions if question.needed],
            others=[one for one in owed if one.state != state and one.stands_in_the_way],
            said=gate_answers.said_with(row, AnsweredWith.acceptance, state=state, now=now, law=law) if open_ else (),
        )


@dataclass(frozen=True)
class FileRead:
    """What a tab of the page is read with."""

    db: AsyncSession
    request: Request
    row: HearingRequest
    person: Person
    law: law.Law
    now: datetime


# --- tabs --------------------------------------------------------------------------------------------------------


async def _gate(read: FileRead) -> dict[str, Any]:
    """The gate's verdicts as things stand today."""
    return (await law_on_the_day.evaluation(read.db, read.row, now=read.now, law=read.law)).as_json()


async def _history(read: FileRead) -> list[request_file.HistoryLine]:
    return request_file.history_lines(
        await queries.history(read.db, read.row),
        (await request_log.of_request(read.db, read.row, state=read.person.owner_state)).rows,
        await signatures.signatures_of(read.db, read.row),
    )


async def _overview(read: FileRead) -> dict[str, Any]:
    gate = await _gate(read)
    hearings = await queries.hearings_of_request(read.db, read.row.id)
    translated = tuple(await translations.of_request(read.db, read.row.id))
    history = await _history(read)
    return {
        "gate_today": gate,
        "verdict": request_file.verdict_in_brief(gate, read.row.instruments),
        "completeness": requests.complete(read.row, translated, law=read.law),
        "score": priority.score(read.row, on=read.now.date()),
        "blockers": requests.blockers(read.row, now=read.now, law=read.law) if read.row.status is R.draft else [],
        "deadlines": request_file.deadlines(read.row, hearings, read.now, read.law),
        "latest": history[:2],
        "clocks_of": request_file.clocks_of,
        "in_words": request_steps.in_words,
        "steps": request_steps.progress(read.row, read.law) if read.row.status is R.draft else [],
        "step_of": request_steps.step_of(),
    }


async def _asked(read: FileRead) -> dict[str, Any]:
    translated = tuple(await translations.of_request(read.db, read.row.id))
    return {
        "completeness": requests.complete(read.row, translated, law=read.law),
        "confirmed_late": sending.confirmed_late(read.row),
        "step_of": request_steps.step_of(),
        "score": priority.score(read.row, on=read.now.date()),
        "steps": request_steps.STEPS,
        "in_words": request_steps.in_words,
    }


async def _law(read: FileRead) -> dict[str, Any]:
    today = await _gate(read)
    return {
        "answers": await gate_answers.of_request(read.db, read.row.id),
        "affirmed": lambda one: translated(gate_answers.affirmed(one.fact, one.owner_state)),
        "gate": read.row.gate_result,
        "gate_today": today,
        "gate_retold": {line["text"]: line["text"] for verdict in today["verdicts"] for line in verdict["lines"]},
    }


async def _history_tab(read: FileRead) -> dict[str, Any]:
    kind = read.request.query_params.get("kind", "")
    kind = kind if kind in request_file.KINDS else ""
    lines = [line for line in await _history(read) if kind in ("", line.kind)]
    number = read.request.query_params.get("page", "1")
    first = (int(number) - 1) * PAGE if number.isascii() and number.isdecimal() and 0 < len(number) < 5 else 0
    first = max(first, 0)
    own = read.person.owner_state == read.row.owner_state
    return {
        "lines": lines[first : first + PAGE],
        "lines_in_all": len(lines),
        "older": first // PAGE + 2 if len(lines) > first + PAGE else 0,
        "newer": first // PAGE if first else 0,
        "kind": kind,
        "kinds": request_file.KINDS,
        "seen": await view_notes.viewers_of(read.db, read.row) if own else [],
    }


TABS = {"": _overview, "asked": _asked, "law": _law, "history": _history_tab}
"""The tabs of the page by `?tab=`, and what each reads."""
CONTENT = frozenset({"", "asked"})
"""Tabs that hold the content of the request."""


routes = [
    Route("/requests", listing),
    Route("/search", search),
    Route("/requests/{reference}", show),
]
