"""Times at which clocks change, in several zones: page, API, calendar file and text mean the same instant."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import icalendar
import pytest

from hearings import clocks
from hearings.models import Hearing, HearingRequest, Person
from hearings.outward import calendar_files
from hearings.people import logins
from hearings.requests.document import _span
from tests.support.api_client import ApiInstallation, Client
from tests.support.forms import Form as ShownForm, Forms
from tests.support.installation import BASE
from web.server import wall_fields
from web.server.forms import Form
from web.server.sign_in import COOKIE
from web.times import asked_times

SINCE, UNTIL = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
ZONES = (
    "Europe/Paris",
    "Europe/Bucharest",
    "America/New_York",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
)
STILL = {"America/Sao_Paulo"}
"""Zones whose clocks no longer change."""


@dataclass(frozen=True)
class Changes:
    """The hour (or half hour) of one year the clocks of a zone show twice, and the one they skip, each its middle."""

    zone: str
    twice: datetime | None
    skipped: datetime | None

    @property
    def both(self) -> tuple[datetime, datetime]:
        assert self.twice is not None
        return clocks.to_utc(self.twice, self.zone, 0), clocks.to_utc(self.twice, self.zone, 1)


def changes(zone: str) -> Changes:
    place = ZoneInfo(zone)
    found: dict[str, datetime] = {}
    for change in calendar_files._changes(SINCE, UNTIL, place):
        before, after = ((change + timedelta(seconds=s)).astimezone(place) for s in (-1, 0))
        moved = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        wall = after.replace(tzinfo=None, fold=0)
        found["skipped" if moved > timedelta() else "twice"] = wall - moved / 2 if moved else wall
    return Changes(zone, found.get("twice"), found.get("skipped"))


CHANGES = [changes(zone) for zone in ZONES]
CHANGING = [change for change in CHANGES if change.zone not in STILL]


def text(wall: datetime | None) -> str:
    return wall.isoformat(timespec="minutes") if wall else ""


def test_the_zones_have_what_is_tried() -> None:
    for change in CHANGES:
        assert (change.twice is None, change.skipped is None) == (change.zone in STILL,) * 2
    assert {(one.both[1] - one.both[0]) for one in CHANGING} == {timedelta(hours=1), timedelta(minutes=30)}


# --- pages and API -----------------------------------------------------------------------------------------------


@dataclass
class Clerk:
    """A clerk's browser at the application."""

    http: httpx.AsyncClient
    cookie: str

    @classmethod
    async def sign_in(cls, installation: ApiInstallation, state: str, function: str) -> "Clerk":
        person = Person(
            owner_state=state, name="Ioana Marin", email=f"{function}@{state.lower()}.example", functions=[function]
        )
        async with installation.database.transaction() as db:
            db.add(person)
            await db.flush()
            secret = await logins.issue_sign_in_link(db, person=person, now=datetime.now(UTC))
        answer = await installation.http.post("/s", data={"secret": secret}, headers={"origin": BASE})
        cookies = dict(line.split(";")[0].split("=", 1) for line in answer.headers.get_list("set-cookie"))
        return cls(installation.http, f"{COOKIE}={cookies[COOKIE]}")

    async def form(self, page: str, action: str = "") -> ShownForm:
        """The form of a page that is sent to `action`."""
        answer = await self.http.get(page, headers={"cookie": self.cookie, "accept": "text/html"})
        assert answer.status_code == 200, (page, answer.status_code)
        found = Forms()
        found.feed(answer.text)
        return next(one for one in found.found if one.method == "post" and one.action in (action, page))

    async def send(self, page: str, values: dict[str, Any]) -> httpx.Response:
        headers = {"cookie": self.cookie, "accept": "text/html", "origin": BASE}
        return await self.http.post(page, data=values, headers=headers)


@pytest.fixture
async def clerk(installation: ApiInstallation) -> Clerk:
    return await Clerk.sign_in(installation, "RO", "clerk")


def slots(one: Changes) -> list[dict[str, Any]]:
    plain = [{"wall": "2027-06-01T10:00", "zone": one.zone, "minutes": 90}]
    return plain + [{"wall": text(one.twice), "zone": one.zone, "fold": fold, "minutes": 45 + fold} for fold in (0, 1)]


async def test_times_a_system_sent_are_shown_and_saved_untouched(ro: Client, clerk: Clerk) -> None:
    for one in CHANGING:
        made = await ro.post("/requests", {"requested_state": "TH", "content": {"proposed_slots": slots(one)}})
        assert made.status_code == 201, made.text
        before = made.json()["content"]["proposed_slots"]
        assert sorted(slot["at"] for slot in before if slot["fold"] is not None) == [
            at.isoformat() for at in one.both
        ], "both stay what they are"
        page = f"/requests/{made.json()['reference']}/edit/arrangements"
        answer = await clerk.send(page, (await clerk.form(page)).untouched())
        assert answer.status_code == 303, (one.zone, unescape(answer.text))
        after = await ro.get(f"/requests/{made.json()['id']}")
        assert (after.status_code, after.json()["content"]["proposed_slots"]) == (200, before)


async def test_times_typed_on_the_page_are_asked_about_and_read_by_a_system(ro: Client, clerk: Clerk) -> None:
    made = (await ro.post("/requests", {"requested_state": "TH"})).json()
    page = f"/requests/{made['reference']}/edit/arrangements"
    typed = ("slot_1", "slot_2", "slot_3")
    for one in CHANGING:
        form: dict[str, Any] = (await clerk.form(page)).untouched() | {"slot_zone": one.zone}
        form = {name: value for name, value in form.items() if not name.endswith("_fold")}
        for name, wall in zip(typed, ("2027-06-01T10:00", text(one.twice), text(one.twice)), strict=True):
            form[name] = wall
        asked = await clerk.send(page, form)
        assert asked.status_code == 422, one.zone
        assert {"slot_2_fold", "slot_3_fold"} <= set(re.findall(r'name="(slot_\d_fold)"', asked.text))
        skipped = await clerk.send(page, form | {"slot_2": text(one.skipped), "slot_3_fold": "0"})
        assert (skipped.status_code, "does not exist" in skipped.text) == (422, True)
        assert (await clerk.send(page, form | {"slot_2_fold": "1", "slot_3_fold": "0"})).status_code == 303
        found = await ro.get(f"/requests/{made['id']}")
        assert found.status_code == 200, (one.zone, found.text)
        ats = {slot["at"] for slot in found.json()["content"]["proposed_slots"]}
        assert {at.isoformat() for at in one.both} <= ats
        shown = (await clerk.form(page)).untouched()
        assert {shown[f"slot_{n}_fold"][0] for n in range(1, 4) if f"slot_{n}_fold" in shown} == {"0", "1"}


async def test_a_system_is_told_what_is_wrong_with_a_time(ro: Client) -> None:
    for one in CHANGING:
        for wall, code in ((one.twice, "ambiguous_time"), (one.skipped, "nonexistent_time")):
            wrong = [*slots(one)[:2], {"wall": text(wall), "zone": one.zone}]
            answer = await ro.post("/requests", {"requested_state": "TH", "content": {"proposed_slots": wrong}})
            assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_moment_in_the_doubled_hour_is_saved_untouched(ro: Client, clerk: Clerk) -> None:
    bucharest = changes("Europe/Bucharest")
    for at in (*bucharest.both, bucharest.both[1] + timedelta(seconds=7)):
        content = {"oral": True, "oral_at": at.isoformat()}
        made = (await ro.post("/requests", {"requested_state": "TH", "content": content})).json()
        page = f"/requests/{made['reference']}/edit/authorities"
        answer = await clerk.send(page, (await clerk.form(page)).untouched())
        assert answer.status_code == 303, unescape(answer.text)
        after = (await ro.get(f"/requests/{made['id']}")).json()["content"]["oral_at"]
        assert datetime.fromisoformat(after) == at


async def test_a_hearing_in_the_doubled_hour_is_the_same_everywhere(
    installation: ApiInstallation, ro: Client, th: Client, story: Any, clerk: Clerk
) -> None:
    bucharest = changes("Europe/Bucharest")
    asked = await story.accepted(ro, th, proposed_slots=slots(bucharest), recording_asked=True)
    # The form of the page is filled in with the times the request proposes, and sent as it is shown.
    for number, at in enumerate(bucharest.both, 2):
        page = f"/requests/{asked['reference']}/schedule?asked={number}"
        shown = (await clerk.form(page)).untouched()
        values = shown | {"date": shown["date"], "time": shown["time"]}
        warned = await clerk.send(page, values)
        assert warned.status_code == 422 and "Propose anyway" in warned.text, "a court sleeps at this hour"
        again = Forms()
        again.feed(warned.text)
        form = next(one for one in again.found if one.method == "post" and "schedule" in one.action).untouched()
        made = await clerk.send(page, form)
        assert made.status_code == 303, unescape(made.text)
        ref = made.headers["location"].removeprefix("/h/")
        seen = await ro.get(f"/hearings/{ref}")
        assert (seen.status_code, datetime.fromisoformat(seen.json()["starts_at"])) == (200, at)
        again_page = f"/h/{ref}/time"
        form = (await clerk.form(again_page)).untouched()
        assert form["fold"] == [str(seen.json()["wall_fold"])], "another time begins as the one there is"
        for path in ("offers", "days", "statement", "history"):
            assert (await ro.get(f"/hearings/{ref}/{path}")).status_code == 200, path
        await ro.post(f"/hearings/{ref}/cancel", {"reason": "Another one is tried."})


async def test_a_consultation_and_a_consent_can_be_of_the_doubled_hour(
    installation: ApiInstallation, ro: Client, th: Client, story: Any, clerk: Clerk
) -> None:
    """Times that have been: read as a page of each reads them, because the doubled hour of a test lies ahead."""
    for one in CHANGING:
        for name in ("held_at", "given_at"):
            for fold, at in enumerate(one.both):
                typed = Form([(name, text(one.twice)), (f"{name}_fold", str(fold))])
                assert wall_fields.read(typed, name, one.zone) == at
            with pytest.raises(ValueError, match="twice") as refused:
                wall_fields.read(Form([(name, text(one.twice))]), name, one.zone)
            assert getattr(refused.value, "field", "") == name
    asked = await story.accepted(ro, th)
    page = f"/requests/{asked['reference']}/consultations"
    past = clocks.to_utc(datetime(2025, 10, 26, 3, 30), "Europe/Bucharest", 1)  # noqa: DTZ001  a wall time
    form = await clerk.form(page)
    told = {"way": "telephone", "with_whom": "The ministry", "subject": "The time of day", "outcome": "Agreed"}
    answer = await clerk.send(page, form.untouched() | told | {"held_at": "2025-10-26T03:30"})
    assert (answer.status_code, 'name="held_at_fold"' in answer.text) == (422, True), past


# --- everything else that tells a time ---------------------------------------------------------------------------


def instants(one: Changes) -> list[datetime]:
    """Around both changes: before, in either of the two hours, after."""
    assert one.skipped is not None
    edge = one.skipped.replace(tzinfo=ZoneInfo(one.zone)).astimezone(UTC)
    steps = [timedelta(minutes=15 * step) for step in range(-6, 7)]
    return [start + step for start in (one.both[0], edge) for step in steps]


def test_a_field_gives_back_the_instant_it_shows() -> None:
    for one in CHANGING:
        for at in instants(one):
            shown = wall_fields.form_value("x", at, one.zone)
            assert wall_fields.read(Form(list(shown.items())), "x", one.zone) == at


def test_a_calendar_file_gives_back_the_instants_of_a_hearing() -> None:
    for one in CHANGING:
        for at in instants(one):
            for zone in (one.zone, "Asia/Bangkok"):
                row = Hearing(
                    owner_state="RO", ref="7F3K-22QD", request_id="r", starts_at=at, ends_at=at + timedelta(hours=1),
                    wall_start="", wall_zone=zone, requesting_state="RO", requesting_zone=one.zone,
                    requesting_city="Court", requested_state="TH", requested_zone="Asia/Bangkok",
                    requested_city="Bangkok", tzdb_version="2026a", language_requesting="ro",
                    language_requested="th", created_by="c", created_at=SINCE, status="ready",
                )  # fmt: skip
                (day,) = calendar_files.days(row, [])
                made = calendar_files.CalendarEvent(
                    hearing=row, day=day, sequence=1, changed_at=SINCE, origin="https://a.b"
                )
                read = icalendar.Calendar.from_ical(calendar_files.feed([made]))
                (event,) = read.walk("VEVENT")
                assert [read_as(event, read, name) for name in ("dtstart", "dtend")] == [at, row.ends_at], one.zone
                begins, ends = (at.astimezone(ZoneInfo(one.zone)), row.ends_at.astimezone(ZoneInfo(one.zone)))
                first = calendar_files.description(made).splitlines()[0]
                offsets = {f"{local:%z}"[:3] for local in (begins, ends)}
                assert all(offset in first for offset in offsets), "an offset that changes is told at both ends"


def read_as(event: Any, file: Any, name: str) -> datetime:
    """As a program reads it that knows RFC 5545 and nothing of Python: a time in a zone is the first of two."""
    at = event.decoded(name)
    if "TZID" not in event[name].params:
        return at.astimezone(UTC)
    return at.replace(fold=0, tzinfo=ZoneInfo(event[name].params["TZID"])).astimezone(UTC)


def test_a_span_in_a_document_names_both_offsets_where_they_differ() -> None:
    assert _span("2027-10-31 02:30 Paris (UTC+02:00)", "2027-10-31 02:30 Paris (UTC+01:00)") == (
        "2027-10-31 02:30 Paris (UTC+02:00) – 2027-10-31 02:30 Paris (UTC+01:00)"
    )


def test_a_proposed_time_is_taken_over_into_a_form_with_which_of_the_two_it_is() -> None:
    bucharest = changes("Europe/Bucharest")
    row = HearingRequest(owner_state="RO", requesting_state="RO", requested_state="TH")
    row.proposed_slots = [
        {"at": at.isoformat(), "until": (at + timedelta(hours=1)).isoformat(), "zone": bucharest.zone}
        for at in bucharest.both
    ]
    zones = {"requesting": bucharest.zone, "requested": "Asia/Bangkok"}
    for one in asked_times.ahead(row, SINCE):
        values = asked_times.clock_values(row, one, zones)
        wall = datetime.fromisoformat(f"{values['date']}T{values['time']}")
        assert clocks.to_utc(wall, bucharest.zone, int(values["fold"])) == one.at


def test_the_end_of_a_day_is_its_last_second_also_where_its_last_hour_comes_twice() -> None:
    for change in CHANGES:
        for number in range(365):
            day = (SINCE + timedelta(days=number)).date()
            end = clocks.end_of_day(day, change.zone)
            place = ZoneInfo(change.zone)
            assert end.astimezone(place).date() == day
            assert (end + timedelta(seconds=1)).astimezone(place).date() > day
