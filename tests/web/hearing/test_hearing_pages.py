"""Hearings on pages: times that do not exist or exist twice, people, links, and who may do what."""

import re
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.law import law, rows as law_rows
from hearings.law.law import LAW
from hearings.models import Consent, HearingRequest
from hearings.requests import requests
from hearings.signatures import recipients
from web import cli
from web.demo import demo
from web.hearing import hearing_pages as hearing_page

pytestmark = pytest.mark.beside


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


def accepted(service, clerk) -> str:
    """A request the other State has accepted."""

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


def technical_agreement(service, ref):
    """Both States have signed the technical agreement of a hearing."""
    from datetime import UTC, datetime

    from hearings import queries
    from hearings.actors import person_actor
    from web import cli
    from web.demo import agreement as demo_agreement

    async def make(database):
        async with database.transaction() as db:
            people = await queries.people(db)
            clerk, authority = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
            await demo_agreement.agree(
                db,
                hearing=await queries.hearing(db, ref, state="RO"),
                clerk=clerk,
                authority=authority,
                key_folder=service.settings.data / "demo-keys",
                now=datetime.now(UTC),
            )

    service.run(make)


def keep_rights(clerk, authority, place):
    """Each State answers what the case does not show of the rights checklist before a hearing is ready."""
    for client, item in ((clerk, "r03_parties_heard"), (authority, "r07_summons")):
        page = f"{place}/rights/{item}"
        assert client.post(page, {"kind": "kept", "reason": ""}, page=page).status_code == 303


TIME = {
    "date": "2027-03-10",
    "time": "09:00",
    "clock": "requesting",
    "duration": "90",
    "requesting_zone": "Europe/Bucharest",
    "requesting_city": "Bucharest",
    "requested_zone": "Asia/Bangkok",
    "requested_city": "Bangkok",
}


def anyway(clerk, page, fields):
    """Propose a time of which the page warns first: the second time it is proposed."""
    warned = clerk.post(page, fields, page=page)
    seen = re.search(r'name="warned" value="([^"]+)"', warned.text)
    assert (warned.status_code, bool(seen)) == (422, True), clerk.words(warned)
    return clerk.post(page, fields | {"warned": seen[1]}, page=page)


def test_a_holiday_a_closure_and_night_are_told_before_a_time_is_proposed_and_as_long_as_it_stands(service, clerk):
    request = accepted(service, clerk)
    page = f"{request}/schedule"
    feast = TIME | {"date": "2027-12-01", "time": "10:00"}
    warned = clerk.post(page, feast, page=page)
    words = clerk.words(warned)
    assert warned.status_code == 422
    assert "Nothing has been proposed yet" in words
    assert "1 December 2027: Holiday in Romania (Bucharest): National Day" in words
    assert "Propose anyway" in words
    # Another time than the one warned of is warned of by itself: by then the court has closed a day.
    calendar = "/calendars/RO"
    closure = {"kind": "closure", "first_day": "2027-12-02", "last_day": "2027-12-02", "reason": "Burst pipe"}
    assert clerk.post(calendar, closure, page=calendar).status_code == 303
    seen = re.search(r'name="warned" value="([^"]+)"', warned.text)[1]
    shut = feast | {"date": "2027-12-02", "warned": seen}
    assert "2 December 2027: Closed in Romania (Bucharest): Burst pipe" in clerk.words(
        clerk.post(page, shut, page=page)
    )
    place = re.search(r'action="(/calendars/RO/[0-9a-f-]+/strike)"', clerk.get(calendar).text)[1]
    assert clerk.post(place, page=calendar).status_code == 303
    made = clerk.post(page, feast | {"warned": seen}, page=page)
    assert made.status_code == 303
    home = made.headers["location"]
    for where in (home, f"{home}/times"):
        assert "1 December 2027: Holiday in Romania (Bucharest): National Day" in clerk.words(clerk.get(where))
    night = {"date": "2027-12-03", "time": "03:00", "clock": "requested", "duration": "60", "reason": "Flight"}
    authority = service.signed_in("authority")
    assert "Outside the hours of Thailand (Bangkok)" in authority.words(
        authority.post(f"{home}/time", night, page=f"{home}/time")
    )
    assert "Holiday in Romania" in authority.words(authority.get(home))
    assert anyway(authority, f"{home}/time", night).status_code == 303
    words = authority.words(authority.get(home))
    assert "3 December 2027: Outside the hours of Thailand (Bangkok)" in words and "Holiday in Romania" not in words


def test_a_time_the_clocks_skip_is_refused_naming_the_gap(service, clerk):
    page = accepted(service, clerk) + "/schedule"
    answer = clerk.post(page, TIME | {"date": "2027-03-28", "time": "03:30"}, page=page)
    words = clerk.words(answer)
    assert answer.status_code == 422
    assert "03:30 does not exist in Bucharest" in words
    assert "02:59:59 (UTC+02:00)" in words and "04:00 (UTC+03:00)" in words
    assert 'value="2027-03-28"' in answer.text and 'href="#time"' in answer.text


def test_a_time_that_happens_twice_is_asked_about_and_the_answer_counts(service, clerk):
    page = accepted(service, clerk) + "/schedule"
    twice = TIME | {"date": "2027-10-31", "time": "03:30"}
    answer = clerk.post(page, twice, page=page)
    assert answer.status_code == 422
    words = clerk.words(answer)
    assert "The first, at UTC+03:00" in words and "The second, at UTC+02:00" in words
    made = anyway(clerk, page, twice | {"fold": "1"})
    assert made.status_code == 303
    shown = clerk.words(clerk.get(made.headers["location"]))
    assert "03:30" in shown and "Bucharest (UTC+02:00)" in shown
    assert "08:30" in shown and "Bangkok (UTC+07:00)" in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "3 December"), ("date", "2020-01-01"), ("date", "9999-01-01"), ("time", "9 am"),
        ("duration", "1"), ("duration", "1500"), ("duration", "x"), ("clock", "mine"),
        ("requesting_zone", "GMT+3"), ("requesting_zone", "Etc/../../etc/passwd"), ("requested_city", ""),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_explained_beside_its_field(service, clerk, field, value):
    page = accepted(service, clerk) + "/schedule"
    answer = clerk.post(page, TIME | {field: value}, page=page)
    assert answer.status_code == 422
    shown = "time" if value in ("2020-01-01", "9999-01-01") else field
    assert f'href="#{shown}"' in answer.text
    assert "Error:" in answer.text.split("</title>")[0]


def test_time_zone_data_too_old_for_a_state_are_told_and_nothing_is_made(service, everything, clerk, set_clocks_back):
    async def make(database):
        now = datetime.now(UTC)
        answers = Actor(id="kz", label="Almaty", state="KZ", functions=frozenset({"authority", "central_authority"}))
        async with database.transaction() as db:
            asks = person_actor(cli.match(await queries.people(db), "clerk"))
            fields = demo.REQUEST | {"language_of_person": "ru", "language_of_request": "ru"}
            row = await requests.draft(db, requested_state="KZ", fields=fields, actor=asks, now=now)
            await requests.submit(db, request=row, actor=asks, now=now)
            await requests.acknowledge(db, request=row, actor=answers, now=now)
            await requests.accept(db, request=row, actor=answers, now=now)
            return row.reference

    page = f"/requests/{service.run(make)}/schedule"
    assert clerk.get(page).status_code == 200
    before = service.run(everything)
    set_clocks_back("2023d")  # Kazakhstan has had one zone since 1 March 2024 (2024a)
    answer = clerk.post(page, TIME | {"requested_zone": "Asia/Almaty", "requested_city": "Almaty"}, page=page)
    assert answer.status_code == 409
    assert "The time-zone data of this service are too old for one of the States. Nothing was changed" in clerk.words(
        answer
    )
    assert service.run(everything) == before


def test_the_other_state_agrees_or_proposes_another_time(service, clerk):
    page = accepted(service, clerk) + "/schedule"
    place = clerk.post(page, TIME, page=page).headers["location"]
    assert service.statement(clerk.get(f"{place}/times/sign"))["iss"] == "RO", "who offers a time signs it too"
    authority = service.signed_in("authority")
    other = {"date": "2027-03-11", "time": "14:00", "clock": "requested", "duration": "60", "reason": "no room"}
    assert authority.post(f"{place}/time", other, page=f"{place}/time").status_code == 303
    words = clerk.words(clerk.get(place))
    assert "Other time proposed" in words and "09:00" in words and "14:00" in words and "no room" in words
    assert service.agree(clerk, place).headers["location"] == f"{place}/times?done=signed"
    words = authority.words(authority.get(place))
    assert "Other time proposed" in words and "Sign this time" in words
    assert "awaits your signature" in authority.words(authority.get("/waiting"))
    assert service.agree(authority, place).headers["location"] == f"{place}/times?done=accept"
    assert "Time agreed" in authority.words(authority.get(place))


def refused_consent(service, reference: str) -> None:
    """The person has said no to one rule."""

    async def add(database: Database) -> None:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            row = (await db.exec(select(HearingRequest).where(HearingRequest.reference == reference))).one()
            said = {"rule": "x", "provision": "s. 1", "text": "The person must consent", "status": "refused"}
            db.add(Consent(owner_state="RO", request_id=row.id, since=now, **said))

    service.run(add)


def in_force(service, wanted: bool) -> None:
    """Whether the recipients of Romania that are no escrow are in force."""

    async def change(database: Database) -> None:
        async with database.transaction() as db:
            for key in await recipients.keys_of(db, state="RO"):
                key.retired_at = None if wanted or key.kind == recipients.ESCROW else datetime.now(UTC)

    service.run(change)


def test_a_hearing_is_made_ready_when_everybody_is_named(service, clerk):
    request = accepted(service, clerk)
    refused_consent(service, request.rpartition("/")[2])
    page = f"{request}/schedule"
    place = clerk.post(page, TIME, page=page).headers["location"]
    authority = service.signed_in("authority")
    service.agree(authority, place)
    service.agree(clerk, place)
    answer = clerk.post(f"{place}/act/ready", page=place)
    assert answer.status_code == 422
    assert "the presiding judge" in clerk.words(answer) and "an interpreter" in clerk.words(answer)
    form = f"{place}/people/new"
    listed = re.findall(r'<option value="(\w+:[0-9a-f-]+)"', clerk.get(form).text)
    assert {one.split(":")[0] for one in listed} == {"presiding_judge", "clerk", "custodian"}
    of_the_other = re.findall(r'<option value="(\w+:[0-9a-f-]+)"', authority.get(form).text)
    assert {one.split(":")[0] for one in of_the_other} == {"requested_authority"}
    for person, seats in ((clerk, listed), (authority, of_the_other)):
        for one in seats:
            if one.startswith("custodian:"):  # the same people, who have one part each
                continue
            named = person.post(form, {"kind": "staff", "staff": one, "staff_speaks": "ro"}, page=form)
            assert named.status_code == 303
        assert "Everybody who can be named has been named." in person.words(person.get(form))
    for role, speaks in (("witness", "th"), ("interpreter", "ro")):
        guest = {"kind": "guest", "role": role, "display_name": f"Some {role}", "state": "TH", "speaks": speaks}
        assert clerk.post(form, guest, page=form).status_code == 303
    answer = clerk.post(f"{place}/act/ready", page=place)
    assert answer.status_code == 422
    assert "consent is missing: Witness, s. 1: Consent refused" in clerk.words(answer)
    consents = f"{request}/consents"
    one = re.search(rf'action="({consents}/[0-9a-f-]{{36}})"', clerk.get(consents).text)[1]
    assert clerk.post(one, {"answer": "given"}, page=consents).status_code == 303
    answer = clerk.post(f"{place}/act/ready", page=place)
    assert (answer.status_code, "There is no technical agreement" in clerk.words(answer)) == (422, True)
    technical_agreement(service, place.rpartition("/")[2])
    in_force(service, False)
    answer = clerk.post(f"{place}/act/ready", {"without_test": "The same rooms met yesterday."}, page=place)
    told = clerk.words(answer)
    assert (answer.status_code, told.count("No authority of Romania has provided a key")) == (422, 2)
    assert "An administrator of your State adds it under “Recipients of recordings”: Elena Stan." in told
    assert 'href="/admin/recipients"' not in answer.text
    assert 'href="/admin/recipients"' in service.signed_in("administrator").get(place).text
    assert "An administrator of that State adds it." in authority.words(authority.get(place))
    in_force(service, True)
    assert "No authority of" not in clerk.words(clerk.get(place))
    answer = clerk.post(f"{place}/act/ready", page=place)
    assert (answer.status_code, 'href="#without_test"' in answer.text) == (422, True)
    reason = {"without_test": "The same rooms met yesterday."}
    refused = clerk.post(f"{place}/act/ready", reason, page=place)
    waits = "Summons in time (to be answered by the authority of Thailand)"
    assert (refused.status_code, waits in clerk.words(refused)) == (422, True)
    for client, item in ((clerk, "r03_parties_heard"), (authority, "r07_summons")):
        assert f'href="{place}/rights#{item}"' in client.get(place).text
    keep_rights(clerk, authority, place)
    assert clerk.post(f"{place}/act/ready", reason, page=place).status_code == 303
    assert "The same rooms met yesterday." in clerk.words(clerk.get(place))
    assert "Ready" in clerk.words(clerk.get(place))


@pytest.fixture
def bound_later(service):
    """Thailand is bound by the Convention only from a day after the hearing, and wants a summons early; taken back."""
    later = {
        **LAW.rows["party"]["TH/untoc"],
        "party_status": "in_force",
        "in_force_from": "2099-01-01",
        "confidence": "read-in-source",
    }
    summons = {
        "id": "nat_TH_summons",
        "state": "TH",
        "provision": "s. 7",
        "applies_when_state_is": ["requested"],
        "rule": "A summons arrives long ahead.",
        "lead_time": {"code": "lead_time_too_short", "applies_to": "summons", "months_before_hearing": 60},
        "source": "the gazette",
        "confidence": "read-in-source",
    }
    admin = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))

    made = []

    def change(party, overlay):
        made.append(party)

        async def work(database):
            async with database.transaction() as db:
                known = await law.current(db)
                edits = [
                    law_rows.check("party", party, known, key="TH/untoc"),
                    law_rows.check("overlay", overlay, known, key="nat_TH_summons"),
                ]
                await law_rows.save(
                    db, edits=edits, reason="Read again", seen=known.serial, actor=admin, now=datetime.now(UTC)
                )

        service.run(work)

    yield lambda: change(later, summons)
    if made:
        change(None, None)


def test_a_day_without_a_basis_in_force_is_told_and_the_hearing_made_ready_only_with_a_reason(
    service, clerk, bound_later
):
    request = accepted(service, clerk)
    bound_later()
    page = f"{request}/schedule"
    warned = clerk.post(page, TIME, page=page)
    told = "No legal basis of the request is known to be in force between both States on this day"
    early = "To reach Thailand at least 60 months before the hearing: a summons"
    words = clerk.words(warned)
    assert (warned.status_code, told in words, early in words) == (422, True, True), words
    place = anyway(clerk, page, TIME).headers["location"]
    assert early in clerk.words(clerk.get(f"{request}?tab=law")), (
        "the request's page counts with the day of its hearing"
    )
    authority = service.signed_in("authority")
    declared = f"{place}/rights/r05_no_block"
    assert f'href="{place}/rights#r05_no_block"' in authority.get(place).text
    assert authority.post(declared, {"kind": "kept", "reason": ""}, page=declared).status_code == 303
    service.agree(authority, place)
    service.agree(clerk, place)
    keep_rights(clerk, authority, place)
    form = f"{place}/people/new"
    for person in (clerk, service.signed_in("authority")):
        for one in re.findall(r'<option value="(\w+:[0-9a-f-]+)"', person.get(form).text):
            person.post(form, {"kind": "staff", "staff": one, "staff_speaks": "ro"}, page=form)
    for role, speaks in (("witness", "th"), ("interpreter", "ro")):
        guest = {"kind": "guest", "role": role, "display_name": f"Some {role}", "state": "TH", "speaks": speaks}
        clerk.post(form, guest, page=form)
    technical_agreement(service, place.rpartition("/")[2])
    for where in (place, f"{place}/times"):
        assert told in clerk.words(clerk.get(where))
    reason = {"without_test": "The same rooms met yesterday."}
    for typed in ({}, {"without_basis": "x"}):
        answer = clerk.post(f"{place}/act/ready", reason | typed, page=place)
        assert (answer.status_code, 'href="#without_basis"' in answer.text) == (422, True), clerk.words(answer)
    reason["without_basis"] = "Both apply it provisionally."
    assert clerk.post(f"{place}/act/ready", reason, page=place).status_code == 303
    assert "Both apply it provisionally." in clerk.words(clerk.get(place))


def test_a_person_is_refused_with_what_was_typed_still_there(service, clerk):
    form = f"/h/{service.ref}/people/new"
    guest = {"kind": "guest", "role": "", "display_name": "Kept", "state": "TH", "speaks": "tlh-x-<script>"}
    answer = clerk.post(form, guest, page=form)
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text and 'href="#role"' in answer.text
    answer = clerk.post(form, guest | {"role": "witness"}, page=form)
    assert (answer.status_code, "Choose a language." in answer.text) == (422, True)


def test_details_of_a_person_can_be_corrected(service, clerk):
    place = f"/h/{service.ref}"
    found = re.search(rf'href="({place}/people/[0-9a-f-]+)">Edit<span[^>]*>: Somchai', clerk.get(place).text)
    answer = clerk.post(
        found[1], {"display_name": "Somchai W.", "city": "Chiang Mai", "speaks": "th", "hears": "th"}, page=found[1]
    )
    assert answer.status_code == 303
    assert "Somchai W." in clerk.words(clerk.get(place)) and "Chiang Mai" in clerk.words(clerk.get(place))


def test_an_address_for_mails_is_entered_on_the_page_of_a_person_and_is_on_no_other(service, clerk):
    place = f"/h/{service.ref}"
    page = f"{place}/people/{service.made.seats['interpreter']}"
    typed = {"display_name": "Ana Chaiyaporn", "city": "București", "speaks": "ro", "hears": "", "mail_language": "th"}
    wrong = clerk.post(page, typed | {"email": "nowhere"}, page=page)
    assert (wrong.status_code, 'value="nowhere"' in wrong.text) == (422, True)
    assert clerk.post(page, typed | {"email": "ana@post.example"}, page=page).status_code == 303
    assert 'value="ana@post.example"' in clerk.get(page).text
    for who in (clerk, service.signed_in("authority")):
        assert "ana@post.example" not in who.get(place).text
    assert clerk.post(page, typed | {"email": ""}, page=page).status_code == 303
    assert "ana@post.example" not in clerk.get(page).text
    judge = f"{place}/people/{service.made.seats['judge']}"
    assert 'name="email"' not in clerk.get(judge).text


def test_link_and_pin_are_shown_once_and_only_to_who_may_give_them(service, everything, clerk):
    place = f"/h/{service.ref}"
    action = re.search(rf'action="({place}/people/[0-9a-f-]+/link)"', clerk.get(place).text)[1]
    answer = clerk.post(action, page=place)
    secret = re.search(r"/j#([\w-]{22})", answer.text)[1]
    assert answer.headers["cache-control"] == "no-store"
    assert secret not in clerk.get(place).text
    judge = service.signed_in("judge")
    before = service.run(everything)
    refused = judge.post(action, page=place)
    assert (refused.status_code, "You may not do this" in judge.words(refused)) == (403, True)
    assert secret not in refused.text and "pin-shown" not in refused.text
    assert service.run(everything) == before


def test_the_docket_shows_both_times_and_its_own_court_first(service, clerk):
    words = clerk.words(clerk.get("/docket?view=list"))
    assert service.made.hearing.case_number in words
    assert re.search(r"\d\d:\d\d – to \d\d:\d\d Bucharest \(UTC\+0[23]:00\)", words)
    assert re.search(r"\d\d:\d\d – to \d\d:\d\d Bangkok \(UTC\+07:00\)", words)
    authority = service.signed_in("authority")
    words = authority.words(authority.get("/docket?view=list"))
    assert words.index("Bangkok (UTC+07:00)") < words.index("Bucharest (UTC")


def test_the_docket_and_the_page_of_a_hearing_lead_to_its_request(service, clerk):
    for person in (clerk, service.signed_in("authority")):
        for page in ("/docket", f"/h/{service.ref}"):
            answer = person.get(page)
            found = re.findall(r'<a href="(/requests/[A-Z]{2}-\d{4}-\d+)">Request <bdi', answer.text)
            assert found and (page == "/docket" or len(found) == 1)  # the docket has other tests' hearings too
            for request in found:
                assert request.rpartition("/")[2] in person.words(person.get(request))


def test_an_empty_docket_says_what_will_stand_there(service, clerk):
    assert "No earlier hearings." in clerk.words(clerk.get("/docket?earlier"))


def test_a_live_page_without_an_open_lobby_says_when(service, clerk):
    answer = clerk.get(f"/h/{service.ref}/live")
    words = clerk.words(answer)
    assert "The lobby is not open yet" in words and "Bangkok (UTC+07:00)" in words
    assert "Reload" in words


def test_a_hearing_is_cancelled_with_a_reason_and_its_links_die(service, clerk):
    page = accepted(service, clerk) + "/schedule"
    place = clerk.post(page, TIME, page=page).headers["location"]
    answer = clerk.post(f"{place}/act/cancel", {"reason": ""}, page=place)
    assert (answer.status_code, 'href="#cancel-reason"' in answer.text) == (422, True)
    assert clerk.post(f"{place}/act/cancel", {"reason": "The witness is ill."}, page=place).status_code == 303
    shown = clerk.get(place)
    first = shown.text.partition("<details")[0]
    assert "The hearing was cancelled" in first and "The witness is ill." in first, "not only in the folded history"
    request = re.search(r'href="(/requests/[A-Z]{2}-\d{4}-\d+)"', shown.text)[1]
    words = clerk.words(clerk.get(request))
    assert "The hearing was cancelled" in words and "The witness is ill." in words


def test_a_request_is_not_closed_under_a_hearing_that_is_still_to_come(service, clerk):
    request = accepted(service, clerk)
    place = clerk.post(f"{request}/schedule", TIME, page=f"{request}/schedule").headers["location"]
    answer = service.act(clerk, request, "close", {"text": "Settled out of court"})
    words = clerk.words(answer)
    assert (answer.status_code, 'href="#close-text"' in answer.text) == (422, True)
    assert "Settled out of court</textarea>" in answer.text, "what was typed is still there"
    assert f"The hearing {place.rpartition('/')[2]} of 10 March 2027 is not over" in words
    assert "Being executed" in clerk.words(clerk.get(request))
    assert clerk.post(f"{place}/act/cancel", {"reason": "Settled"}, page=place).status_code == 303
    assert service.act(clerk, request, "close", {"text": "Settled"}).status_code == 303
    assert "Closed" in clerk.words(clerk.get(request))


def test_every_notice_of_the_hearing_page_is_reached_by_an_act():
    assert set(hearing_page.DONE) == {
        *("time", "ready", "lobby", "cancel", "person", "changed", "replaced", "taken_off")
    }


def test_people_are_replaced_and_taken_off_by_their_own_state(service, clerk):
    place, authority = f"/h/{service.ref}", service.signed_in("authority")
    form = f"{place}/people/new"
    guest = {"kind": "guest", "role": "defence", "display_name": "First Counsel", "state": "TH", "speaks": "th"}
    refused = authority.post(form, guest | {"state": "RO"}, page=form)
    assert (refused.status_code, "Choose where the person is." in authority.words(refused)) == (422, True)
    assert authority.post(form, guest, page=form).status_code == 303
    answer = authority.get(place).text
    entry = re.search(rf'href="({place}/people/[0-9a-f-]+)">[^<]*<span[^>]*>: First Counsel', answer)[1]
    for act, field in (("replace", "next_reason"), ("take-off", "off_reason")):
        again = authority.post(f"{entry}/{act}", {"next_display_name": "Second Counsel"}, page=entry)
        assert (again.status_code, f'href="#{field}"' in again.text, "Second Counsel" in again.text) == (
            422,
            True,
            act == "replace" or "Second Counsel" in again.text,
        )
    words = {"next_display_name": "Second Counsel", "next_reason": "The first has withdrawn"}
    done = authority.post(f"{entry}/replace", words, page=entry)
    assert done.headers["location"] == f"{place}?done=replaced#people"
    listed = authority.words(authority.get(place))
    assert "Second Counsel" in listed and "no longer takes part" in listed
    after = authority.get(place).text
    entry = re.search(rf'href="({place}/people/[0-9a-f-]+)">[^<]*<span[^>]*>: Second Counsel', after)[1]
    done = clerk.post(f"{entry}/take-off", {"off_reason": "Nobody is needed"}, page=entry)
    assert done.headers["location"] == f"{place}?done=taken_off#people"
    judge = re.search(rf'href="({place}/people/[0-9a-f-]+)">[^<]*<span[^>]*>: Ioana', clerk.get(place).text)[1]
    assert authority.post(f"{judge}/take-off", {"off_reason": "Not ours"}, page=place).status_code == 403
