"""The slot finder: times that suit both courts and the resources, ranked and explained; up to three are proposed.

A search is a GET and changes nothing; the chosen times are sent as instants and converted to wall times of the
requesting court.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import clocks, errors, queries, reference
from hearings.coordination import state_notices
from hearings.hearing import adjournments, hearing as diary, law_on_the_day
from hearings.law import law
from hearings.models import Hearing, HearingRequest, Person, Resource, StateNotice
from hearings.models.hearing import RecordingPolicy
from hearings.status import HearingStatus
from hearings.times import availability, court_times, queries as diary_queries
from hearings.times.convenience import Attendee
from hearings.times.court_times import Warned
from hearings.times.interpreters import RestRules, rules
from hearings.times.slots import Slot, SlotResults, SlotSearch
from hearings.times.wall_times import WallTime
from web.hearing import access as hearing_access
from web.requests import access as request_access
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.server.tables import csv_answer
from web.times import asked_times, slot_lanes as lanes
from web.times.slot_lanes import SlotBoard, SlotRow
from web.words import court_clocks, diary as diary_words, i18n, labels
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, city_here, listed
from web.words.refusals import CHOOSE_RECORDING, NUMBER_BETWEEN

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
BATCH = 200
"""Times of a CSV that are explained at once."""
INSTANT = "%Y-%m-%dT%H:%M:%SZ"
PICKED = 10
"""Ticked times that the page takes along; three of them can be offered."""
GOOD, FAIR = N_("Good"), N_("Fair")
"""How suitable a time is: convenient for everyone; or not, or with something against it."""


@dataclass(frozen=True)
class Subject:
    """The subject of a search: a request without a hearing, or a hearing that needs another time."""

    row: HearingRequest
    hearing: Hearing | None
    resources: list[Resource]
    rest: RestRules
    notices: list[tuple[StateNotice, bool]]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages between which interpreters render."""
        if self.hearing is not None:
            return self.hearing.languages
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
    states, now = {row.requesting_state, row.requested_state}, datetime.now(UTC)
    notices = await state_notices.of_states(db, states=states, since=now, until=now + timedelta(days=365), now=now)
    return Subject(row, hearing, page.rows, rules(await law.current(db)), notices)


def _usual(subject: Subject, person: Person) -> dict[str, str]:
    """The default values of the form."""
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
        hearing = subject.hearing
        values |= {
            "duration": str(int((hearing.ends_at - hearing.starts_at).total_seconds() // 60)),
            "margin_before": str(hearing.margin_before),
            "margin_after": str(hearing.margin_after),
            "line_test": str(hearing.line_test),
        }
        sides = court_clocks.of_hearing(hearing)
    else:
        sides = court_clocks.of_states(subject.row.requesting_state, subject.row.requested_state)
        asked_for = subject.row.recording_asked is not None
        values["recording_policy"] = diary.policy_asked(subject.row).value if asked_for else ""
        if asked := asked_times.ahead(subject.row, datetime.now(UTC)):
            first, last = (
                asked_time.at.astimezone(ZoneInfo(sides[0].zone)).date() for asked_time in (asked[0], asked[-1])
            )
            # A search covers at most a year; later proposed times need another search.
            until = min(last, first + timedelta(days=365))
            values |= {"since": f"{first}", "until": f"{until}", "duration": f"{asked[0].minutes}"}
    for name, side in zip(SIDES, sides, strict=True):
        own = person.city if not subject.hearing and side.state == person.owner_state and person.city else side.city
        values |= {f"{name}_zone": side.zone, f"{name}_city": own}
    return values | {"heard_zone": values["requested_zone"]}


def _read(
    form: Mapping[str, str], subject: Subject, values: dict[str, str]
) -> tuple[SlotSearch | None, list[FormError]]:
    """The search the form describes, or the errors of the form."""
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
            wrong.append(FormError(name, _(NUMBER_BETWEEN).format(least=least, most=most)))
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
    return SlotSearch(
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
    """The numbers of the ticked resources, limited to those the form lists."""
    offered = {str(resource.resource_no): resource.resource_no for resource in subject.resources}
    return [offered[text] for text in texts if text in offered]


async def _search(
    db: Any, subject: Subject, wanted: SlotSearch, values: Mapping[str, str], numbers: list[int], state: str
) -> SlotResults:
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
    db: Any, subject: Subject, wanted: SlotSearch, values: Mapping[str, str], slots: Sequence[Slot]
) -> dict[datetime, list[str]]:
    """The objections of the law to the slots, and those of the courts' calendars if any hour was searched, by the start
    of a day."""
    row = subject.row
    courts = [(row.requesting_state, values["requesting_zone"]), (row.requested_state, values["requested_zone"])]
    times = [(day, day + wanted.duration) for day in sorted({day for slot in slots for day in slot.days})]
    by_start: dict[datetime, list[Warned]] = {}
    for warned in (
        *(await court_times.of_times(db, courts, times) if wanted.any_hour else ()),
        *await law_on_the_day.of_times(db, row, times, zone=values["requesting_zone"], now=datetime.now(UTC)),
    ):
        by_start.setdefault(warned.starts_at, []).append(warned)
    return {day: diary_words.against(warnings) for day, warnings in by_start.items()}


@dataclass
class Findings:
    """What a search has found, and the part of it that the page shows."""

    results: SlotResults | None = None
    week: date | None = None
    """The Monday of the week shown, on the clock of the reader's court."""
    rows: list[SlotRow] = field(default_factory=list)
    """Every time of the week, or the most convenient ones of all."""
    board: SlotBoard | None = None


VIEWS = {"days": N_("By day"), "best": N_("Most convenient"), "table": N_("Table")}
WEEK = timedelta(days=7)


async def _findings(
    db: Any, subject: Subject, wanted: SlotSearch, values: Mapping[str, Any], numbers: list[int], person: Person
) -> Findings:
    """The times found, those of one week in detail."""
    results = await _search(db, subject, wanted, values, numbers, person.owner_state)
    sides = _sides(subject, values, person)
    zone = sides[0].zone
    if values["view"] == "best":
        return Findings(results, None, await _rows(db, subject, wanted, values, results.slots), None)
    begin, end = (lanes.week_of(moment, zone) for moment in (wanted.since, wanted.until - timedelta(seconds=1)))
    first = lanes.week_of(datetime.fromtimestamp(results.starts[0], UTC), zone) if results.starts else begin
    try:
        week = min(max(date.fromisoformat(values["week"]), begin), end)
        week -= timedelta(days=week.weekday())
    except ValueError:
        week = first
    low, high = (lanes.midnight(day, zone).timestamp() for day in (week, week + WEEK))
    slots = results.slots_at(start for start in results.starts if low <= start < high)
    rows = await _rows(db, subject, wanted, values, slots)
    opened = await availability.openings(
        db,
        courts=[(side.state, side.zone) for side in sides],
        first=week - timedelta(days=1),
        last=week + WEEK,
    )
    after = wanted.margin_before + wanted.line_test + wanted.margin_after
    board = lanes.board(
        [week + timedelta(days=number) for number in range(7)],
        rows,
        [court.spans for court in opened],
        sides,
        apart=int((wanted.duration + max(after, timedelta(minutes=30))).total_seconds()),
    )
    return Findings(results, week, rows, board)


async def _rows(
    db: Any, subject: Subject, wanted: SlotSearch, values: Mapping[str, Any], slots: Sequence[Slot]
) -> list[SlotRow]:
    against = await _against(db, subject, wanted, values, slots)
    rows = []
    for slot in slots:
        objections = list(dict.fromkeys(text for day in slot.days for text in against.get(day, [])))
        good = slot.penalty == 0 and not objections
        rows.append(SlotRow(slot, "|".join(i18n.machine_time(day) for day in slot.days), good, objections))
    return rows


async def page(request: Request) -> Response:
    """The form of the search, and its results if the query has the parameter `find`."""
    _signed, person = staff(request)
    query = request.query_params
    async with request.app.state.parts.database.reading() as db:
        subject = await _subject(db, request, person)
        values, numbers = _asked(query, subject, person), []
        if "find" not in query:
            if subject.hearing is None:
                numbers = await availability.provided(
                    db, request=subject.row, resources=subject.resources, now=datetime.now(UTC)
                )
            return _render(request, subject, person, values, numbers, [], Findings())
        numbers = _numbers(query.getlist("resource"), subject)
        wanted, wrong = _read(query, subject, values)
        findings = Findings()
        if wanted is not None:
            try:
                findings = await _findings(db, subject, wanted, values, numbers, person)
            except errors.Invalid as error:
                wrong = [forms.explain(error)]
    return _render(request, subject, person, values, numbers, wrong, findings)


def _asked(query: QueryParams, subject: Subject, person: Person) -> dict[str, Any]:
    """The values of the page: the defaults, and what its address says instead."""
    values: dict[str, Any] = _usual(subject, person)
    if "find" in query:
        values |= {name: query[name] for name in values if name in query}
        values["any_hour"] = query.get("any_hour", "")
        _keep_zones(subject, values)
    values |= {"week": query.get("week", ""), "slot": query.getlist("slot")[:PICKED]}
    return values | {"view": query.get("view", "") if query.get("view") in VIEWS else "days"}


async def table(request: Request) -> Response:
    """GET the times found as CSV, all of them in order of time: with both local times, and what the page says."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        subject = await _subject(db, request, person)
        values = _asked(request.query_params, subject, person)
        wanted, wrong = _read(values, subject, values)
        if wanted is None:
            raise errors.Invalid(wrong[0].text, wrong[0].field)
        numbers = _numbers(request.query_params.getlist("resource"), subject)
        results = await _search(db, subject, wanted, values, numbers, person.owner_state)
        rows = []
        for at in range(0, len(results.starts), BATCH):  # a year of times, without holding up other requests
            slots = results.slots_at(results.starts[at : at + BATCH])
            rows += await _rows(db, subject, wanted, values, slots)
            await asyncio.sleep(0)
    sides = _sides(subject, values, person)
    return csv_answer(
        f"times-{subject.row.reference}",
        [_("Begins (UTC)"), *(f"{side.city} ({side.zone})" for side in sides), _("Suitability"), _("Remarks")],
        [
            (
                i18n.machine_time(row.slot.starts_at),
                *(i18n.wall(row.slot.starts_at, side.zone).isoformat(timespec="minutes") for side in sides),
                _(GOOD if row.good else FAIR),
                " ".join(row.against),
            )
            for row in rows
        ],
    )


async def propose(request: Request) -> Response:
    """Proposes the one to three ticked times. Effects: those of `diary.propose`, or of `diary.counter` for a
    hearing."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        subject = await _subject(db, request, person)
    usual = _usual(subject, person)
    values: dict[str, Any] = usual | {name: form.text(name) for name in form if name in usual}
    _keep_zones(subject, values)
    numbers = _numbers(form.all("resource"), subject)
    wanted, wrong = _read(values, subject, values)
    chains = _chosen(form, values, wanted)
    if subject.hearing is None and values["recording_policy"] not in set(RecordingPolicy):
        wrong.append(FormError("recording_policy", _(CHOOSE_RECORDING)))
    if not 1 <= len(chains) <= 3:
        wrong.append(FormError("slot", _("Choose one, two or three times.")))
    if not form.text("checked"):
        wrong.append(FormError("checked", _("Confirm that you have checked both local times.")))
    if not wrong:
        try:
            ref = await _put(request, signed.actor(), person, subject, form, values, chains, numbers)
            return RedirectResponse(f"/h/{ref}/times?done=offered", 303)
        except errors.DoubleBooking as error:
            names = listed(name for _number, name in error.resources)
            text = _("Already booked at one of these times: {names}. Search again.")
            wrong.append(FormError("slot", text.format(names=names or diary_words.place(availability.HIDDEN))))
        except errors.InterpreterUnfit as error:
            wrong.append(FormError("despite", diary_words.unfit(error)))
        except (errors.Invalid, errors.NoticeBlocks) as error:
            wrong.append(FormError("slot", forms.explain(error).text))
    values |= {"slot": form.all("slot")[:PICKED], "despite": form.text("despite"), "reason": form.text("reason")}
    values |= {"week": form.text("week"), "view": form.text("view") if form.text("view") in VIEWS else "days"}
    findings = Findings()
    if wanted is not None:
        async with request.app.state.parts.database.reading() as db:
            findings = await _findings(db, subject, wanted, values, numbers, person)
    return _render(request, subject, person, values, numbers, wrong, findings)


def _keep_zones(subject: Subject, values: dict[str, str]) -> None:
    """Sets the zones and cities of an existing hearing, which the form cannot change."""
    if subject.hearing is not None:
        for name, side in zip(SIDES, court_clocks.of_hearing(subject.hearing), strict=True):
            values |= {f"{name}_zone": side.zone, f"{name}_city": side.city}


def _chosen(form: Form, values: Mapping[str, str], wanted: SlotSearch | None) -> list[list[WallTime]]:
    """The times ticked, each with its further days, as wall times of the requesting court."""
    times: list[list[WallTime]] = []
    if wanted is None:
        return times
    zone = values["requesting_zone"]
    for text in form.all("slot"):
        chain = []
        for start in text.split("|")[:20]:
            try:
                local = datetime.strptime(start, INSTANT).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
            except (ValueError, OverflowError):
                return []
            wall = local.replace(tzinfo=None, fold=0)
            chain.append(WallTime(wall_start=wall, wall_zone=zone, duration=wanted.duration, fold=local.fold))
        times.append(chain)
    return times


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
            words |= {"hearing": hearing, "alternatives": [other[0] for other in others], "reason": form.text("reason")}
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
            alternatives=[other[0] for other in others],
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


def _start(wall: WallTime) -> dict[str, Any]:
    return {"wall_start": wall.wall_start, "wall_zone": wall.wall_zone, "duration": wall.duration, "fold": wall.fold}


def _sides(subject: Subject, values: Mapping[str, Any], person: Person) -> list[CourtClock]:
    """The clocks of both courts as the form says, the reader's first."""
    states = (subject.row.requesting_state, subject.row.requested_state)
    sides = [
        CourtClock(state, str(values[f"{name}_city"]), str(values[f"{name}_zone"]))
        for name, state in zip(SIDES, states, strict=True)
    ]
    return court_clocks.own_first(sides, person.owner_state)


def _heard(values: Mapping[str, Any], sides: Sequence[CourtClock]) -> list[CourtClock]:
    """The clock of the person heard, where it is neither court's."""
    zone = str(values["heard_zone"])
    return [] if zone in {side.zone for side in sides} else [court_clocks.of_zone("", zone)]


def _render(
    request: Request,
    subject: Subject,
    person: Person,
    values: Mapping[str, Any],
    numbers: list[int],
    wrong: list[FormError],
    findings: Findings,
) -> Response:
    row, results = subject.row, findings.results
    zones = {
        name: [
            (zone, city_here(court_clocks.of_zone(state, zone).city)) for zone in reference.jurisdiction(state).zones
        ]
        for name, state in zip(SIDES, (row.requesting_state, row.requested_state), strict=True)
    }
    every = sorted(
        {zone for jurisdiction in reference.jurisdictions().values() for zone in jurisdiction.zones}
        | {values["heard_zone"]}
    )
    notes = [
        _(diary_words.NOTES[code]).format(pause=subject.rest.solo_pause, speech=subject.rest.solo_speech)
        for code in (results.notes if results else ())
    ]
    excluded = {day: [diary_words.reason(one) for one in why] for day, why in (results.excluded if results else ())}
    sides = _sides(subject, values, person)
    context = {
        "subject": subject,
        "row": row,
        "state_notices": subject.notices,
        "terms": labels,
        "hearing": subject.hearing,
        "sides": sides,
        "heard": (heard := _heard(values, sides)),
        **({} if wrong else {"clocks": [*sides, *heard]}),
        "zones": zones,
        "every_zone": [(zone, zone.replace("_", " ")) for zone in every],
        "values": values,
        "numbers": numbers,
        "errors": wrong,
        "found": results,
        "findings": findings,
        "picks": _picks(values, wrong),
        "link": partial(_link, subject, values, numbers),
        "views": [(name, _(text)) for name, text in VIEWS.items()],
        "weeks": _weeks(findings),
        "suitability": {True: _(GOOD), False: _(FAIR)},
        "excluded": excluded,
        "why_missing": lanes.by_reason(excluded),
        "notes": notes,
        "asked": [] if subject.hearing else asked_times.ahead(row, datetime.now(UTC)),
        "policies": [(policy.value, diary_words.policy(policy)) for policy in RecordingPolicy],
        "provider": labels.word("side", row.interpreter_side.value) if row.interpreter_side else "",
        "kind_of": diary_words.kind,
        "part_of": lambda part: _(diary_words.PARTS[part]),
        "needs_reason": subject.hearing is not None,
    }
    return render(request, "slots.html", context, status=422 if wrong else 200)


def _picks(values: Mapping[str, Any], wrong: list[FormError]) -> list[tuple[str, list[datetime], datetime]]:
    """The times ticked: value of the field, the starts of its days, the end of the first; unreadable ones are left
    out."""
    picks = []
    for text in values["slot"]:
        try:
            days = [datetime.strptime(start, INSTANT).replace(tzinfo=UTC) for start in text.split("|")[:20]]
            picks.append((text, days, days[0] + timedelta(minutes=int(values["duration"]))))
        except (ValueError, OverflowError):
            continue
    return [pick for pick in picks if 2000 <= pick[1][0].year <= 2100]


def _link(subject: Subject, values: Mapping[str, Any], numbers: list[int], path: str = "", **other: Any) -> str:
    """The address of this page with its search and the times ticked, and with other values of some parameters."""
    query = {name: value for name, value in {**values, **other}.items() if value != "" and name != "recording_policy"}
    query = {"find": "yes", **query, "resource": numbers}
    return f"{subject.here}{path}?{urlencode(query, doseq=True)}"


def _weeks(findings: Findings) -> dict[str, date | None]:
    """The weeks before and after the one shown, where the times found reach them, by `before` and `after`."""
    if findings.results is None or findings.week is None or not findings.results.starts:
        return {"before": None, "after": None}
    first, last = (datetime.fromtimestamp(findings.results.starts[at], UTC).date() for at in (0, -1))
    before, after = findings.week - WEEK, findings.week + WEEK
    return {"before": before if first < findings.week else None, "after": after if last >= after else None}


routes = [
    Route("/requests/{reference}/slots.csv", table, methods=["GET"]),
    Route("/h/{ref}/slots.csv", table, methods=["GET"]),
    Route("/requests/{reference}/slots", page, methods=["GET"]),
    Route("/requests/{reference}/slots", propose, methods=["POST"]),
    Route("/h/{ref}/slots", page, methods=["GET"]),
    Route("/h/{ref}/slots", propose, methods=["POST"]),
]
