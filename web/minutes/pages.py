"""Minutes of a hearing: the draft, its review and reading back, reservations."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import corrections, minutes, reservations
from hearings.minutes.passages import tongues
from hearings.models import Minutes
from hearings.models.minutes import ReservationKind
from hearings.permissions import require
from hearings.status import MinutesStatus
from web.minutes.access import Access, access_to, back, context_of, found_of
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.words import minutes as minutes_words
from web.words.i18n import N_, _, language_here

M = MinutesStatus
DONE = {
    "draft": N_("The minutes are drafted. Read every passage: what nobody recorded is for you to write."),
    "refresh": N_("Drafted again. What people have written was left as it is."),
    "submit": N_("The minutes are in review."),
    "send_back": N_("The minutes are a draft again."),
    "reopen": N_("The minutes are open again. Signatures on the earlier text no longer count."),
    "acknowledge": N_("The receipt is noted."),
    "passage": N_("The passage is kept. The earlier version stays in its history."),
    "unchanged": N_("Nothing in the passage was changed."),
    "answer": N_("The answer is kept. It stands in the minutes."),
    "read": N_("The reading is recorded. Both authorities can sign now."),
    "corrections": N_("The corrections are recorded. Make each or answer it, then read the text back again."),
    "reservation": N_("The reservation stands beside the minutes."),
    "sign": N_("The signature is kept."),
}


async def show(request: Request) -> Response:
    """The minutes as they stand, what is missing, and what this person may do."""
    return await _page(request, [], {})


async def _page(request: Request, wrong: list[FormError], values: Mapping[str, str]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        all_minutes = await minutes.of_hearing(db, access.hearing)
        can_begin = all(one.status is M.signed for one in all_minutes) and await minutes.begun(db, access.hearing)
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
    done = request.query_params.get("done", "")
    context["notice"] = _(DONE[done]) if done in DONE and not wrong else None
    return render(request, "minutes.html", context, status=422 if wrong else 200)


# --- acts --------------------------------------------------------------------------------------------------------

Act = Callable[[AsyncSession, Access, Minutes, Form, datetime], Awaitable[None]]


async def _refresh(db: AsyncSession, access: Access, found: Minutes, form: Form, now: datetime) -> None:
    await minutes.refresh(db, minutes=found, speakers=minutes_words.speakers, actor=access.actor, now=now)


async def _submit(db: AsyncSession, access: Access, found: Minutes, form: Form, now: datetime) -> None:
    await minutes.submit(db, minutes=found, actor=access.actor, now=now)


async def _send_back(db: AsyncSession, access: Access, found: Minutes, form: Form, now: datetime) -> None:
    await minutes.send_back(db, minutes=found, reason=form.text("reason"), actor=access.actor, now=now)


async def _reopen(db: AsyncSession, access: Access, found: Minutes, form: Form, now: datetime) -> None:
    await minutes.reopen(db, minutes=found, reason=form.text("reason"), actor=access.actor, now=now)


async def _acknowledge(db: AsyncSession, access: Access, found: Minutes, form: Form, now: datetime) -> None:
    actor = access.signed.actor()
    await minutes.acknowledge(db, minutes=found, hearing=access.hearing, actor=actor, now=now)


ACTS: Mapping[str, Act] = {
    "refresh": _refresh,
    "submit": _submit,
    "send_back": _send_back,
    "reopen": _reopen,
    "acknowledge": _acknowledge,
}


async def act(request: Request) -> Response:
    """Draft, or do one of `ACTS`. Effects: those of the function named there."""
    form = await forms.read(request)
    name = request.path_params["action"]
    now = datetime.now(UTC)
    try:
        async with request.app.state.parts.database.transaction() as db:
            access = await access_to(db, request)
            if name == "draft":
                await minutes.begin(
                    db, hearing=access.hearing, speakers=minutes_words.speakers, actor=access.actor, now=now
                )
            elif name in ACTS:
                await ACTS[name](db, access, await found_of(db, access, request), form, now)
            else:
                raise HTTPException(404, "not_found")
    except errors.Invalid:
        text = _("Write why, in at least a few words: the other State will read it.")
        return await _page(request, [FormError(f"{name}-reason", text)], form.first)
    except (errors.NotReady, errors.IllegalMove) as error:
        return await _page(request, [forms.explain(error)], form.first)
    return back(request, name)


# --- reading back, reservations ----------------------------------------------------------------------------------


async def reading_page(request: Request) -> Response:
    """Record that the minutes were read back."""
    return await _reading(request, [], {})


async def _reading(request: Request, wrong: list[FormError], values: Mapping[str, Any]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("edit_minutes", access.actor)
        found = await found_of(db, access, request)
        standing = await minutes.obstacles(db, found)
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": found,
        "obstacles": standing,
        "words": minutes_words,
        "languages": [(lang, language_here(lang)) for lang in tongues(found)],
        "errors": wrong,
        "values": dict(values),
    }
    return render(request, "minutes_read_back.html", context, status=422 if wrong else 200)


async def read_back(request: Request) -> Response:
    """Effects: those of `minutes.read_back`."""
    form = await forms.read(request)
    kept = dict(form.first) | {"languages": form.all("languages")}
    try:
        async with request.app.state.parts.database.transaction() as db:
            access = await access_to(db, request)
            done = await minutes.read_back(
                db,
                minutes=await found_of(db, access, request),
                read_by=form.text("read_by"),
                languages=form.all("languages"),
                heard_by=[line.strip() for line in form.text("heard_by").splitlines() if line.strip()],
                corrections=form.text("corrections"),
                actor=access.actor,
                now=datetime.now(UTC),
            )
    except (errors.Invalid, errors.NotReady) as error:
        return await _reading(request, [forms.explain(error)], kept)
    return back(request, "corrections" if done.corrections else "read")


async def answer(request: Request) -> Response:
    """Effects: those of `corrections.answer`."""
    form = await forms.read(request)
    reading = request.path_params["reading"]
    try:
        async with request.app.state.parts.database.transaction() as db:
            access = await access_to(db, request)
            await corrections.answer(
                db,
                minutes=await found_of(db, access, request),
                reading=reading,
                text=form.text("answer"),
                actor=access.actor,
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return await _page(request, [replace(forms.explain(error), field=f"answer-{reading}")], form.first)
    except errors.NotReady as error:
        return await _page(request, [forms.explain(error)], form.first)
    return back(request, "answer")


async def reserve(request: Request) -> Response:
    """Effects: those of `reservations.reserve`."""
    form = await forms.read(request)
    refuses = form.text("refusal") == "yes"
    try:
        async with request.app.state.parts.database.transaction() as db:
            access = await access_to(db, request)
            found = await found_of(db, access, request)
            await reservations.reserve(
                db,
                minutes=found,
                made_by=form.text("made_by"),
                role=access.seat.role.value if access.seat and form.text("made_by") == access.actor.label else "",
                lang=form.text("language"),
                text=form.text("text"),
                kind=ReservationKind.refusal_to_sign if refuses else ReservationKind.reservation,
                actor=access.actor,
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return await _page(request, [forms.explain(error)], form.first)
    return back(request, "reservation")


routes = [
    Route("/h/{ref}/minutes", show),
    Route("/h/{ref}/minutes/act/{action}", act, methods=["POST"]),
    Route("/h/{ref}/minutes/read-back", reading_page, methods=["GET"]),
    Route("/h/{ref}/minutes/read-back", read_back, methods=["POST"]),
    Route("/h/{ref}/minutes/readings/{reading:int}/answer", answer, methods=["POST"]),
    Route("/h/{ref}/minutes/reservation", reserve, methods=["POST"]),
]
