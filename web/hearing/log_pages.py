"""The log of a hearing: every event with its second, the newest first, by kind and by person."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import events, queries
from hearings.events import EventKind
from hearings.models import HearingRequest, Participant
from web.hearing.access import find
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import court_clocks, event_log
from web.words.i18n import _
from web.words.recorded_acts import name_of

PAGE = 100


@dataclass(frozen=True, kw_only=True)
class LogAsked:
    """What a reader looks for. `before`: the number of the last event of the page before; None on the first page."""

    kind: str
    person: Participant | None
    before: int | None

    @property
    def query(self) -> dict[str, str]:
        """The filters, as parameters of the address."""
        given = {"kind": self.kind, "person": self.person.id if self.person else ""}
        return {name: value for name, value in given.items() if value}

    @property
    def concerns(self) -> list[str]:
        """The ids by which events name the person."""
        return [row_id for row_id in (self.person.id, self.person.person_id) if row_id] if self.person else []


async def show(request: Request) -> Response:
    """A page of the log. An unknown filter counts as none."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
        people = await queries.participants(db, hearing.id)
        recordings = await queries.recordings_of_hearing(db, hearing.id)
        kinds = [kind for kind in await events.kinds_of(db, hearing.id) if kind in set(EventKind)]
        asked = _asked(request, kinds, {one.id: one for one in people})
        rows = await events.newest(
            db,
            hearing.id,
            kind=asked.kind,
            without="" if asked.kind else EventKind.caption.value,  # they would bury the rest
            concerns=asked.concerns,
            before=asked.before,
            limit=PAGE + 1,
        )
    clocks = court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state)
    on_page = rows[:PAGE]
    older = urlencode(asked.query | {"before": str(on_page[-1].seq)}) if len(rows) > PAGE else ""
    context = {
        "hearing": hearing,
        "lines": event_log.log_lines(on_page, people, row.person_name, recordings=recordings, clocks=clocks),
        "kinds": sorted(((kind, _(event_log.WORDS[EventKind(kind)])) for kind in kinds), key=lambda pair: pair[1]),
        "people": [(one.id, name_of(one)) for one in people],
        "values": asked.query,
        "captions": EventKind.caption.value if EventKind.caption in kinds and not asked.kind else "",
        "first": asked.before is None,
        "older": older,
        "newest": urlencode(asked.query),
        "places": clocks,
    }
    return render(request, "hearing_log.html", context)


def _asked(request: Request, kinds: list[str], people: dict[str, Participant]) -> LogAsked:
    given = request.query_params
    before = given.get("before", "")
    return LogAsked(
        kind=given.get("kind", "") if given.get("kind", "") in kinds else "",
        person=people.get(given.get("person", "")),
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None,
    )


routes = [Route("/h/{ref}/log", show)]
