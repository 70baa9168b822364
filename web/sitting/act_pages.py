"""Recorded acts of a hearing: the entries; a form to add, correct or withdraw one, also for the live room."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.events import EventKind
from hearings.minutes import acts as minutes_acts
from hearings.models import HearingEvent, HearingRequest
from hearings.permissions import require
from hearings.requests import attachments
from hearings.roles import Role
from hearings.sitting import recorded_acts
from hearings.sitting.recorded_acts import replaced
from web.live import recorded_form
from web.live.recorded_form import Choices, KindForm
from web.minutes.access import MinutesAccess, access_to
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.words import recorded_acts as recorded_words
from web.words.i18n import N_, _

DONE = {"record": N_("Added to the log."), "correct": N_("The new entry replaces the old one, which is kept.")}


REMARK = "record_remark"
"""The action that admits somebody who may not read the record: they see only their own entries."""


async def _rows(db: AsyncSession, access: MinutesAccess) -> Choices:
    hearing, seat = access.hearing, access.seat
    entries = await recorded_acts.of_hearing(db, hearing.id)
    if not access.reads:
        entries = [entry for entry in entries if seat is not None and recorded_acts.made_by(entry, seat)]
    request = await queries.get(db, HearingRequest, hearing.request_id)
    people = await queries.participants(db, hearing.id)
    return Choices(
        hearing=hearing,
        people=people,
        files=await attachments.of_request(db, request.id),
        entries=entries,
        shown=recorded_words.name_rules(people, request.person_name),
    )


def _role(access: MinutesAccess) -> Role | None:
    return access.seat.role if access.seat else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


async def kinds(request: Request) -> Response:
    """GET the forms of the acts this person may record, as JSON: kinds, fields and their current choices."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request, also=REMARK)
        if not access.may(REMARK):
            require("record_act", access.actor)
        rows = await _rows(db, access)
    kind_forms = recorded_form.forms(rows, _role(access), corrects=_number(request.query_params.get("corrects", "")))
    return JSONResponse([asdict(kind_form) for kind_form in kind_forms], headers={"cache-control": "no-store"})


async def show(request: Request) -> Response:
    """The entries, and the form of the kind named in the query."""
    return await _page(request, [], None)


async def _page(request: Request, wrong: list[FormError], values: Mapping[str, str] | None) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request, also=REMARK)
        rows = await _rows(db, access)
        sitting = await queries.open_sitting(db, access.hearing.id)
    corrects = _number(request.query_params.get("corrects", ""))
    open_now = sitting is not None and recorded_acts.takes(sitting)
    kind_forms = recorded_form.forms(rows, _role(access), corrects=corrects) if open_now else []
    kind = _chosen(kind_forms, request.query_params.get("kind", ""))
    old = next((entry for entry in rows.entries if entry.seq == corrects), None)
    if values is None:
        values = recorded_form.values(old, rows.shown) if old is not None and kind and kind.kind == old.kind else {}
    context: dict[str, Any] = {
        "hearing": access.hearing,
        "places": access.places,
        "entries": [
            {
                "event": event,
                "title": _(recorded_words.TITLES[EventKind(event.kind)]),
                "text": recorded_words.detail(event, rows.shown),
                "timecode": minutes_acts.clock(event.data["timecode_ms"]) if "timecode_ms" in event.data else "",
                "place": _place(event) if access.reads and sitting is None else "",
                "by": recorded_words.by(event, rows.shown),
                "replaced_by": replaced(rows.entries).get(event.seq),
                "by_card": recorded_acts.KINDS[EventKind(event.kind)].by_card,
                "correctable": open_now and recorded_form.correctable(event, rows.entries, _role(access)),
            }
            for event in reversed(rows.entries)
        ],
        "open": open_now,
        "reads": access.reads,
        "kinds": kind_forms,
        "kind": kind,
        "corrects": corrects if old is not None else None,
        "errors": wrong,
        "values": values,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "recorded.html", context, status=422 if wrong else 200)


def _place(event: HearingEvent) -> str:
    """The address of the player at an entry (W3C Media Fragments); empty where no recording was running."""
    if "timecode_ms" not in event.data:
        return ""
    return f"/recordings/{event.data['recording']}#t={event.data['timecode_ms'] / 1000:.3f}"


def _chosen(kind_forms: list[KindForm], name: str) -> KindForm | None:
    return next(
        (kind_form for kind_form in kind_forms if kind_form.kind == name), kind_forms[0] if kind_forms else None
    )


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    async with sent.parts.database.reading() as db:
        form = await _form(sent, db, await access_to(db, sent.request, also=REMARK))
    labels = {field.name: field.label for field in form.fields} if form else {}
    return await _page(sent.request, [forms.explain(error, labels)], sent.form.first)


async def _form(sent: Sent, db: AsyncSession, access: MinutesAccess) -> KindForm | None:
    """The form of the kind sent; None if this person may not record that kind."""
    kinds = recorded_form.forms(await _rows(db, access), _role(access), corrects=_corrects(sent))
    return _chosen(kinds, sent.request.query_params.get("kind", ""))


def _corrects(sent: Sent) -> int | None:
    return _number(sent.request.query_params.get("corrects", ""))


@page_act(_again, (errors.Invalid, errors.NotReady), guests=True)
async def record(sent: Sent) -> str:
    """Records an act. Effects: those of `recorded_acts.record`; the live room is updated."""
    access = await access_to(sent.db, sent.request, also=REMARK)
    form = await _form(sent, sent.db, access)
    await recorded_acts.record(
        sent.db,
        hearing=access.hearing,
        kind=form.kind if form else sent.request.query_params.get("kind", ""),
        values=recorded_form.chosen(form, sent.form) if form else {},
        corrects=_corrects(sent),
        actor=access.actor,
        now=sent.now,
    )
    sent.after.append(partial(sent.parts.conductors.touch, access.hearing.id))
    return f"/h/{access.hearing.ref}/record?done={'record' if _corrects(sent) is None else 'correct'}"


routes = [
    Route("/h/{ref}/record", show, methods=["GET"]),
    Route("/h/{ref}/record", record, methods=["POST"]),
    Route("/h/{ref}/record/kinds", kinds),
]
