"""Minutes of a hearing: the draft, its review and reading back, reservations."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import corrections, minutes
from hearings.minutes.passages import minutes_languages
from hearings.models.minutes import ReservationKind
from hearings.permissions import require
from hearings.status import MinutesStatus
from web.minutes.access import access_to, back, context_of, displayed, found_of
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.words import minutes as minutes_words, sentences
from web.words.i18n import N_, _, language_here
from web.words.labels import SIGNATURE_KEPT
from web.words.refusals import WRITE_WHY

M = MinutesStatus
DONE = {
    "draft": N_("The minutes have been drafted. Read every passage: whatever was not recorded is for you to write."),
    "refresh": N_("Drafted again. Text written by people was kept."),
    "submit": N_("The minutes are in review."),
    "send_back": N_("The minutes are a draft again."),
    "reopen": N_("The minutes have been reopened. Signatures on the earlier text no longer count."),
    "acknowledge": N_("Receipt acknowledged."),
    "passage": N_("The passage has been saved. The earlier version stays in its history."),
    "unchanged": N_("Nothing in the passage was changed."),
    "answer": N_("The answer has been saved. It appears in the minutes."),
    "read": N_("The reading back has been recorded. Both authorities can sign now."),
    "corrections": N_(
        "The corrections have been recorded. Make or answer each of them, then read the text back again."
    ),
    "reservation": N_("The reservation has been added to the minutes."),
    "sign": SIGNATURE_KEPT,
}


async def show(request: Request) -> Response:
    """The current minutes, their obstacles, and the acts this person may perform."""
    return await _page(request, [], {})


async def _page(request: Request, wrong: list[FormError], values: Mapping[str, str]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        all_minutes = await minutes.of_hearing(db, access.hearing)
        can_begin = all(earlier.status is M.signed for earlier in all_minutes) and await minutes.begun(
            db, access.hearing
        )
        context: dict[str, Any] = {
            "access": access,
            "hearing": access.hearing,
            "places": access.places,
            "all_minutes": all_minutes,
            "can_begin": can_begin and access.may("edit_minutes"),
            "begun": can_begin,
            "found": None,
            "errors": wrong,
            "values": values,
        }
        if all_minutes:
            context |= await context_of(db, access, await found_of(db, access, request))
            context["unfolded"] = displayed(context["sections"], request.query_params.get("section", ""))
    context["notice"] = notice(request, DONE, wrong)
    return render(request, "minutes.html", context, status=422 if wrong else 200)


# --- acts --------------------------------------------------------------------------------------------------------

ACTS: Mapping[str, tuple[Callable[..., Awaitable[Any]], Callable[[Form], Mapping[str, Any]]]] = {
    "refresh": (minutes.refresh, lambda form: {"say": sentences.say_whole}),
    "submit": (minutes.submit, lambda form: {}),
    "send_back": (minutes.send_back, lambda form: {"reason": form.text("reason")}),
    "reopen": (minutes.reopen, lambda form: {"reason": form.text("reason")}),
}
"""Acts on existing minutes, by name: the function and the keywords read from the form."""


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    wrong = forms.explain(error)
    if isinstance(error, errors.Invalid):
        text = _(WRITE_WHY)
        wrong = FormError(f"{sent.path['action']}-reason", text)
    return await _page(sent.request, [wrong], sent.form.first)


@page_act(_again, (errors.Invalid, errors.NotReady, errors.IllegalMove), guests=True)
async def act(sent: Sent) -> Response:
    """Draft, acknowledge, or do one of `ACTS`. Effects: those of the function of `hearings.minutes.minutes`."""
    name, db, now = sent.path["action"], sent.db, sent.now
    access = await access_to(db, sent.request)
    if name == "draft":
        await minutes.begin(db, hearing=access.hearing, say=sentences.say_whole, actor=access.actor, now=now)
    elif name == "acknowledge":
        row = await found_of(db, access, sent.request)
        await minutes.acknowledge(db, minutes=row, hearing=access.hearing, **sent.by)
    elif name in ACTS:
        does, reads = ACTS[name]
        row = await found_of(db, access, sent.request)
        await does(db, minutes=row, **reads(sent.form), actor=access.actor, now=now)
    else:
        raise HTTPException(404, "not_found")
    return back(sent.request, name)


# --- reading back, reservations ----------------------------------------------------------------------------------


async def reading_page(request: Request) -> Response:
    """Record that the minutes were read back."""
    return await _reading(request, [], {})


async def _reading(request: Request, wrong: list[FormError], values: Mapping[str, Any]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("edit_minutes", access.actor)
        row = await found_of(db, access, request)
        obstacles = await minutes.obstacles(db, row)
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": row,
        "obstacles": obstacles,
        "words": minutes_words,
        "languages": [(lang, language_here(lang)) for lang in minutes_languages(row)],
        "errors": wrong,
        "values": dict(values),
    }
    return render(request, "minutes_read_back.html", context, status=422 if wrong else 200)


async def _read_again(sent: Sent, error: errors.HearingsError) -> Response:
    values = sent.form.first | {"languages": sent.form.all("languages")}
    return await _reading(sent.request, [forms.explain(error)], values)


@page_act(_read_again, (errors.Invalid, errors.NotReady), guests=True)
async def read_back(sent: Sent) -> Response:
    """Effects: those of `minutes.read_back`."""
    form, access = sent.form, await access_to(sent.db, sent.request)
    done = await minutes.read_back(
        sent.db,
        minutes=await found_of(sent.db, access, sent.request),
        read_by=form.text("read_by"),
        languages=form.all("languages"),
        heard_by=[line.strip() for line in form.text("heard_by").splitlines() if line.strip()],
        corrections=form.text("corrections"),
        actor=access.actor,
        now=sent.now,
    )
    return back(sent.request, "corrections" if done.corrections else "read")


async def _unanswered(sent: Sent, error: errors.HearingsError) -> Response:
    wrong = forms.explain(error)
    if isinstance(error, errors.Invalid):
        wrong = replace(wrong, field=f"answer-{sent.path['reading']}")
    return await _page(sent.request, [wrong], sent.form.first)


@page_act(_unanswered, (errors.Invalid, errors.NotReady), guests=True)
async def answer(sent: Sent) -> Response:
    """Effects: those of `corrections.answer`."""
    access = await access_to(sent.db, sent.request)
    row, text = await found_of(sent.db, access, sent.request), sent.form.text("answer")
    reading = sent.path["reading"]
    await corrections.answer(sent.db, minutes=row, reading=reading, text=text, actor=access.actor, now=sent.now)
    return back(sent.request, "answer")


async def _not_reserved(sent: Sent, error: errors.Invalid) -> Response:
    return await _page(sent.request, [forms.explain(error)], sent.form.first)


@page_act(_not_reserved, guests=True)
async def reserve(sent: Sent) -> Response:
    """Effects: those of `corrections.reserve`."""
    form, access = sent.form, await access_to(sent.db, sent.request)
    refuses, made_by = form.text("refusal") == "yes", form.text("made_by")
    await corrections.reserve(
        sent.db,
        minutes=await found_of(sent.db, access, sent.request),
        made_by=made_by,
        role=access.seat.role.value if access.seat and made_by == access.actor.label else "",
        lang=form.text("language"),
        text=form.text("text"),
        kind=ReservationKind.refusal_to_sign if refuses else ReservationKind.reservation,
        actor=access.actor,
        now=sent.now,
    )
    return back(sent.request, "reservation")


routes = [
    Route("/h/{ref}/minutes", show),
    Route("/h/{ref}/minutes/act/{action}", act, methods=["POST"]),
    Route("/h/{ref}/minutes/read-back", reading_page, methods=["GET"]),
    Route("/h/{ref}/minutes/read-back", read_back, methods=["POST"]),
    Route("/h/{ref}/minutes/readings/{reading:int}/answer", answer, methods=["POST"]),
    Route("/h/{ref}/minutes/reservation", reserve, methods=["POST"]),
]
