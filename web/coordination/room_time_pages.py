"""Times that suit all States of a meeting, by their clocks and holidays: before a room is convened, and for one there
is. A search is a GET and changes nothing; a time found is put into the form of the room, or proposed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.coordination import facilitators, rooms
from hearings.models import CoordinationRoom, Person
from hearings.times import meetings
from hearings.times.slots import Slot, SlotResults, SlotSearch
from web.coordination import room_views
from web.coordination.room_forms import MINUTES, time_values
from web.server import forms, wall_fields
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, administrator, staff
from web.words.court_clocks import CourtClock, of_person
from web.words.i18n import _, state_name
from web.words.refusals import ENTER_DATE, NUMBER_BETWEEN

AHEAD = timedelta(days=21)
"""As far as a search goes at first."""
FURTHEST = timedelta(days=92)
"""The longest time a search looks through."""


@dataclass(frozen=True)
class Searched:
    """For what times are looked for: a room, or one that is to be convened; by whom."""

    person: Person
    room: CoordinationRoom | None
    states: Sequence[str]
    """Those of the room; without one those that can be invited."""
    convener: bool
    base: str

    @property
    def here(self) -> str:
        """The address of the search."""
        return f"{self.base}/{self.room.ref}/times" if self.room else f"{self.base}/times"

    @property
    def own(self) -> str:
        """The State that takes part in any case; empty for a facilitator."""
        return "" if facilitators.is_facilitator(self.person) else self.person.owner_state


async def _of_state(request: Request, db: AsyncSession) -> Searched:
    ref = request.path_params.get("room")
    _signed, person = administrator("coordinate" if ref else "convene_room", request)
    if ref is None:
        return Searched(person, None, list(reference.jurisdictions()), True, "/rooms")
    room = await rooms.room(db, ref, state=person.owner_state)
    states = (await rooms.invited(db, [room]))[room.id]
    return Searched(person, room, states, room.owner_state == person.owner_state, "/rooms")


async def _of_facilitator(request: Request, db: AsyncSession, signed: SignedIn, person: Person) -> Searched:
    base, now, ref = "/facilitation/rooms", datetime.now(UTC), request.path_params.get("room")
    own = await facilitators.of_person(db, person.id)
    facilitators.require_in_force(own, now=now)
    if ref is None:
        return Searched(person, None, own.states, True, base)
    room = await rooms.convened_room(db, ref, facilitator=own, actor=signed.actor(), now=now)
    return Searched(person, room, (await rooms.invited(db, [room]))[room.id], True, base)


async def page(request: Request) -> Response:
    """The form of the search, and what it finds if the query has the parameter `find`."""
    signed, person = staff(request)
    query = request.query_params
    wrong: list[FormError] = []
    found: SlotResults | None = None
    now = datetime.now(UTC)
    facilitating = facilitators.is_facilitator(person)
    if facilitating != request.url.path.startswith("/facilitation/"):
        raise HTTPException(403, "not_allowed")
    async with request.app.state.parts.database.reading() as db:
        subject = await (_of_facilitator(request, db, signed, person) if facilitating else _of_state(request, db))
        values = _values(subject, now) | {name: query[name] for name in ("since", "until", "duration") if name in query}
        chosen = [state for state in query.getlist("states") if state in subject.states]
        states = subject.states if subject.room else sorted({*chosen, *([subject.own] if subject.own else [])})
        if "find" in query:
            try:
                found = await meetings.find(db, wanted=_search(subject, values, now, states), states=states, now=now)
            except errors.Invalid as error:
                wrong = [forms.explain(error)]
    context = room_views.words() | {
        "subject": subject,
        "room": subject.room,
        "base": subject.base,
        "values": {**values, "states": states},
        "errors": wrong,
        "found": found,
        "slots": [_line(subject, slot, states) for slot in found.slots] if found else [],
        "chosen": states,
        "places": room_views.clocks(states, of_person(person)),
        "options": _options(subject),
    }
    return render(request, "room_times.html", context, status=422 if wrong else 200)


def _options(subject: Searched) -> list[tuple[str, str]]:
    named = [(code, state_name(code)) for code in subject.states if code != subject.own]
    return sorted(named, key=lambda pair: pair[1].casefold())


def _values(subject: Searched, now: datetime) -> dict[str, str]:
    place = of_person(subject.person)[0]
    today = now.astimezone(ZoneInfo(place.zone)).date()
    minutes = time_values(subject.room, place.zone)["duration"] if subject.room else "60"
    return {"since": f"{today + timedelta(days=1)}", "until": f"{today + AHEAD}", "duration": minutes}


def _search(subject: Searched, values: dict[str, str], now: datetime, states: Sequence[str]) -> SlotSearch:
    """What is looked for, by the days of the reader's clock. Raises `Invalid` naming the input."""
    days: dict[str, date] = {}
    for name in ("since", "until"):
        try:
            days[name] = date.fromisoformat(values[name].strip())
        except ValueError:
            raise errors.Invalid(_(ENTER_DATE), name) from None
        if not now.date() - timedelta(days=1) <= days[name] <= now.date() + timedelta(days=366):
            raise errors.Invalid(_("A day from today, at most a year ahead."), name)
    if not timedelta() <= days["until"] - days["since"] <= FURTHEST:
        raise errors.Invalid(_("The last day, at most three months after the first."), "until")
    text = values["duration"].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 5 and MINUTES[0] <= int(text) <= MINUTES[1]):
        raise errors.Invalid(_(NUMBER_BETWEEN).format(least=5, most=720), "duration")
    if len(states) < 2:
        raise errors.Invalid(_("Choose the States that meet."), "states")
    if len(states) > rooms.MOST_STATES:
        raise errors.Invalid(_("At most {n} States meet.").format(n=rooms.MOST_STATES), "states")
    zone = ZoneInfo(of_person(subject.person)[0].zone)
    begin = datetime.combine(days["since"], time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(days["until"] + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    begin = max(begin, now + timedelta(minutes=5))
    return SlotSearch(since=begin, until=end, duration=timedelta(minutes=int(text)))


def _line(subject: Searched, slot: Slot, states: Sequence[str]) -> dict[str, Any]:
    """One time found: for whom it is inconvenient, and what can be done with it."""
    place: CourtClock = of_person(subject.person)[0]
    minutes = int((slot.ends_at - slot.starts_at).total_seconds()) // 60
    typed = wall_fields.form_value("starts_at", slot.starts_at, place.zone) | {"duration": str(minutes)}
    other = {name.replace("starts_at", "other_time"): text for name, text in typed.items() if name != "duration"}
    invited = [("states", state) for state in states if state != subject.own]
    return {
        "slot": slot,
        "hard_for": [one.label for one in slot.comfort if one.penalty],
        "new": f"{subject.base}/new?{urlencode([*typed.items(), *invited])}",
        "typed": typed,
        "other": other,
    }


routes = [
    Route(f"{base}{path}/times", page, methods=["GET"], name=f"times of {base}{path}")
    for base in ("/rooms", "/facilitation/rooms")
    for path in ("", "/{room}")
]
