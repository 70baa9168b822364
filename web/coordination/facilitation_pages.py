"""The page of a facilitator: what States share with it, and notices it publishes for States it covers."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.coordination import facilitators, state_notices
from hearings.coordination.state_notices import NoticeContent
from hearings.models import Person
from hearings.models.coordination import NoticeEffect
from web.coordination import notice_publishing
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, again, notice, page_act
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import court_clocks, labels
from web.words.i18n import N_, _, state_name
from web.words.refusals import ENTER_DATE

LABELS = {
    "state": N_("State"),
    "topic": N_("Topic"),
    "effect": N_("Effect"),
    "text": N_("Text"),
    "first_day": N_("First day"),
    "last_day": N_("Last day"),
    "source": N_("Source"),
}
DONE = {"published": N_("The notice is published. The State is asked to confirm it.")}


async def page(request: Request) -> Response:
    """Status, dates and open points of each request that a State shares with the reader."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    if not facilitators.is_facilitator(person):
        raise HTTPException(403, "not_allowed")
    now = datetime.now(UTC)
    signed, _person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        own = await facilitators.of_person(db, person.id)
        shared = await facilitators.shared_with(db, facilitator=own, actor=signed.actor(), now=now)
        notices = await state_notices.of_states(db, states=own.states, since=now, until=now, now=now)
    context = {
        "own": own,
        "shared": shared,
        "state_notices": notices,
        "places_of": lambda one: court_clocks.of_states(one.requesting_state, one.requested_state),
        "values": values or {"effect": NoticeEffect.none.value, "first_day": now.date().isoformat()},
        "errors": wrong,
        "states": [(code, state_name(code)) for code in own.states],
        "topics": labels.options("notice_topic"),
        "effects": [pair for pair in labels.options("notice_effect") if pair[0] != NoticeEffect.block],
        "terms": labels,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "facilitation.html", context, status=422 if wrong else 200)


def _explain(error: errors.HearingsError) -> FormError:
    return forms.explain(error, {name: _(text) for name, text in LABELS.items()})


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.Invalid(_(ENTER_DATE), field) from None


@page_act(again(_page, _explain))
async def publish(sent: Sent) -> str:
    """Publishes a notice for a State that the facilitator covers. Effects: those of `notice_publishing.publish`."""
    form = sent.form
    own = await facilitators.of_person(sent.db, sent.person.id)
    if form.text("state") not in own.states:
        raise errors.Invalid(_("Choose a State."), "state")
    last = form.text("last_day")
    content = NoticeContent(
        state=form.text("state"),
        topic=form.text("topic"),
        text=form.text("text"),
        effect=form.text("effect"),
        first_day=_day(form.text("first_day"), "first_day"),
        last_day=_day(last, "last_day") if last else None,
        source=form.text("source"),
    )
    await notice_publishing.publish(sent.db, sent.request, content=content, facilitator=own, **sent.by)
    return "/facilitation?done=published"


routes = [
    Route("/facilitation", page, methods=["GET"]),
    Route("/facilitation/notices", publish, methods=["POST"]),
]
