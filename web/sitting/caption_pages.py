"""The stenographer's page: captions of a sitting typed line by line, the latest lines, and their correction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import errors, events, queries
from hearings.events import EventKind
from hearings.interpreting import captions
from hearings.interpreting.captions import CaptionSource, NewCaption
from hearings.languages import signed
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Sitting
from hearings.permissions import require
from hearings.sitting.recorded_acts import correctable_by
from web.server import forms, view_log as shown
from web.server.forms import FormError
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.server.sign_in import seat, signed_in, staff
from web.words import court_clocks, event_log, labels, recorded_acts as recorded_words
from web.words.i18n import N_, _, language_here

LAST = 20
"""Lines that the page shows."""
NOBODY = N_("Nobody named")
FIELDS = {
    "text": N_("What is said"),
    "participant": N_("Who speaks"),
    "language": N_("Language of the captions"),
    "corrects": N_("Line to correct"),
}


async def show(request: Request) -> Response:
    """The form and the latest lines, for who may feed captions in this hearing."""
    asked = request.query_params
    return await _page(request, {name: asked[name] for name in ("language", "participant") if name in asked}, [])


async def _page(request: Request, values: Mapping[str, str], wrong: list[FormError]) -> Response:
    staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing, me = await seat(db, signed_in(request), request.path_params["ref"])
        require("caption", signed_in(request).actor(me))
        shown.add(request, hearing)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        people = await queries.participants(db, hearing.id)
        sitting = await queries.open_sitting(db, hearing.id)
        lines = await events.newest(db, hearing.id, kind=EventKind.caption.value, limit=LAST)
    rules = recorded_words.name_rules(people, row.person_name)
    old = _corrected(request, lines, me)
    if old is not None and not wrong:
        values = {**old.data, "language": old.data["lang"], "text": rules.quoted(old.data["text"])}
    gone = captions.replaced(lines)
    context: dict[str, Any] = {
        "hearing": hearing,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), me.state),
        "open": sitting is not None,
        "closed": _closed(sitting),
        "speakers": [(person.id, recorded_words.name_of(person)) for person in captions.speakers(people)],
        "languages": _languages(hearing, people),
        "labels": {name: _(text) for name, text in FIELDS.items()},
        "most": captions.LONGEST,
        "nobody": _(NOBODY),
        "corrects": old,
        "lines": [_line(caption, rules, gone, me, open_now=sitting is not None) for caption in lines],
        "again": urlencode({name: values[name] for name in ("language", "participant") if values.get(name)}),
        "values": {"language": me.speaks, **values},
        "errors": wrong,
    }
    return render(request, "captions.html", context, status=422 if wrong else 200)


def _closed(sitting: Sitting | None) -> str:
    """Why no caption is taken now, in words; empty when one is."""
    if sitting is None:
        return _(captions.NOT_IN_SESSION)
    try:
        captions.require_open(sitting, datetime.now(UTC))
    except errors.NotReady as refusal:
        return forms.explain(refusal).text
    return ""


def _languages(hearing: Hearing, people: Sequence[Participant]) -> list[tuple[str, str]]:
    """The written languages to choose from: those of the hearing first, then every other that is offered."""
    own = dict.fromkeys(tag for tag in (*hearing.languages, *(one.speaks for one in people)) if not signed(tag))
    others = sorted(((tag, language_here(tag)) for tag in labels.LANGUAGES if tag not in own), key=lambda pair: pair[1])
    return [*((tag, language_here(tag)) for tag in own), *others]


def _corrected(request: Request, lines: Sequence[HearingEvent], me: Participant) -> HearingEvent | None:
    """The line that the address names, if it is on the page and this person may correct it."""
    asked = request.query_params.get("corrects", "")
    found = next((caption for caption in lines if str(caption.seq) == asked), None)
    return found if found is not None and _correctable(found, me) else None


def _correctable(caption: HearingEvent, me: Participant) -> bool:
    return caption.data["source"] == CaptionSource.stenographer and correctable_by(caption, me.role)


def _line(
    caption: HearingEvent,
    rules: recorded_words.NameRules,
    gone: Mapping[int, int],
    me: Participant,
    *,
    open_now: bool,
) -> Mapping[str, Any]:
    source = event_log.CAPTION_SOURCES[caption.data["source"]]
    return {
        "number": caption.seq,
        "at": captions.spoken_at(caption),
        "lang": caption.data["lang"],
        "source": _(source),
        "speaker": rules.names.get(caption.data.get("participant", ""), "") or _(NOBODY),
        "text": rules.quoted(caption.data["text"]),
        "corrects": caption.data.get("corrects"),
        "corrected_by": gone.get(caption.seq),
        "correctable": open_now and caption.seq not in gone and _correctable(caption, me),
    }


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    labels_here = {name: _(text) for name, text in FIELDS.items()}
    wrong = forms.explain(error, labels_here)
    if _by_script(sent.request):
        return JSONResponse({"text": wrong.text}, 422)
    return await _page(sent.request, sent.form.first, [wrong])


def _by_script(request: Request) -> bool:
    """Whether web/static/js/captions.js sends the form, and waits for JSON."""
    return request.headers.get("accept", "") == "application/json"


@page_act(_again, (errors.Invalid, errors.NotReady, errors.TooFast))
async def feed(sent: Sent) -> str | Response:
    """Feeds a caption as a stenographer. Effects: those of `captions.feed`; the pages in the room show it."""
    hearing, me = await seat(sent.db, sent.signed, sent.path["ref"])
    corrects = sent.request.query_params.get("corrects", "")
    caption = NewCaption(
        lang=sent.form.text("language"),
        text=sent.form.text("text"),
        source=CaptionSource.stenographer,
        participant=sent.form.text("participant"),
        corrects=int(corrects) if corrects.isascii() and corrects.isdigit() and len(corrects) < 10 else None,
    )
    actor = sent.signed.actor(me)
    made = await captions.feed(sent.db, hearing=hearing, caption=caption, actor=actor, now=sent.now)
    sent.after.append(partial(sent.parts.conductors.captioned, hearing.id, made.seq))
    if _by_script(sent.request):
        speaker = await queries.get(sent.db, Participant, caption.participant) if caption.participant else None
        name = recorded_words.name_of(speaker) if speaker else _(NOBODY)
        told = {"number": made.seq, "lang": made.data["lang"], "text": made.data["text"], "speaker": name}
        return JSONResponse(told)
    kept = {"language": made.data["lang"], "participant": caption.participant}
    return f"/h/{hearing.ref}/captions?{urlencode({name: value for name, value in kept.items() if value})}"


routes = [
    Route("/h/{ref}/captions", show, methods=["GET"]),
    Route("/h/{ref}/captions", feed, methods=["POST"]),
]
