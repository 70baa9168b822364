"""The slot finder, offers, calendars and resources as pages: found, explained, proposed, accepted, refused."""

import csv
import html
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from web.times import offer_pages as times_page


@pytest.fixture(scope="module")
def asked(running) -> str:
    """A request the other State has accepted; its address."""
    return accepted(running)


@pytest.fixture
def fresh(service) -> str:
    """Another one, for which no time has been offered."""
    return accepted(service)


def accepted(service) -> str:
    from hearings import queries
    from hearings.actors import person_actor
    from hearings.requests import requests
    from web import cli
    from web.demo import demo

    async def make(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            people = await queries.people(db)
            asks, answers = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=asks, now=now)
            await requests.submit(db, request=row, actor=asks, now=now)
            await requests.acknowledge(db, request=row, actor=answers, now=now)
            await requests.accept(db, request=row, actor=answers, now=now)
            return row.reference

    return f"/requests/{service.run(make)}"


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


FIND = {
    "find": "yes",
    "since": "2027-03-22",
    "until": "2027-04-09",
    "duration": "60",
    "days": "1",
    "line_test": "15",
    "margin_before": "15",
    "margin_after": "15",
    "requesting_zone": "Europe/Bucharest",
    "requesting_city": "București",
    "requested_zone": "Asia/Bangkok",
    "requested_city": "Bangkok",
    "heard_zone": "Asia/Bangkok",
}


def add_room(client, name: str, **words: str) -> str:
    page = "/resources/new"
    fields = {"kind": "room", "name": name, "zone": "Europe/Bucharest", "city": "București"} | words
    answer = client.post(page, fields, page=page)
    assert answer.status_code == 303, client.words(answer)
    return re.search(r"/resources/(\d+)", answer.headers["location"])[1]


def test_a_clerk_finds_proposes_and_the_authority_accepts_one_of_three_times(service, clerk, asked):
    room = add_room(clerk, "Courtroom 2")
    clerk.post(
        f"/resources/{room}/act/block",
        {"starts": "2027-04-05T00:00", "ends": "2027-04-06T00:00", "reason": "New floor"},
        page=f"/resources/{room}",
    )
    here = f"{asked}/slots"
    assert clerk.get(here).status_code == 200
    found = clerk.get(here, params=FIND | {"resource": room})
    words = clerk.words(found)
    assert found.status_code == 200
    assert "Available times" in words and "Courtroom 2 is booked" in words
    assert "Holiday in Thailand (Bangkok): Chakri Memorial Day" in words
    assert "No court day in Romania (Bucharest)" in words
    assert "not verified" in words
    later = clerk.get(here, params=FIND | {"resource": room, "week": "2027-03-29"})
    assert "The clocks in Bucharest change before this day." in clerk.words(later)
    values = re.findall(r'name="slot" value="([^"]+)"', found.text)
    chosen = FIND | {"resource": room, "slot": values[:3]}
    unchecked = clerk.post(here, chosen, page=here)
    assert unchecked.status_code == 422 and 'href="#checked"' in unchecked.text
    assert f'value="{values[1]}" checked' in unchecked.text
    many = clerk.post(here, chosen | {"slot": values[:4], "checked": "yes"}, page=here)
    assert (many.status_code, "There is a problem" in many.text) == (422, True)
    made = clerk.post(here, chosen | {"checked": "yes"}, page=here)
    assert made.status_code == 303, clerk.words(made)
    times = made.headers["location"].partition("?")[0]
    assert clerk.words(clerk.get(times)).count("Offered ") >= 3
    again = clerk.post(here, chosen | {"slot": values[4:5], "checked": "yes"}, page="/resources/new")
    assert again.status_code in (409, 422)
    # Nobody has read them yet: one is taken back. Then the authority looks, and it is too late.
    offers = re.findall(r'take-back.*?name="offer" value="([^"]+)"', clerk.get(times).text)
    assert clerk.post(f"{times}/take-back", {"offer": offers[0]}, page=times).status_code == 303
    authority = service.signed_in("authority")
    page = authority.get(times)
    assert "Courtroom 2" not in authority.words(page)
    assert clerk.post(f"{times}/take-back", {"offer": offers[1]}, page="/resources/new").status_code == 422
    home = times.removesuffix("/times")
    assert authority.get(f"{home}/times/sign").headers["location"] == times
    assert f'href="{times}/sign?offer={offers[1]}"' in page.text
    # The State that offers a time signs it too, here before the other accepts it.
    assert f'href="{times}/sign?offer={offers[1]}"' in clerk.get(times).text
    shown = clerk.get(f"{times}/sign", params={"offer": offers[1]})
    assert service.sign(clerk, shown).headers["location"] == f"{times}?done=signed"
    assert "signed by your State" in clerk.words(clerk.get(times))
    shown = authority.get(f"{times}/sign", params={"offer": offers[1]})
    assert service.sign(authority, shown).headers["location"] == f"{times}?done=accept"
    words = clerk.words(clerk.get(times))
    assert "Time agreed" in words and "RO : yes" in words and "TH : yes" in words and "Courtroom 2" in words


def test_a_time_found_at_any_hour_says_whose_hours_it_leaves(clerk, asked):
    found = clerk.words(clerk.get(f"{asked}/slots", params=FIND | {"duration": "600", "any_hour": "yes"}))
    assert " March 2027: Outside the hours of Romania (Bucharest)" in found
    words = clerk.words(clerk.get(f"{asked}/slots", params=FIND))
    assert "Outside the hours" not in words.partition("Why other days are missing")[0]


def test_a_person_heard_from_a_third_place_has_a_clock_of_their_own_and_remarks_name_their_time(clerk, asked):
    elsewhere = FIND | {"heard_zone": "Asia/Kolkata", "any_hour": "yes", "duration": "600"}
    shown = clerk.get(f"{asked}/slots", params=elsewhere)
    words = clerk.words(shown)
    assert "Kolkata UTC+05:30" in words
    for page in (shown, clerk.get(f"{asked}/slots", params=elsewhere | {"view": "table"})):
        assert re.search(r"\d\d:\d\d\S* Kolkata", clerk.words(page) + page.text)
    notes = re.findall(r'(?s)class="lane-notes">(.*?)</ul>', shown.text)
    assert notes and all(re.search(r"<bdi class=\"t\" dir=\"ltr\">\d\d:\d\d</bdi>", one) for one in notes)
    assert "Kolkata" not in clerk.words(clerk.get(f"{asked}/slots", params=FIND)).partition("Days, margins")[0]


def test_every_time_found_is_reached_week_by_week_and_stands_in_the_csv(clerk, asked):
    """By day, the lanes; every time of a week, its table; all times of the search, the CSV."""
    here, starts, week = f"{asked}/slots", [], "2027-03-22"
    while week:
        page = clerk.get(here, params=FIND | {"view": "table", "week": week})
        starts += re.findall(r'name="slot" value="([^"]+)"', page.text.partition("<tbody>")[2])
        following = re.search(r"week=(\d{4}-\d\d-\d\d)[^\"]*\">Week after", page.text)
        week = following[1] if following else ""
    rows = list(csv.reader(io.StringIO(clerk.get(f"{here}.csv", params=FIND).text)))
    assert starts == [row[0] for row in rows[1:]]
    assert len(starts) == int(re.search(r'id="found">.*?class="count">(\d+)<', page.text, re.S)[1])
    assert rows[1][1:4] == ["2027-03-22T08:30+02:00", "2027-03-22T13:30+07:00", "Fair"]


def test_times_ticked_in_one_week_stay_in_the_offer_while_another_is_looked_at(clerk, asked):
    here = f"{asked}/slots"
    page = clerk.get(here, params=FIND | {"slot": "2027-03-22T07:00:00Z"})
    assert "1 of up to 3" in clerk.words(page)
    after = html.unescape(re.search(r'href="([^"]+)">Week after', page.text)[1])
    words = clerk.words(clerk.get(after))
    assert "1 of up to 3" in words and "Monday 22 March 2027 09:00" in words
    removed = html.unescape(re.search(r'href="([^"]+)">Remove', clerk.get(after).text)[1])
    assert "0 of up to 3" in clerk.words(clerk.get(removed))
    unreadable = clerk.get(here, params=FIND | {"slot": ["nonsense", "9999-12-31T23:59:59Z"], "week": "2027-99-99"})
    assert (unreadable.status_code, "0 of up to 3" in clerk.words(unreadable)) == (200, True)


def test_the_csv_of_times_has_the_rights_of_its_page(service, clerk, asked):
    assert service.client().get(f"{asked}/slots.csv", params=FIND).status_code == 401
    answer = clerk.get(f"/h/{service.ref}/slots.csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert clerk.get("/requests/RO-0000-0000/slots.csv", params=FIND).status_code == 404
    assert clerk.get(f"{asked}/slots.csv", params=FIND | {"since": "tomorrow"}).status_code == 422


def test_what_cannot_be_searched_is_said_beside_its_field(clerk, asked):
    here = f"{asked}/slots"
    for field, value in {
        "since": "tomorrow", "until": "9999-12-31", "duration": "1500", "days": "0",
        "margin_before": "-1", "requested_zone": "GMT+7", "heard_zone": "posixrules",
    }.items():  # fmt: skip
        answer = clerk.get(here, params=FIND | {field: value})
        assert answer.status_code == 422, field
        assert f'href="#{field}"' in answer.text
    empty = clerk.get(here, params=FIND | {"until": "2027-03-21"})
    assert (empty.status_code, "There is a problem" in empty.text) == (422, True)


@pytest.mark.parametrize("slot", ["nonsense", "2027-03-22T07:00:00Z|x", "9999-12-31T23:59:59Z", "1999-01-01T00:00:00Z"])
def test_a_time_nobody_offered_is_refused_and_nothing_is_made(service, everything, clerk, fresh, slot):
    here = f"{fresh}/slots"
    before = service.run(everything)
    answer = clerk.post(here, FIND | {"slot": slot, "checked": "yes"}, page=here)
    assert (answer.status_code, 'href="#slot' in answer.text) == (422, True), clerk.words(answer)
    assert service.run(everything) == before


def test_another_states_pages_are_not_found(service, everything, asked, clerk):
    authority = service.signed_in("authority")
    room = add_room(clerk, "Private room")
    shared = add_room(clerk, "Shared room", shared="yes")
    before = service.run(everything)
    hidden = authority.get(f"/resources/{room}")
    assert (hidden.status_code, "Private room" in hidden.text) == (404, False)
    shown = authority.get(f"/resources/{shared}")
    assert (shown.status_code, "Shared room" in shown.text, f"/resources/{shared}/edit" in shown.text) == (
        200, True, False,
    )  # fmt: skip
    edited = {"kind": "room", "name": "Ours now", "zone": "Europe/Bucharest"}
    for number in (room, shared):
        assert authority.get(f"/resources/{number}/edit").status_code == 404
        assert authority.post(f"/resources/{number}/edit", edited, page="/resources/new").status_code == 404
        assert authority.post(f"/resources/{number}/act/deactivate", page="/resources/new").status_code == 404
    for number in ("0", "99999999999999999999999", "x", "-1"):
        assert clerk.get(f"/resources/{number}").status_code == 404
    assert clerk.get("/requests/RO-0000-0000/slots").status_code == 404
    closure = {"kind": "closure", "first_day": "2027-03-24", "last_day": "2027-03-25", "reason": "Burst pipe"}
    assert clerk.post("/calendars/TH", closure, page="/calendars/RO").status_code == 404
    assert clerk.get("/calendars/XX").status_code == 404
    assert service.run(everything) == before


def test_a_closure_is_entered_seen_by_the_other_state_counted_and_struck_out(service, clerk, asked):
    page = "/calendars/RO"
    closure = {"kind": "closure", "first_day": "2027-03-24", "last_day": "2027-03-25", "reason": "Burst pipe"}
    answer = clerk.post(page, closure | {"last_day": "2027-03-20"}, page=page)
    assert answer.status_code == 422 and 'href="#last_day"' in answer.text
    assert clerk.post(page, closure, page=page).status_code == 303
    authority = service.signed_in("authority")
    assert "Burst pipe" in authority.words(authority.get(page))
    assert "Cancel this entry" not in authority.words(authority.get(page))
    words = clerk.words(clerk.get(f"{asked}/slots", params=FIND))
    assert "Closed in Romania (Bucharest): Burst pipe" in words
    place = re.search(r'action="(/calendars/RO/[0-9a-f-]+/strike)"', clerk.get(page).text)[1]
    assert authority.post(place, page=f"/h/{service.ref}/times").status_code == 404
    assert clerk.post(place, page=page).status_code == 303
    assert "Burst pipe" not in clerk.words(clerk.get(page))


def test_hours_a_clerk_gives_are_shown_as_given_and_others_as_not_verified(clerk):
    page = "/calendars/RO"
    assert "Not verified" in clerk.words(clerk.get(page))
    hours = {
        "kind": "hours", "first_day": "2026-01-01", "opens": "09:00", "closes": "15:00",
        "weekdays": ["1", "2", "3"], "zone": "Europe/Bucharest",
    }  # fmt: skip
    assert clerk.post(page, hours, page=page).status_code == 303
    words = clerk.words(clerk.get(page))
    assert "Given by the State" in words and "09:00–15:00" in words and "Monday, Tuesday, Wednesday" in words
    place = re.search(r'action="(/calendars/RO/[0-9a-f-]+/strike)"', clerk.get(page).text)[1]
    clerk.post(place, page=page)


def test_an_interpreter_is_found_by_languages(clerk):
    page = "/resources/new"
    fields = {
        "kind": "interpreter", "name": "Dana Pop", "zone": "Europe/Bucharest", "accreditation": "Register 7",
        "accredited_until": "2030-01-01", "source1": "th", "target1": "ro", "source2": "ro", "target2": "th",
    }  # fmt: skip
    wrong = clerk.post(page, fields | {"source1": "en-x-<script>"}, page=page)
    assert wrong.status_code == 422 and "<script>" not in wrong.text.split("<main")[1].replace("&lt;script&gt;", "")
    number = re.search(r"/resources/(\d+)", clerk.post(page, fields, page=page).headers["location"])[1]
    assert "Dana Pop" in clerk.words(clerk.get("/interpreters", params={"source": "th", "target": "ro"}))
    assert "Dana Pop" not in clerk.words(clerk.get("/interpreters", params={"source": "zh"}))
    edit = f"/resources/{number}/edit"
    assert clerk.post(edit, fields | {"name": "Dana Popa"}, page=edit).status_code == 303
    shown = f"/resources/{number}"
    assert "Dana Popa" in clerk.words(clerk.get(shown)) and "Thai into Romanian" in clerk.words(clerk.get(shown))
    assert clerk.post(f"{shown}/act/deactivate", page=shown).status_code == 303
    assert "Out of use" in clerk.words(clerk.get(shown))
    assert "Dana Popa" not in clerk.words(clerk.get("/interpreters"))


def test_an_interpreter_who_does_not_fit_is_booked_with_a_reason_only(service, clerk):
    fields = {"kind": "interpreter", "accreditation": "Register 8", "source1": "th", "target1": "ro"}
    number = add_room(clerk, "Elena Radu", **fields)
    times = f"/h/{service.ref}/times"
    assert "Elena Radu does not interpret between these two languages" in clerk.words(clerk.get(times))
    refused = clerk.post(f"{times}/assign", {"resource": number}, page=times)
    assert refused.status_code == 422 and 'href="#despite"' in refused.text
    assert f'value="{number}" checked' in refused.text
    assert "Release" not in refused.text
    answer = clerk.post(f"{times}/assign", {"resource": number, "despite": "Relay through English"}, page=times)
    assert answer.status_code == 303, clerk.words(answer)
    assert "Booked nevertheless: Relay through English" in clerk.words(clerk.get(times))
    # Moved by hand onto a time just after her leave, she is asked about; onto a day of her own, she is not.
    page = f"/resources/{number}"
    block = {"starts": "2027-05-05T08:00", "ends": "2027-05-05T08:50", "reason": "Training"}
    assert clerk.post(f"{page}/act/block", block, page=page).status_code == 303
    here = f"/h/{service.ref}/time"
    to = {"date": "2027-05-05", "time": "09:00", "clock": "requesting", "duration": "60", "reason": "Illness"}
    asked = clerk.post(here, to, page=here)
    assert asked.status_code == 422 and 'href="#despite"' in asked.text
    assert "Elena Radu needs a rest before or after another booking" in clerk.words(asked)
    assert clerk.post(here, to | {"despite": "She agrees"}, page=here).status_code == 303
    assert "Booked nevertheless: She agrees" in clerk.words(clerk.get(times))


def test_a_time_the_room_is_booked_for_is_not_kept_free_twice_and_is_given_free(clerk):
    room = add_room(clerk, "Courtroom 9")
    page = f"/resources/{room}"
    block = {"starts": "2027-05-05T09:00", "ends": "2027-05-05T12:00", "reason": "Inspection"}
    assert clerk.post(f"{page}/act/block", block, page=page).status_code == 303
    again = clerk.post(f"{page}/act/block", block, page=page)
    assert again.status_code == 422 and "Already booked" in clerk.words(again)
    skipped = clerk.post(f"{page}/act/block", block | {"starts": "2027-03-28T03:30"}, page=page)
    assert skipped.status_code == 422 and 'href="#starts"' in skipped.text
    assert clerk.get(page).text.count('name="booking"') == 1
    booking = re.search(r'name="booking" value="([^"]+)"', clerk.get(page).text)[1]
    other = add_room(clerk, "Courtroom 10")
    assert clerk.post(f"/resources/{other}/act/unblock", {"booking": booking}, page=page).status_code == 404
    assert clerk.post(f"{page}/act/unblock", {"booking": booking}, page=page).status_code == 303
    assert "No bookings yet" in clerk.words(clerk.get(page))


def test_a_hearing_that_newer_data_move_is_decided_on_by_its_clerk(service, clerk):
    from hearings import queries
    from hearings.hearing import days

    async def age(database):
        async with database.transaction() as db:
            hearing = await queries.hearing_by_ref(db, service.ref)
            moved: list[Any] = [hearing, *await days.planned(db, hearing)]
            for row in moved:
                row.tzdb_version = "2020a"
                row.starts_at = row.starts_at + timedelta(hours=1)
                row.ends_at = row.ends_at + timedelta(hours=1)
                db.add(row)

    page = "/admin/clock-changes"
    assert "No hearing would move." in clerk.words(clerk.get(page))
    service.run(age)
    authority = service.signed_in("authority")
    assert "Updated time-zone data would move 1 day" in authority.words(authority.get("/calendars"))
    assert "Only a clerk or judge of the requesting State can decide." in authority.words(authority.get(page))
    place = f"{page}/{service.ref}"
    assert authority.post(place, {"keep": "instant"}, page=f"/h/{service.ref}/times").status_code == 403
    assert clerk.post(place, {"keep": "both"}, page=page).status_code == 409
    assert clerk.post(place, {"keep": "instant"}, page=page).status_code == 303
    assert "No hearing would move." in clerk.words(clerk.get(page))
    assert "the instant is kept" in authority.words(authority.get(f"/h/{service.ref}"))


def test_every_act_has_a_form_and_says_what_it_has_done():
    assert set(times_page.ACTS) | {"offered", "accept", "signed"} == set(times_page.DONE)
