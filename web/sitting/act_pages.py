"""Recorded acts of a hearing: the entries; a form to add, correct or withdraw one, also for the live room."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.events import EventKind
from hearings.minutes import acts as minutes_acts
from hearings.models import HearingRequest
from hearings.permissions import require
from hearings.requests import attachments
from hearings.roles import Role
from hearings.sitting import recorded_acts
from hearings.sitting.recorded_acts import replaced
from web.live import recorded_form
from web.live.recorded_form import KindForm, Rows
from web.minutes.access import Access, access_to
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.words import recorded_acts as recorded_words
from web.words.i18n import N_, _

DONE = {"record": N_("It is recorded."), "correct": N_("The new entry takes the place of the old one, which stays.")}


REMARK = "record_remark"
"""What lets somebody in who may not read the record: they see what they have put there themselves."""


async def _rows(db: AsyncSession, access: Access) -> Rows:
    hearing, seat = access.hearing, access.seat
    entries = await recorded_acts.of_hearing(db, hearing.id)
    if not access.reads:
        entries = [one for one in entries if seat is not None and recorded_acts.made_by(one, seat)]
    request = await queries.get(db, HearingRequest, hearing.request_id)
    people = await queries.participants(db, hearing.id)
    return Rows(
        hearing=hearing,
        people=people,
        files=await attachments.of_request(db, request.id),
        entries=entries,
        shown=recorded_words.shown(people, request.person_name),
    )


def _role(access: Access) -> Role | None:
    return access.seat.role if access.seat else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


async def kinds(request: Request) -> Response:
    """GET what this person may record, as JSON: kinds, fields, and what can be chosen now."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request, also=REMARK)
        if not access.may(REMARK):
            require("record_act", access.actor)
        rows = await _rows(db, access)
    found = recorded_form.forms(rows, _role(access), corrects=_number(request.query_params.get("corrects", "")))
    return JSONResponse([asdict(one) for one in found], headers={"cache-control": "no-store"})


async def show(request: Request) -> Response:
    """The entries, and the form of the kind asked for."""
    return await _page(request, [], None)


async def _page(request: Request, wrong: list[FormError], values: Mapping[str, str] | None) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request, also=REMARK)
        rows = await _rows(db, access)
        sitting = await queries.open_sitting(db, access.hearing.id)
    corrects = _number(request.query_params.get("corrects", ""))
    open_now = sitting is not None and recorded_acts.takes(sitting)
    found = recorded_form.forms(rows, _role(access), corrects=corrects) if open_now else []
    kind = _chosen(found, request.query_params.get("kind", ""))
    old = next((one for one in rows.entries if one.seq == corrects), None)
    if values is None:
        values = recorded_form.values(old, rows.shown) if old is not None and kind and kind.kind == old.kind else {}
    done = request.query_params.get("done", "")
    context: dict[str, Any] = {
        "hearing": access.hearing,
        "places": access.places,
        "entries": [
            {
                "event": event,
                "title": _(recorded_words.TITLES[EventKind(event.kind)]),
                "text": recorded_words.detail(event, rows.shown),
                "timecode": minutes_acts.clock(event.data["timecode_ms"]) if "timecode_ms" in event.data else "",
                "by": recorded_words.by(event, rows.shown),
                "replaced_by": replaced(rows.entries).get(event.seq),
                "correctable": open_now and recorded_form.correctable(event, rows.entries, _role(access)),
            }
            for event in reversed(rows.entries)
        ],
        "open": open_now,
        "reads": access.reads,
        "kinds": found,
        "kind": kind,
        "corrects": corrects if old is not None else None,
        "errors": wrong,
        "values": values,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return render(request, "recorded.html", context, status=422 if wrong else 200)


def _chosen(found: list[KindForm], name: str) -> KindForm | None:
    return next((one for one in found if one.kind == name), found[0] if found else None)


async def record(request: Request) -> Response:
    """Record an act. Effects: those of `recorded_acts.record`; the live room is told."""
    form = await forms.read(request)
    corrects = _number(request.query_params.get("corrects", ""))
    parts = request.app.state.parts
    try:
        async with parts.database.transaction() as db:
            access = await access_to(db, request, also=REMARK)
            rows = await _rows(db, access)
            name = request.query_params.get("kind", "")
            found = _chosen(recorded_form.forms(rows, _role(access), corrects=corrects), name)
            await recorded_acts.record(
                db,
                hearing=access.hearing,
                kind=found.kind if found else name,
                values=recorded_form.chosen(found, form) if found else {},
                corrects=corrects,
                actor=access.actor,
                now=datetime.now(UTC),
            )
    except (errors.Invalid, errors.NotReady) as error:
        labels = {field.name: field.label for field in found.fields} if found else {}
        return await _page(request, [forms.explain(error, labels)], form.first)
    parts.conductors.touch(access.hearing.id)
    done = "record" if corrects is None else "correct"
    return RedirectResponse(f"/h/{access.hearing.ref}/record?done={done}", 303)


routes = [
    Route("/h/{ref}/record", show, methods=["GET"]),
    Route("/h/{ref}/record", record, methods=["POST"]),
    Route("/h/{ref}/record/kinds", kinds),
]
