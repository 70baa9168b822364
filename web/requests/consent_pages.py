"""The person's consents, rule by rule: asked, given with counsel, refused, withdrawn at any time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.law import law
from hearings.models import Person
from hearings.requests import consent_answers, person_consents
from hearings.sentences import tell
from hearings.sitting import withdrawals
from hearings.status import ConsentStatus
from hearings.texts import NOT_A_VALUE
from web.requests import request_file
from web.requests.access import find
from web.server import forms, wall_fields
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import labels
from web.words.i18n import _

ANSWER = {"yes": True, "no": False, "": None}


async def page(request: Request) -> Response:
    """The consents of the person: those asked for, given, refused and withdrawn."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [], "")


async def _page(
    request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError], opened: str
) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        file = await request_file.head(db, row, person)
        consents = await consent_answers.of_request(db, row.id)
        history = await queries.history(db, *consents) if consents else []
        rules = consent_answers.asking(row, now=now, law=await law.current(db))
    have = {consent.rule for consent in consents}
    context = file | {
        "consents": consents,
        "retold": {rule.text: rule.text for rule in rules},
        "expected": [rule for rule in rules if rule.key not in have],
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
        "terms": labels,
    }
    return render(request, "request_consents.html", context, status=422 if wrong else 200)


def _given_at(form: Form, state: str) -> datetime | None:
    """The time typed, read in the time zone of the staff member's own State; None means now."""
    return wall_fields.read(form, "given_at", reference.jurisdiction(state).default_zone)


@page_act()
async def note(sent: Sent) -> str:
    """Adds the rules that require a consent by now. Effects: those of `person_consents.note`."""
    row = await find(sent.db, sent.request, sent.person, lock=True)
    await person_consents.note(sent.db, request=row, **sent.by)
    return f"/requests/{row.reference}/consents?done=1"


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    texts: dict[str, Any] = {
        "answer": _("State what the person answered."),
        "counsel": _("Name the counsel who was present."),
        "given_at": _("Enter a time in the past."),
    }
    consent_id = sent.path["consent"]
    text = wall_fields.explained(error, _("When")) or texts.get(error.field, forms.explain(error).text)
    wrong = [FormError(f"{error.field}-{consent_id}", text)]
    return await _page(sent.request, sent.person, sent.form.first, wrong, consent_id)


@page_act(_again)
async def record(sent: Sent) -> str:
    """Record what the person said. Effects: those of `person_consents.record`."""
    form = sent.form
    if any(form.text(name) not in ANSWER for name in ("counsel_present", "lawyer_access")):
        raise errors.Invalid(tell(NOT_A_VALUE), "counsel_present")
    row = await find(sent.db, sent.request, sent.person, lock=True)
    await person_consents.record(
        sent.db,
        request=row,
        consent_id=sent.path["consent"],
        answer=form.text("answer"),
        counsel=form.text("counsel"),
        counsel_present=ANSWER[form.text("counsel_present")],
        lawyer_access=ANSWER[form.text("lawyer_access")],
        given_at=_given_at(form, sent.state),
        note=form.text("note"),
        **sent.by,
    )
    return f"/requests/{row.reference}/consents?done=1"


@page_act()
async def withdraw(sent: Sent) -> str:
    """Records the withdrawal of a consent. Effects: those of `withdrawals.withdraw`; live pages of the hearings put on
    hold are notified."""
    row = await find(sent.db, sent.request, sent.person)
    consent_id, reason = sent.path["consent"], sent.form.text("note")
    hearing_ids = await withdrawals.withdraw(sent.db, request=row, consent_id=consent_id, reason=reason, **sent.by)
    sent.after += [partial(sent.parts.conductors.floor_closed, hearing_id) for hearing_id in hearing_ids]
    return f"/requests/{row.reference}/consents?done=1"


routes = [
    Route("/requests/{reference}/consents", page),
    Route("/requests/{reference}/consents", note, methods=["POST"]),
    Route("/requests/{reference}/consents/{consent}", record, methods=["POST"]),
    Route("/requests/{reference}/consents/{consent}/withdraw", withdraw, methods=["POST"]),
]
