"""The page on which an administrator adds a State: its facts, its court hours and what it is bound by, in one go.

The rows are previewed and saved, or wait, as any other edit of the law (`web.law.row_pages`).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import clocks, errors, reference
from hearings.clocks import NOT_A_ZONE
from hearings.law import law as laws, rows as law_rows
from hearings.law.law import Law
from hearings.law.rows import Edit
from hearings.sentences import tell
from web.law import forms as law_form, row_pages
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words import law as law_words
from web.words.i18n import _
from web.words.refusals import ENTER_DATE

WEEKDAYS = "1-5"
"""Monday to Friday, the days proposed for the courts."""
NEEDED = (
    "iso2",
    "name",
    "central_authority_conf",
    "languages_conf",
    "zones",
    "opens",
    "closes",
    "confidence",
    "source",
)
"""Fields without which no State is added; the reason is asked for on the next page again."""
BOUND = "bound-"
"""Beginning of the names of the fields with the day from which the State is bound by an instrument."""


def instruments(law: Law) -> list[tuple[str, str]]:
    """The instruments a State can be bound by as one of many parties: id and name."""
    return [(key, str(row["name"])) for key, row in law.instruments.items() if row["binding"] == "parties"]


def edits(form: Form, law: Law) -> list[Edit]:
    """The rows the form describes: the State, the court hours of each zone, one party for each instrument named."""
    text = form.text
    state, source, confidence = text("iso2").upper(), text("source"), text("confidence")
    zones = [zone.strip() for zone in text("zones").replace(",", "|").split("|") if zone.strip()]
    made = [Edit(kind="jurisdiction", key="", data=_jurisdiction(form, state, zones))]
    hours = {"weekdays": text("weekdays") or WEEKDAYS, "opens": text("opens"), "closes": text("closes")}
    made += [
        Edit(
            kind="court_hours",
            key="",
            data={"iso2": state, "tz": zone, "intervals": [dict(hours)], "source": source, "confidence": confidence},
        )
        for zone in zones
    ]
    for key, _name in instruments(law):
        if since := text(f"{BOUND}{key}"):
            made.append(Edit(kind="party", key="", data=_party(state, key, since, source, confidence)))
    return made


def _jurisdiction(form: Form, state: str, zones: list[str]) -> dict[str, Any]:
    given = {name: form.text(name) for name in ("name", "central_authority", "central_authority_conf", "source")}
    return {
        "iso2": state,
        **given,
        "eu_member": "true" if state in reference.members("group:EU") else "false",
        "accepted_languages": "|".join(form.text("languages").replace(",", "|").split("|")).replace(" ", ""),
        "languages_conf": form.text("languages_conf"),
        "default_tz": zones[0] if zones else "",
        "tz_ids": "|".join(zones),
    }


def _party(state: str, instrument: str, since: str, source: str, confidence: str) -> dict[str, Any]:
    return {
        "iso2": state,
        "instrument_id": instrument,
        "party_status": "in_force",
        "in_force_from": since,
        "in_force_confidence": confidence,
        "confidence": confidence,
        "source": source,
    }


def missing(form: Form, law: Law) -> list[FormError]:
    """Everything the form lacks or has wrong, each beside its field: nothing is added before all of it is there."""
    wrong = [FormError(name, _("Cannot be empty")) for name in NEEDED if not form.text(name)]
    if form.text("iso2").upper() in law.jurisdictions:
        wrong.append(FormError("iso2", _("This State is in the law data already: change its row.")))
    for zone in form.text("zones").replace(",", "|").split("|"):
        try:
            clocks.zone(zone.strip() or "Europe/Bucharest")
        except errors.UnknownZone:
            wrong.append(FormError("zones", _(NOT_A_ZONE).format(name=zone.strip()[:60])))
    for key, _name in instruments(law):
        since = form.text(f"{BOUND}{key}")
        if since and _day(since) is None:
            wrong.append(FormError(f"{BOUND}{key}", _(ENTER_DATE)))
    return wrong


def _day(text: str) -> date | None:
    return reference.day(text)


async def page(request: Request) -> Response:
    """The form of a new State."""
    administrator("edit_law", request)
    return await _page(request, {"weekdays": WEEKDAYS, "opens": "09:00", "closes": "17:00"}, [])


async def _page(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    context = {
        "values": values,
        "errors": wrong,
        "instruments": [(f"{BOUND}{key}", name) for key, name in instruments(law)],
        "confidences": [(word, law_words.word("confidence", word)) for word in law.enums["confidence"]],
    }
    return render(request, "law_state.html", context, status=422 if wrong else 200)


FIELD_OF = {
    "default_tz": "zones",
    "tz_ids": "zones",
    "tz": "zones",
    "intervals": "opens",
    "accepted_languages": "languages",
    "in_force_from": "confidence",
    "in_force_confidence": "confidence",
    "instrument_id": "confidence",
    "eu_member": "iso2",
}
"""By field of a row, the field of the form it is made from, where the names differ."""


async def preview(request: Request) -> Response:
    """The preview of a new State. Changes nothing; refused with everything that is missing."""
    _signed, person = administrator("edit_law", request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    wrong = missing(form, law)
    if wrong:
        return await _page(request, dict(form.first), wrong)
    try:
        rows = edits(form, law)
        if len(rows) > law_form.MOST_EDITS:
            raise errors.Invalid(tell("Too many rows at once: add some of them afterwards"), "zones")
        checked = await law_rows.checked_beside(rows, law)
    except errors.Invalid as error:
        text = forms.explain(error, law_form.labels()).text
        return await _page(request, dict(form.first), [FormError(FIELD_OF.get(error.field, error.field), text)])
    return await row_pages.preview_page(request, person, checked, law, form.text("reason"), [])


routes = [
    Route("/admin/law/state", page, methods=["GET"]),
    Route("/admin/law/state", preview, methods=["POST"]),
]
