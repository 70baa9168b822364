"""The person's consents, rule by rule: asked, given with counsel, refused, withdrawn at any time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.law import law
from hearings.models import Person
from hearings.requests import consent_answers, person_consents
from hearings.sentences import tell
from hearings.sitting import withdrawals
from hearings.status import ConsentStatus
from web.requests.access import find, may_on
from web.server import forms, wall_fields
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import places, terms
from web.words.i18n import _

ANSWER = {"yes": True, "no": False, "": None}


async def page(request: Request) -> Response:
    """What is known of the person's consent."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [], "")


async def _page(
    request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError], opened: str
) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        consents = await consent_answers.of_request(db, row.id)
        history = await queries.history(db, *consents) if consents else []
        rules = consent_answers.asking(row, now=now, law=await law.current(db))
    have = {one.rule for one in consents}
    context = {
        "row": row,
        "consents": consents,
        "retold": {one.text: one.text for one in rules},
        "expected": [one for one in rules if one.key not in have],
        "history": history,
        "values": values,
        "errors": wrong,
        "opened": opened,
        "notice": _("Done.") if request.query_params.get("done") and not wrong else None,
        "may_record": row.submitted_at is not None and may_on("record_consent", person, row),
        "given": ConsentStatus.given,
        "answers": [
            ("pending", _("The person was asked")),
            ("given", _("Consent given")),
            ("refused", _("Consent refused")),
        ],
        "twice": wall_fields.doubled(values, ["given_at"], reference.jurisdiction(person.owner_state).default_zone),
        "yes_no": [("", _("Not answered yet")), ("yes", _("Yes")), ("no", _("No"))],
        "places": places.own_first(places.of_states(row.requesting_state, row.requested_state), person.owner_state),
        "terms": terms,
    }
    return render(request, "request_consents.html", context, status=422 if wrong else 200)


def _given_at(form: Form, state: str) -> datetime | None:
    """The time typed, as the clocks of the person's own State show it; None for now."""
    return wall_fields.read(form, "given_at", reference.jurisdiction(state).default_zone)


async def note(request: Request) -> Response:
    """Note the rules that ask by now. Effects: those of `person_consents.note`."""
    signed, person = staff(request)
    await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        row = await find(db, request, person, lock=True)
        await person_consents.note(db, request=row, actor=signed.actor(), now=datetime.now(UTC))
    return RedirectResponse(f"/requests/{row.reference}/consents?done=1", 303)


async def record(request: Request) -> Response:
    """Record what the person said. Effects: those of `person_consents.record`."""
    signed, person = staff(request)
    form = await forms.read(request)
    consent_id = request.path_params["consent"]
    try:
        if any(form.text(name) not in ANSWER for name in ("counsel_present", "lawyer_access")):
            raise errors.Invalid(tell("Not one of the values this field takes"), "counsel_present")
        async with request.app.state.parts.database.transaction() as db:
            row = await find(db, request, person, lock=True)
            await person_consents.record(
                db,
                request=row,
                consent_id=consent_id,
                answer=form.text("answer"),
                counsel=form.text("counsel"),
                counsel_present=ANSWER[form.text("counsel_present")],
                lawyer_access=ANSWER[form.text("lawyer_access")],
                given_at=_given_at(form, person.owner_state),
                note=form.text("note"),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        texts: dict[str, Any] = {
            "answer": _("Say what the person answered."),
            "counsel": _("Name the counsel who was present."),
            "given_at": _("Give a time that has been."),
        }
        text = wall_fields.explained(error, _("When")) or texts.get(error.field, forms.explain(error).text)
        return await _page(request, person, form.first, [FormError(f"{error.field}-{consent_id}", text)], consent_id)
    return RedirectResponse(f"/requests/{row.reference}/consents?done=1", 303)


async def withdraw(request: Request) -> Response:
    """The person withdraws. Effects: those of `withdrawals.withdraw`; live pages of held hearings are told."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        row = await find(db, request, person)
        held = await withdrawals.withdraw(
            db,
            request=row,
            consent_id=request.path_params["consent"],
            reason=form.text("note"),
            actor=signed.actor(),
            now=datetime.now(UTC),
        )
    for hearing_id in held:
        request.app.state.parts.conductors.held(hearing_id)
    return RedirectResponse(f"/requests/{row.reference}/consents?done=1", 303)


routes = [
    Route("/requests/{reference}/consents", page),
    Route("/requests/{reference}/consents", note, methods=["POST"]),
    Route("/requests/{reference}/consents/{consent}", record, methods=["POST"]),
    Route("/requests/{reference}/consents/{consent}/withdraw", withdraw, methods=["POST"]),
]
