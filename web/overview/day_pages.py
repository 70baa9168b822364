"""The day sheet: the hearings of one day of a court, to print and to hang up; who comes by role, not by name."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.models import Hearing, Participant
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import roles
from web.words.court_clocks import of_hearing, of_person, own_first
from web.words.i18n import _, language_here, listed, one_by_one, wall

MOST = 200
"""Most hearings on a sheet; it says so if there are more."""
WIDEST = timedelta(hours=14)
"""A day begins at most this long before or after it does in UTC."""


async def sheet(request: Request) -> Response:
    """The hearings that begin on a day by the clock of one's own court. 404 for what is no day."""
    _signed, person = staff(request)
    try:
        day = date.fromisoformat(request.path_params["day"])
        midnight = datetime.combine(day, time(), UTC)
        around = day - timedelta(1), day + timedelta(1)
        since, until = midnight - WIDEST, midnight + timedelta(1) + WIDEST
    except (ValueError, OverflowError):
        raise errors.NotFound from None
    async with request.app.state.parts.database.reading() as db:
        page = await queries.docket(db, state=person.owner_state, since=since, until=until, limit=MOST)
        lines = []
        for hearing in page.rows:
            places = own_first(of_hearing(hearing), person.owner_state)
            if wall(hearing.starts_at, places[0].zone).date() == day:
                people = await queries.in_office(db, hearing.id)
                lines.append((hearing, places, _other_court(hearing, person.owner_state), _who(people)))
    own = lines[0][1][0] if lines else of_person(person)[0]
    context = {
        "lines": lines,
        "more": bool(page.after),
        "own": own,
        "noon": datetime.combine(day, time(12), ZoneInfo(own.zone)),
        "before": around[0],
        "after": around[1],
        "places": lines[0][1] if lines else [own],
    }
    return render(request, "day.html", context)


def _other_court(hearing: Hearing, state: str) -> tuple[str, str]:
    """State and city of the court that the hearing is with."""
    if hearing.requesting_state == state:
        return hearing.requested_state, hearing.requested_city
    return hearing.requesting_state, hearing.requesting_city


def _who(people: Sequence[Participant]) -> str:
    """The roles of the people, and the languages they speak."""
    names = one_by_one(dict.fromkeys(roles.label(person.role) for person in people))
    languages = listed(dict.fromkeys(language_here(person.speaks) for person in people if person.speaks))
    if not names:
        return _("Nobody named yet")
    return _("{people}. Languages: {languages}.").format(people=names, languages=languages) if languages else names


routes = [Route("/docket/day/{day}", sheet)]
