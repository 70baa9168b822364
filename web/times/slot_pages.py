"""The slot finder: times that fit both courts and what is to be booked, ranked and explained; up to three are proposed.

A search is a GET and changes nothing; what is chosen is sent as instants, and told back as the court's wall times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import clocks, errors, queries, reference
from hearings.hearing import adjournments, hearing as diary, law_on_the_day
from hearings.law import law
from hearings.models import Hearing, HearingRequest, Person, Resource
from hearings.models.hearing import RecordingPolicy
from hearings.status import HearingStatus
from hearings.times import availability, court_times, queries as diary_queries
from hearings.times.convenience import Attendee
from hearings.times.court_times import Warned
from hearings.times.interpreter_rest import RestRules, rules
from hearings.times.slots import Found, Wanted
from hearings.times.wall_times import WallTime
from web.hearing import access as hearing_access
from web.requests import access as request_access
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.times import asked_times
from web.words import diary as diary_words, places, terms
from web.words.i18n import _, listed
from web.words.places import Place

AHEAD = timedelta(days=30)
LISTED = 200
NUMBERS = {
    "duration": (5, 720),
    "margin_before": (0, 240),
    "margin_after": (0, 240),
    "line_test": (0, 240),
    "days": (1, 20),
}
SIDES = ("requesting", "requested")


@dataclass(frozen=True)
class Subject:
    """What a time is looked for: a request without a hearing, or a hearing that needs another time."""

    row: HearingRequest
    hearing: Hearing | None
    resources: list[Resource]
    rest: RestRules

    @property
    def languages(self) -> tuple[str, str]:
        """Between which interpreters render."""
        if self.hearing is not None:
            return self.hearing.language_requesting, self.hearing.language_requested
        return self.row.language_of_court, self.row.language_of_person

    @property
    def back(self) -> str:
        return f"/h/{self.hearing.ref}" if self.hearing else f"/requests/{self.row.reference}"

    @property
    def here(self) -> str:
        return f"{self.back}/slots"


async def _subject(db: Any, request: Request, person: Person) -> Subject:
    hearing = None
    if "ref" in request.path_params:
        hearing = await hearing_access.find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
    else:
        row = await request_access.find(db, request, person)
    page = await diary_queries.resources(
        db, state=person.owner_state, owners=(row.requesting_state, row.requested_state), limit=LISTED
    )
    return Subject(row, hearing, page.rows, rules(await law.current(db)))


def _usual(subject: Subject, person: Person) -> dict[str, str]:
    """The values of an empty form."""
    today = datetime.now(UTC).date()
    values = {
        "since": f"{today + timedelta(days=1)}",
        "until": f"{today + AHEAD}",
        "duration": "60",
        "margin_before": "15",
        "margin_after": "15",
        "line_test": "15",
        "days": "1",
        "any_hour": "",
    }
    if subject.hearing is not None:
        one = subject.hearing
        values |= {
            "duration": str(int((one.ends_at - one.starts_at).total_seconds() // 60)),
            "margin_before": str(one.margin_before),
            "margin_after": str(one.margin_after),
            "line_test": str(one.line_test),
        }
        sides = places.of_hearing(one)
    else:
        sides = places.of_states(subject.row.requesting_state, subject.row.requested_state)
        said = subject.row.recording_asked is not None
        values["recording_policy"] = diary.policy_asked(subject.row).value if said else ""
        if asked := asked_times.ahead(subject.row, datetime.now(UTC)):
            first, last = (one.at.astimezone(ZoneInfo(sides[0].zone)).date() for one in (asked[0], asked[-1]))
            # A search looks at a year at most; what is proposed later is for another.
            until = min(last, first + timedelta(days=365))
            values |= {"since": f"{first}", "until": f"{until}", "duration": f"{asked[0].minutes}"}
    for name, side in zip(SIDES, sides, strict=True):
        own = person.city if not subject.hearing and side.state == person.owner_state and person.city else side.city
        values |= {f"{name}_zone": side.zone, f"{name}_city": own}
    return values | {"heard_zone": values["requested_zone"]}


def _read(form: Mapping[str, str], subject: Subject, values: dict[str, str]) -> tuple[Wanted | None, list[FormError]]:
    """What is looked for, or what is wrong with the form."""
    wrong: list[FormError] = []
    days: dict[str, date] = {}
    for name, text in (("since", _("Enter the first day, such as 2026-12-03.")), ("until", _("Enter the last day."))):
        try:
            days[name] = date.fromisoformat(form.get(name, "").strip())
            if not 2000 <= days[name].year <= 2100:
                raise ValueError(name)
        except ValueError:
            wrong.append(FormError(name, text))
    numbers = {}
    for name, (least, most) in NUMBERS.items():
        text = form.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most:
            numbers[name] = int(text)
        else:
            wrong.append(FormError(name, _("Enter a number from {least} to {most}.").format(least=least, most=most)))
    row = subject.row
    for name, states in (
        ("requesting_zone", (row.requesting_state,)),
        ("requested_zone", (row.requested_state,)),
    ):
        if values[name] not in {zone for state in states for zone in reference.jurisdiction(state).zones}:
            wrong.append(FormError(name, _("Choose a time zone of this State.")))
    try:
        clocks.zone(values["heard_zone"])
    except errors.UnknownZone:
        wrong.append(FormError("heard_zone", _("Choose the time zone of the person heard.")))
    if wrong:
        return None, wrong
    lead = ZoneInfo(values["requesting_zone"])
    begin = datetime.combine(days["since"], time(), tzinfo=lead).astimezone(UTC)
    end = datetime.combine(days["until"] + timedelta(days=1), time(), tzinfo=lead).astimezone(UTC)
    return Wanted(
        since=max(begin, datetime.now(UTC) + timedelta(minutes=5)),
        until=end,
        duration=timedelta(minutes=numbers["duration"]),
        margin_before=timedelta(minutes=numbers["margin_before"]),
        margin_after=timedelta(minutes=numbers["margin_after"]),
        line_test=timedelta(minutes=numbers["line_test"]),
        days=numbers["days"],
        languages=subject.languages,
        any_hour=form.get("any_hour") == "yes",
    ), []


def _numbers(texts: list[str], subject: Subject) -> list[int]:
    """The resources ticked, of those the form shows."""
    shown = {str(one.resource_no): one.resource_no for one in subject.resources}
    return [shown[text] for text in texts if text in shown]


async def _search(
    db: Any, subject: Subject, wanted: Wanted, values: Mapping[str, str], numbers: list[int], state: str
) -> Found:
    row = subject.row
    zones = [values[f"{name}_zone"] for name in SIDES]
    return await availability.find(
        db,
        wanted=wanted,
        courts=[(row.requesting_state, zones[0]), (row.requested_state, zones[1])],
        numbers=numbers,
        attendees=[
            Attendee(part="heard", label="heard", zone=values["heard_zone"]),
            Attendee(part="party", label="party", zone=zones[0]),
            Attendee(part="court", label="court", zone=zones[0]),
            Attendee(part="court", label="court", zone=zones[1]),
        ],
        hearing=subject.hearing,
        state=state,
        now=datetime.now(UTC),
    )


async def _against(
    db: Any, subject: Subject, wanted: Wanted, values: Mapping[str, str], found: Found
) -> dict[datetime, list[str]]:
    """What the law says against times found, and the courts' calendars at any hour, by the start of the day."""
    row = subject.row
    courts = [(row.requesting_state, values["requesting_zone"]), (row.requested_state, values["requested_zone"])]
    times = [(day, day + wanted.duration) for day in sorted({day for slot in found.slots for day in slot.days})]
    told: dict[datetime, list[Warned]] = {}
    for one in (
        *(await court_times.of_times(db, courts, times) if wanted.any_hour else ()),
        *await law_on_the_day.of_times(db, row, times, zone=values["requesting_zone"], now=datetime.now(UTC)),
    ):
        told.setdefault(one.starts_at, []).append(one)
    return {day: diary_words.against(those) for day, those in told.items()}


async def page(request: Request) -> Response:
    """The form, and with `find` in the address what fits."""
    _signed, person = staff(request)
    query = request.query_params
    async with request.app.state.parts.database.reading() as db:
        subject = await _subject(db, request, person)
        values = _usual(subject, person)
        if "find" not in query:
            numbers = []
            if subject.hearing is None:
                numbers = await availability.provided(
                    db, request=subject.row, resources=subject.resources, now=datetime.now(UTC)
                )
            return _render(request, subject, values, numbers, [], None)
        values |= {name: query[name] for name in values if name in query}
        values["any_hour"] = query.get("any_hour", "")
        _keep_zones(subject, values)
        numbers = _numbers(query.getlist("resource"), subject)
        wanted, wrong = _read(query, subject, values)
        found, against = None, {}
        if wanted is not None:
            try:
                found = await _search(db, subject, wanted, values, numbers, person.owner_state)
                against = await _against(db, subject, wanted, values, found)
            except errors.Invalid as error:
                wrong = [forms.explain(error)]
    return _render(request, subject, values, numbers, wrong, found, against)


async def propose(request: Request) -> Response:
    """Propose the one to three times ticked. Effects: those of `diary.propose`, or `counter` for a hearing."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        subject = await _subject(db, request, person)
    values = _usual(subject, person) | {name: form.text(name) for name in form if name in _usual(subject, person)}
    _keep_zones(subject, values)
    numbers = _numbers(form.all("resource"), subject)
    wanted, wrong = _read(values, subject, values)
    chains = _chosen(form, values, wanted)
    if subject.hearing is None and values["recording_policy"] not in set(RecordingPolicy):
        wrong.append(FormError("recording_policy", _("Choose what is recorded.")))
    if not 1 <= len(chains) <= 3:
        wrong.append(FormError("slot", _("Choose one, two or three times.")))
    if not form.text("checked"):
        wrong.append(FormError("checked", _("Say that you have checked both local times.")))
    if not wrong:
        try:
            ref = await _put(request, signed.actor(), person, subject, form, values, chains, numbers)
            return RedirectResponse(f"/h/{ref}/times?done=offered", 303)
        except errors.DoubleBooking as error:
            names = listed(name for _number, name in error.resources)
            text = _("Booked already at one of these times: {names}. Search again.")
            wrong.append(FormError("slot", text.format(names=names or diary_words.place(availability.HIDDEN))))
        except errors.InterpreterUnfit as error:
            wrong.append(FormError("despite", diary_words.unfit(error)))
        except errors.Invalid as error:
            wrong.append(FormError("slot", forms.explain(error).text))
    found, against = None, {}
    if wanted is not None:
        async with request.app.state.parts.database.reading() as db:
            found = await _search(db, subject, wanted, values, numbers, person.owner_state)
            against = await _against(db, subject, wanted, values, found)
    kept = {"slot": form.all("slot"), "despite": form.text("despite"), "reason": form.text("reason")}
    return _render(request, subject, values | kept, numbers, wrong, found, against)


def _keep_zones(subject: Subject, values: dict[str, str]) -> None:
    """The courts of a hearing that exists stay where they are."""
    if subject.hearing is not None:
        for name, side in zip(SIDES, places.of_hearing(subject.hearing), strict=True):
            values |= {f"{name}_zone": side.zone, f"{name}_city": side.city}


def _chosen(form: Form, values: Mapping[str, str], wanted: Wanted | None) -> list[list[WallTime]]:
    """The times ticked, each with its further days, as wall times of the requesting court."""
    found: list[list[WallTime]] = []
    if wanted is None:
        return found
    zone = values["requesting_zone"]
    for text in form.all("slot"):
        chain = []
        for one in text.split("|")[:20]:
            try:
                local = datetime.strptime(one, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
            except (ValueError, OverflowError):
                return []
            wall = local.replace(tzinfo=None, fold=0)
            chain.append(WallTime(wall_start=wall, wall_zone=zone, duration=wanted.duration, fold=local.fold))
        found.append(chain)
    return found


async def _put(
    request: Request,
    actor: Any,
    person: Person,
    subject: Subject,
    form: Form,
    values: Mapping[str, str],
    chains: list[list[WallTime]],
    numbers: list[int],
) -> str:
    first, *others = chains
    now = datetime.now(UTC)
    words: dict[str, Any] = {"resources": numbers, "despite": form.text("despite"), "actor": actor, "now": now}
    async with request.app.state.parts.database.transaction() as db:
        if subject.hearing is not None:
            hearing = await queries.hearing(db, subject.hearing.ref, state=person.owner_state, lock=True)
            words |= {"hearing": hearing, "alternatives": [one[0] for one in others], "reason": form.text("reason")}
            if hearing.status in (HearingStatus.agreed, HearingStatus.ready):
                await adjournments.postpone(db, to=first[0], **words)
            elif hearing.status is HearingStatus.part_heard:
                await adjournments.adjourn(db, to=first[0], **words)
            else:
                await diary.counter(db, **words, **_start(first[0]))
            return hearing.ref
        row = await queries.request(db, subject.row.id, state=person.owner_state, lock=True)
        made = await diary.propose(
            db,
            request=row,
            **_start(first[0]),
            alternatives=[one[0] for one in others],
            more_days=first[1:],
            margins={name: int(values[name]) for name in diary.MARGINS},
            recording_policy=RecordingPolicy(values["recording_policy"]),
            requesting_zone=values["requesting_zone"],
            requesting_city=values["requesting_city"],
            requested_zone=values["requested_zone"],
            requested_city=values["requested_city"],
            **words,
        )
        return made.ref


def _start(one: WallTime) -> dict[str, Any]:
    return {"wall_start": one.wall_start, "wall_zone": one.wall_zone, "duration": one.duration, "fold": one.fold}


def _render(
    request: Request,
    subject: Subject,
    values: Mapping[str, Any],
    numbers: list[int],
    wrong: list[FormError],
    found: Found | None,
    against: Mapping[datetime, list[str]] | None = None,
) -> Response:
    row = subject.row
    sides = [
        Place(state, str(values[f"{name}_city"]), str(values[f"{name}_zone"]))
        for name, state in zip(SIDES, (row.requesting_state, row.requested_state), strict=True)
    ]
    zones = {
        name: [(zone, places.of_zone(state, zone).city) for zone in reference.jurisdiction(state).zones]
        for name, state in zip(SIDES, (row.requesting_state, row.requested_state), strict=True)
    }
    every = sorted({zone for one in reference.jurisdictions().values() for zone in one.zones} | {values["heard_zone"]})
    notes = [
        _(diary_words.NOTES[code]).format(pause=subject.rest.solo_pause, speech=subject.rest.solo_speech)
        for code in (found.notes if found else ())
    ]
    context = {
        "subject": subject,
        "row": row,
        "hearing": subject.hearing,
        "sides": sides,
        "zones": zones,
        "every_zone": [(zone, zone.replace("_", " ")) for zone in every],
        "values": values,
        "numbers": numbers,
        "errors": wrong,
        "found": found,
        "notes": notes,
        "against": against or {},
        "asked": [] if subject.hearing else asked_times.ahead(row, datetime.now(UTC)),
        "policies": [(one.value, diary_words.policy(one)) for one in RecordingPolicy],
        "provider": terms.word("side", row.interpreter_side.value) if row.interpreter_side else "",
        "reason_of": diary_words.reason,
        "kind_of": diary_words.kind,
        "part_of": lambda part: _(diary_words.PARTS[part]),
        "needs_reason": subject.hearing is not None,
    }
    return render(request, "slots.html", context, status=422 if wrong else 200)


routes = [
    Route("/requests/{reference}/slots", page, methods=["GET"]),
    Route("/requests/{reference}/slots", propose, methods=["POST"]),
    Route("/h/{ref}/slots", page, methods=["GET"]),
    Route("/h/{ref}/slots", propose, methods=["POST"]),
]
