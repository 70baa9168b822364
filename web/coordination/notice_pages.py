"""Notices of States: read by all staff, published and confirmed by the State they are about, followed by mail."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.coordination import state_notices
from hearings.coordination.state_notices import KnownNotice, NoticeContent
from hearings.models import Person, StateNotice
from hearings.models.coordination import NoticeEffect, NoticeTopic
from web.coordination import notice_publishing
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, again, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_own, staff
from web.words import labels
from web.words.court_clocks import of_person
from web.words.i18n import LANGUAGES as PAGES, N_, _, language_here, state_name
from web.words.refusals import ENTER_DATE

PAGE = 25
FEED = 100
"""Notices in a feed: all that a State has in force, within reason."""
DONE = {
    "published": N_("The notice is published and applies from its first day on."),
    "confirmed": N_("The notice is confirmed."),
    "followed": N_("From now on you are mailed each new notice of this State."),
    "left": N_("You are no longer mailed the notices of this State."),
}
LABELS = {
    "topic": N_("Topic"),
    "effect": N_("Effect"),
    "text": N_("Text"),
    "reason": N_("Reason for blocking"),
    "first_day": N_("First day"),
    "last_day": N_("Last day"),
    "source": N_("Source"),
    "languages": N_("Languages"),
}
CHIPS = {"ahead": "plain", "in_force": "ok", "expired": "plain", "superseded": "plain"}
EFFECT_CHIPS = {NoticeEffect.none: "plain", NoticeEffect.warn: "warn", NoticeEffect.block: "rec"}


def _words() -> dict[str, Any]:
    return {
        "terms": labels,
        "chip_of": lambda one: CHIPS[one.status.value],
        "effect_chip": EFFECT_CHIPS.__getitem__,
        "language_name": language_here,
    }


def _states() -> list[tuple[str, str]]:
    states = [(code, state_name(code)) for code in reference.jurisdictions()]
    return sorted(states, key=lambda pair: pair[1].casefold())


async def listing(request: Request) -> Response:
    """The notices of all States or one: those that apply now or later, or with `?history` the others as well."""
    _signed, person = staff(request)
    query = request.query_params
    state = query.get("state", "") if query.get("state", "") in reference.jurisdictions() else ""
    history = "history" in query
    async with request.app.state.parts.database.reading() as db:
        page = await state_notices.listed(
            db, state=state, history=history, now=datetime.now(UTC), after=query.get("after", ""), limit=PAGE
        )
        followed = await state_notices.subscribed(db, person.id)
    context = _words() | {
        "rows": page.rows,
        "next": page.after,
        "state": state,
        "history": history,
        "state_options": _states(),
        "values": {"state": state},
        "followed": state in followed,
        "may_publish": may_own("publish_notice", person),
        "notice": notice(request, DONE),
    }
    return render(request, "notices.html", context)


async def show(request: Request) -> Response:
    """One notice, what came before it, and its history."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        known = await state_notices.known(db, request.path_params["notice"], now=datetime.now(UTC))
    row = known.row
    own = row.owner_state == person.owner_state
    context = _words() | {
        "one": known,
        "row": row,
        "may_publish": own and may_own("publish_notice", person) and known.status.value != "superseded",
        "may_confirm": own and _unconfirmed(row) and may_own("confirm_notice", person),
        "unconfirmed": _unconfirmed(row),
        "places": of_person(person),
        "notice": notice(request, DONE),
    }
    return render(request, "notice.html", context)


def _unconfirmed(row: StateNotice) -> bool:
    return row.facilitator_id is not None and row.confirmed_at is None


async def new(request: Request) -> Response:
    """The form for a notice of the own State; with `?supersedes` for one in the place of another."""
    _signed, person = staff(request)
    values: dict[str, Any] = {
        "first_day": state_notices.today(person.owner_state, datetime.now(UTC)).isoformat(),
        "effect": NoticeEffect.none.value,
        "supersedes": request.query_params.get("supersedes", "")[:36],
    }
    return await _form(request, person, values, [])


async def _form(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    if not may_own("publish_notice", person):
        raise errors.NotAllowed("not for this person")
    tags = dict.fromkeys((*reference.jurisdiction(person.owner_state).accepted_languages, *labels.LANGUAGES, *PAGES))
    context = {
        "values": values,
        "errors": wrong,
        "topics": labels.options("notice_topic"),
        "effects": labels.options("notice_effect"),
        "stopping": [labels.word("notice_topic", topic.value) for topic in NoticeTopic if topic in state_notices.STOPS],
        "language_options": [(tag, language_here(tag)) for tag in tags],
        "own": person.owner_state,
    }
    return render(request, "notice_form.html", context, status=422 if wrong else 200)


def _explain(error: errors.HearingsError) -> FormError:
    return forms.explain(error, {name: _(text) for name, text in LABELS.items()})


def _keep(form: forms.Form) -> dict[str, Any]:
    return {**form.first, "languages": form.all("languages")}


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.Invalid(_(ENTER_DATE), field) from None


@page_act(again(_form, _explain, _keep), (errors.Invalid, errors.NotReady), right="publish_notice")
async def publish(sent: Sent) -> str:
    """Publishes a notice of the own State. Effects: those of `notice_publishing.publish`."""
    form = sent.form
    last_day = form.text("last_day")
    content = NoticeContent(
        state=sent.state,
        topic=form.text("topic"),
        text=form.text("text"),
        effect=form.text("effect"),
        reason=form.text("reason"),
        first_day=_day(form.text("first_day"), "first_day"),
        last_day=_day(last_day, "last_day") if last_day else None,
        source=form.text("source"),
        languages=form.all("languages"),
        supersedes=form.text("supersedes"),
    )
    made = await notice_publishing.publish(sent.db, sent.request, content=content, **sent.by)
    return f"/notices/{made.id}?done=published"


@page_act(right="confirm_notice")
async def confirm(sent: Sent) -> str:
    """Confirms what a facilitator has published for the own State. Effects: those of `state_notices.confirm`."""
    known = await state_notices.known(sent.db, sent.path["notice"], now=sent.now, lock=True)
    await state_notices.confirm(sent.db, notice=known.row, **sent.by)
    return f"/notices/{known.row.id}?done=confirmed"


@page_act()
async def follow(sent: Sent) -> str:
    """Mails the reader each new notice of a State, or no longer. Effects: those of `state_notices.subscribe`."""
    on, state = sent.form.text("on") == "yes", sent.form.text("state")
    await state_notices.subscribe(sent.db, person=sent.person, state=state, on=on, now=sent.now)
    return f"/notices?state={state}&done={'followed' if on else 'left'}"


async def feed(request: Request) -> Response:
    """The notices of a State that apply now or later, as a JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    staff(request)
    state = reference.jurisdiction(request.path_params["state"]).state
    async with request.app.state.parts.database.reading() as db:
        page = await state_notices.listed(db, state=state, now=datetime.now(UTC), limit=FEED)
    origin = request.app.state.parts.settings.origin
    return JSONResponse(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": _("Notices of States: {state}").format(state=state_name(state)),
            "home_page_url": f"{origin}/notices?state={state}",
            "feed_url": f"{origin}/notices/feed/{state}.json",
            "items": [_item(one, origin) for one in page.rows],
        },
        media_type="application/feed+json",
    )


def _item(one: KnownNotice, origin: str) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.id,
        "url": f"{origin}/notices/{row.id}",
        "title": labels.word("notice_topic", row.topic.value),
        "content_text": row.text,
        "date_published": row.published_at.isoformat(),
        "tags": [row.topic.value],
        "_notice": {
            "state": row.owner_state,
            "effect": row.effect.value,
            "reason": row.reason,
            "first_day": row.first_day.isoformat(),
            "last_day": row.last_day.isoformat() if row.last_day else None,
            "status": one.status.value,
            "unconfirmed": _unconfirmed(row),
        },
    }


routes = [
    Route("/notices", listing, methods=["GET"]),
    Route("/notices", publish, methods=["POST"]),
    Route("/notices/new", new, methods=["GET"]),
    Route("/notices/follow", follow, methods=["POST"]),
    Route("/notices/feed/{state}.json", feed, methods=["GET"]),
    Route("/notices/{notice}", show, methods=["GET"]),
    Route("/notices/{notice}/confirm", confirm, methods=["POST"]),
]
