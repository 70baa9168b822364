"""Recorded acts on pages: the form of a kind, what it refuses and says, corrections, and who sees what."""

import re

from hearings import queries
from hearings.models import Person
from hearings.roles import Role
from hearings.status import SittingStatus


def test_an_exhibit_is_recorded_and_read_on_the_hearings_page(service, room):
    clerk = service.signed_in("clerk")
    home = f"/h/{service.ref}"
    assert f'href="{home}/record"' in clerk.get(home).text
    page = f"{home}/record?kind=exhibit_shown"
    shown = clerk.get(page).text
    (file,) = re.findall(r'<option value="([0-9a-f-]{36})">map\.txt \(', shown)
    values = {"exhibit": file, "participant": room[Role.witness], "by": room[Role.presiding_judge], "text": "Page 2"}
    answer = clerk.post(page, values, page=page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}/record?done=record")
    for where in (clerk.get(f"{home}/record"), clerk.get(home), service.signed_in("authority").get(f"{home}/record")):
        words = clerk.words(where)
        assert re.search(r"Exhibit: map\.txt, SHA-256 [0-9a-f]{64}; .*“Page 2”", words), words
    assert re.search(r"time code 0:00:\d\d", clerk.words(clerk.get(f"{home}/record")))


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(service, room):
    clerk = service.signed_in("clerk")
    page = f"/h/{service.ref}/record?kind=privilege_claim"
    answer = clerk.post(page, {"participant": room[Role.witness], "text": "A <relative>."}, page=page)
    assert answer.status_code == 422
    assert "Under the law of: this cannot be empty." in answer.text
    assert 'href="#law"' in answer.text and "A &lt;relative&gt;.</textarea>" in answer.text
    long = {"participant": room[Role.witness], "law": "TH", "text": "a" * 2001}
    assert "Too long" in clerk.post(page, long, page=page).text


def test_an_entry_is_corrected_and_withdrawn_by_its_own_state_only(service, room):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    home = f"/h/{service.ref}/record"
    clerk.post(f"{home}?kind=log_note", {"text": "The witness drinks."}, page=home)
    (number,) = re.findall(r"kind=log_note&amp;corrects=(\d+)", clerk.get(home).text)
    assert f"corrects={number}" not in authority.get(home).text
    form = f"{home}?kind=log_note&corrects={number}"
    assert "The witness drinks.</textarea>" in clerk.get(form).text
    assert clerk.post(form, {"text": "The witness eats."}, page=form).status_code == 303
    words = clerk.words(clerk.get(home))
    assert f"replaces entry {number}; “The witness eats.”" in words and "“The witness drinks.”" in words
    again = clerk.post(form, {"text": "The witness sleeps."}, page=home)
    assert (again.status_code, "has already been corrected or withdrawn" in again.text) == (422, True)
    last = max(int(one) for one in re.findall(r"kind=entry_withdrawn&amp;corrects=(\d+)", clerk.get(home).text))
    form = f"{home}?kind=entry_withdrawn&corrects={last}"
    foreign = authority.post(form, {"text": "No."}, page=home)
    assert (foreign.status_code, "Only the State that made an entry" in foreign.text) == (422, True)
    assert clerk.post(form, {"text": "In error."}, page=form).status_code == 303
    assert f"replaces entry {last}; “In error.”" in clerk.words(clerk.get(home))


def test_the_form_for_the_room_has_the_kinds_of_the_role(service, room):
    kinds = {}
    for who in ("clerk", "judge", "authority"):
        found = service.signed_in(who).get(f"/h/{service.ref}/record/kinds")
        assert found.headers["cache-control"] == "no-store"
        kinds[who] = {one["kind"] for one in found.json()}
    assert kinds["clerk"] == kinds["judge"] == kinds["authority"] - {"intervention"}
    oath = next(one for one in found.json() if one["kind"] == "oath")
    people = next(one for one in oath["fields"] if one["name"] == "participant")
    assert [value for value, _name in people["options"]] == [room[Role.witness], room[Role.interpreter]]
    assert service.client().get(f"/h/{service.ref}/record/kinds").status_code == 401


def test_an_interpreter_puts_a_remark_on_the_record_and_reads_no_other(service, room, guest):
    home = f"/h/{service.ref}/record"
    clerk, interpreter = service.signed_in("clerk"), guest(room[Role.interpreter])
    clerk.post(f"{home}?kind=log_note", {"text": "The court sits."}, page=home)
    assert [one["kind"] for one in interpreter.get(f"{home}/kinds").json()] == ["remark"]
    said = "The last answer could not be heard whole."
    answer = interpreter.post(f"{home}?kind=remark", {"text": said}, page=home)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}?done=record")
    words = interpreter.words(interpreter.get(home))
    assert said in words and "The court sits." not in words and f'href="/h/{service.ref}"' not in words
    (number,) = re.findall(r"kind=remark&amp;corrects=(\d+)", interpreter.get(home).text)
    for who in ("clerk", "judge", "authority"):
        page = service.signed_in(who).get(home)
        assert f"“{said}”" in service.client().words(page) and f"corrects={number}" not in page.text
    form = f"{home}?kind=remark&corrects={number}"
    assert f"{said}</textarea>" in interpreter.get(form).text
    assert interpreter.post(form, {"text": "It could."}, page=form).status_code == 303
    last = max(re.findall(r"kind=entry_withdrawn&amp;corrects=(\d+)", interpreter.get(home).text), key=int)
    form = f"{home}?kind=entry_withdrawn&corrects={last}"
    assert interpreter.post(form, {"text": "In error."}, page=form).status_code == 303
    assert "“In error.”" in clerk.words(clerk.get(home))
    witness = guest(room[Role.witness])
    assert {witness.get(path).status_code for path in (home, f"{home}/kinds")} == {403}


def test_an_administrator_reads_nothing_and_a_clerk_without_a_seat_records_nothing(service, everything, room):
    home, said = f"/h/{service.ref}/record", "Nobody outside reads this."
    seated = service.signed_in("clerk")
    assert seated.post(f"{home}?kind=log_note", {"text": said}, page=home).status_code == 303

    async def hire(database):
        async with database.transaction() as db:
            db.add(Person(owner_state="RO", name="Dan Nou", email="nou@ro.example", functions=["clerk"]))

    service.run(hire)
    administrator, clerk = service.signed_in("administrator"), service.signed_in("nou@ro.example")
    assert said in clerk.get(home).text  # of the same court
    before = service.run(everything)
    for path in (home, f"{home}?kind=log_note", f"{home}/kinds"):
        answer = administrator.get(path)
        assert answer.status_code == 403 and said not in answer.text
    for client in (administrator, clerk):
        refused = client.post(f"{home}?kind=log_note", {"text": "Mine"}, page="/docket")
        assert (refused.status_code, "You may not do this" in client.words(refused)) == (403, True)
    assert service.run(everything) == before


def test_when_the_sitting_is_over_an_entry_leads_to_its_place_in_the_recording(service, room):
    clerk, page = service.signed_in("clerk"), f"/h/{service.ref}/record"
    assert "Go to it in the recording" not in clerk.get(page).text, "a running recording cannot be played"

    async def end(database):
        async with database.transaction() as db:
            sitting = await queries.open_sitting(db, service.made.hearing.id)
            assert sitting is not None
            sitting.status = SittingStatus.closed
            db.add(sitting)

    service.run(end)
    assert re.search(r'href="/recordings/[0-9a-f-]{36}#t=\d+\.\d{3}">Go to it in the recording', clerk.get(page).text)
