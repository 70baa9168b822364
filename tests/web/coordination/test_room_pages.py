"""Coordination rooms on pages: convened by Thailand, answered by Romania, unknown to Spain in every way."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx
import pytest

from hearings import queries
from hearings.models import HearingRequest, Person
from tests.support.page_client import Client, Service, found
from tests.support.walk import ROUTES
from web.demo import demo

pytestmark = pytest.mark.beside

SUBJECT = "Zwei Ermittlungen 4711"
BANGKOK = ZoneInfo("Asia/Bangkok")
NO_ROOM = "CR-00000000"


def begins(hours: float = 48) -> str:
    """A wall time in Bangkok."""
    return (datetime.now(BANGKOK) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def convene(authority: Client, **more: object) -> str:
    """The page of a room that Thailand has convened with Romania."""
    given = {
        "subject": SUBJECT, "kind": "level_2", "classification": "ordinary", "states": ["RO"], "starts_at": begins(),
        "duration": "90", "meeting": "By telephone", "item_1": "Where to try it", "minutes_1": "20",
    }  # fmt: skip
    answer = authority.post("/rooms", given | more, page="/rooms/new")
    assert answer.status_code == 303, authority.words(answer)
    return answer.headers["location"].partition("?")[0]


def told(answer: httpx.Response) -> str:
    """What a page says, without its reference and time."""
    return re.sub(r"Reference [0-9a-f]+ Time .* UTC", "", Client.words(answer))


def reference_of(service: Service) -> str:
    """The reference of the hearing's request, in which a witness is heard."""

    async def look(database):
        async with database.reading() as db:
            return (await queries.get(db, HearingRequest, service.made.hearing.request_id)).reference

    return service.run(look)


def spaniard(service: Service) -> Client:
    """An authority of Spain."""

    async def make(database):
        email = f"{datetime.now(UTC).timestamp()}@es.example"
        async with database.transaction() as db:
            db.add(Person(owner_state="ES", name="S. Española", email=email, functions=["authority", "clerk"]))
        return email

    return service.signed_in(service.run(make))


def test_a_room_goes_from_an_invitation_to_an_agreed_summary_and_a_draft(service):
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    room = convene(authority, starts_at=begins(0.02))
    assert SUBJECT in clerk.words(clerk.get("/rooms"))
    assert "Answer the invitation" in clerk.words(clerk.get(room))
    read = found(r'name="read" value="([^"]+)"', clerk.get(room).text)[1]
    other = (datetime.now(ZoneInfo("Europe/Bucharest")) + timedelta(days=3)).strftime("%Y-%m-%dT10:00")
    given = {"answer": "proposes_other_time", "other_time": other, "read": unescape(read)}
    assert clerk.post(f"{room}/answer", given, page=room).headers["location"] == f"{room}?done=answered"
    assert "Another time is proposed" in authority.words(authority.get(room))
    moved = {"starts_at": begins(72), "duration": "60"}
    assert authority.post(f"{room}/time", moved, page=room).headers["location"] == f"{room}?done=time"
    late = clerk.post(f"{room}/answer", {"answer": "accepts", "read": unescape(read)}, page=room)
    assert late.status_code == 422 and "The time of the meeting has changed" in clerk.words(late)
    read = unescape(found(r'name="read" value="([^"]+)"', clerk.get(room).text)[1])
    assert clerk.post(f"{room}/answer", {"answer": "accepts", "read": read}, page=room).status_code == 303
    person = {"person_name": "M. Dinu", "person_authority": "Tribunalul București", "person_role": "delegate"}
    assert clerk.post(f"{room}/people", person, page=room).status_code == 303
    shared = {"document_title": "A note", "document_text": "What we know.", "document_conditions": "No other case"}
    assert authority.post(f"{room}/documents", shared, page=room).status_code == 303
    shown = clerk.words(clerk.get(room))
    assert "What we know." in shown and "Conditions of use No other case" in shown and "M. Dinu" in shown
    owed = {
        "outcome_kind": "request_to_be_sent", "outcome_text": "A request follows", "owed_by": "RO", "towards": "TH",
        "due": f"{datetime.now(UTC).date() + timedelta(days=9)}",
    }  # fmt: skip
    assert authority.post(f"{room}/outcomes", owed, page=room).status_code == 303
    draft = found(rf'action="({room}/outcomes/[0-9a-f-]+/draft)"', clerk.get(room).text)[1]
    assert f'action="{draft}"' not in authority.get(room).text
    assert authority.post(draft, {}, page=room).status_code in (403, 422)
    where = clerk.post(draft, {}, page=room).headers["location"]
    reference = where.rsplit("/", 1)[1]
    assert reference.startswith("RO-") and reference in clerk.words(clerk.get(room))
    assert reference not in authority.get(room).text and authority.get(where).status_code == 404
    assert "A request has come of it." in authority.words(authority.get(room))
    assert authority.post(f"{room}/summary", {"summary_text": "Both go on."}, page=room).status_code == 303
    mark = found(
        r'name="word" value="dissents">\s*<input type="hidden" name="read" value="(\w+)"', clerk.get(room).text
    )
    assert clerk.post(f"{room}/word", {"word": "dissents", "read": mark[1]}, page=room).status_code == 422
    dissent = {"word": "dissents", "read": mark[1], "dissent": "Romania tries it."}
    assert clerk.post(f"{room}/word", dissent, page=room).status_code == 303
    assert authority.post(f"{room}/word", {"word": "agreed", "read": mark[1]}, page=room).status_code == 303
    assert "Romania tries it." in authority.words(authority.get(room))
    assert f'action="{room}/close"' not in clerk.get(room).text
    assert clerk.post(f"{room}/close", {}, page=room).status_code == 403
    assert authority.post(f"{room}/close", {}, page=room).headers["location"] == f"{room}?done=closed"
    again = clerk.post(f"{room}/summary", {"summary_text": "Another"}, page=room)
    assert again.status_code == 422 and "This coordination room is closed" in clerk.words(again)


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("classification", "secret", "classification"),
        ("classification", "", "classification"),
        ("starts_at", "", "starts_at"),
        ("starts_at", "2020-01-01T10:00", "starts_at"),
        ("duration", "0", "duration"),
        ("kind", "", "kind"),
        ("states", [], "states"),
        ("minutes_1", "x", "minutes_1"),
        ("item_1", "", "item_1"),
        ("kind", "jit_meeting", "agreement"),
        ("languages", ["nonsense-"], "languages"),
    ],
)
def test_a_room_that_cannot_be_right_says_where_and_keeps_what_was_typed(service, name, value, field):
    authority = service.signed_in("authority")
    given = {
        "subject": SUBJECT, "kind": "level_2", "classification": "restricted", "states": ["RO", "ES"],
        "starts_at": begins(), "duration": "90", "item_1": "Where to try it", "minutes_1": "20",
    } | {name: value}  # fmt: skip
    answer = authority.post("/rooms", given, page="/rooms/new")
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text and 'id="error-summary" autofocus' in answer.text
    assert f'id="{field}"' in answer.text
    assert f'value="{SUBJECT}"' in answer.text
    if name != "states":
        ticked = re.findall(r'name="states" value="(\w\w)" checked', answer.text)
        assert ticked == ["RO", "ES"] or sorted(ticked) == ["ES", "RO"]
    if field == "classification":
        assert "nothing more confidential is kept here" in authority.words(answer)


def test_a_state_that_is_not_invited_learns_of_no_room_on_any_page(service):
    authority = service.signed_in("authority")
    room = convene(authority)
    ref = room.rsplit("/", 1)[1]
    note = {"file_title": "A note", "csrf": authority.token(room)}
    shared = authority.post(f"{room}/files", note, files={"file": ("note.txt", b"What we know.")})
    assert shared.headers["location"] == f"{room}?done=shared", authority.words(shared)
    file = found(rf'href="({room}/files/[0-9a-f-]+)"', authority.get(room).text)[1]
    spain = spaniard(service)
    token = spain.token("/rooms/new")
    looked = 0
    for route in ROUTES:
        path = re.sub(
            r"\{([a-z_]+)(:[a-z]+)?\}",
            lambda name: {"room": ref, "document": file.rsplit("/", 1)[1]}.get(name[1], "1"),
            route.path,
        )
        for method in {"GET", "POST"} & set(route.methods):
            if method == "POST" and not route.path.startswith("/rooms/{"):
                continue
            service.app.state.parts.buckets.levels.clear()
            answers = []
            for where in (path, path.replace(ref, NO_ROOM)):
                data = {"csrf": token, "file_title": "x", "answer": "accepts"}
                upload = {"files": {"file": ("a.txt", b"x")}} if where.endswith("/files") else {}
                answers.append(spain.get(where) if method == "GET" else spain.post(where, data, **upload))
            theirs, none = answers
            assert SUBJECT not in theirs.text and "What we know." not in theirs.text, (method, path)
            if "{room}" in route.path:
                looked += 1
                assert theirs.status_code == none.status_code, (method, path)
                if route.path.startswith("/rooms/"):
                    assert theirs.status_code == 404, (method, path, theirs.text)
                assert told(theirs).replace(ref, "") == told(none).replace(NO_ROOM, "")
            else:
                assert ref not in theirs.text, (method, path)
    assert looked >= 18
    for search in (f"/search?words={ref}", "/search?words=Ermittlungen", "/statistics", "/figures", "/notices"):
        assert SUBJECT not in spain.get(search).text
    assert spain.get("/rooms").status_code == 200 and "No room yet." in spain.words(spain.get("/rooms"))
    assert authority.get(room).status_code == 200


def test_only_who_speaks_for_a_state_sees_its_rooms_and_only_an_authority_convenes(service):
    room = convene(service.signed_in("authority"))
    for who, path, status in (
        ("judge", "/rooms", 403),
        ("judge", room, 403),
        ("judge", f"/rooms/{NO_ROOM}", 403),
        ("administrator", "/rooms", 403),
        ("clerk", "/rooms", 200),
        ("clerk", "/rooms/new", 403),
        ("clerk", "/rooms/times", 403),
        ("clerk", f"{room}/times", 200),
    ):
        client = service.signed_in(who)
        assert client.get(path).status_code == status, (who, path)
    clerk = service.signed_in("clerk")
    assert clerk.post("/rooms", {"subject": SUBJECT, "csrf": clerk.token(room)}).status_code == 403
    assert 'href="/rooms"' in clerk.get("/docket").text
    assert 'href="/rooms"' not in service.signed_in("judge").get("/docket").text


def test_a_linked_request_is_seen_by_the_state_that_linked_it_alone_and_its_witness_takes_no_part(service):
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    room = convene(authority)
    reference = reference_of(service)
    unknown = clerk.post(f"{room}/requests", {"request": "RO-2026-9999"}, page=room)
    assert unknown.status_code == 422 and "no request with this reference" in clerk.words(unknown)
    assert clerk.post(f"{room}/requests", {"request": reference}, page=room).status_code == 303
    assert reference in clerk.get(room).text and reference not in authority.get(room).text
    witness = demo.REQUEST["person_name"]
    person = {"person_name": witness, "person_authority": "A court", "person_role": "expert"}
    refused = clerk.post(f"{room}/people", person, page=room)
    assert refused.status_code == 422 and 'href="#person_name"' in refused.text and witness in refused.text
    assert authority.post(f"{room}/people", person, page=room).status_code == 303  # a refusal would tell who is heard
    assert "speak to the State that named them" in clerk.words(clerk.get(room))
    shown = authority.get(room).text
    assert "speak to the State" not in shown and reference not in shown


def test_a_file_is_taken_by_those_invited_as_a_download_and_refused_with_its_reason(service):
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    room = convene(authority)
    given = {"file_title": "A note", "file_conditions": "For this inquiry only", "csrf": clerk.token(room)}
    for name, data in (("note.html", b"<html>"), ("", b""), ("note.txt", b"\x00")):
        refused = clerk.post(f"{room}/files", given, files={"file": (name, data)})
        assert refused.status_code == 422 and 'href="#file"' in refused.text, name
        assert 'value="A note"' in refused.text and "For this inquiry only" in refused.text
    assert clerk.post(f"{room}/files", given | {"csrf": "0" * 64}, files={"file": ("a.txt", b"a")}).status_code == 403
    assert clerk.post(f"{room}/files", given, files={"file": ("note.txt", b"What we know.")}).status_code == 303
    file = found(rf'href="({room}/files/[0-9a-f-]+)"', authority.get(room).text)[1]
    taken = authority.get(file)
    assert taken.content == b"What we know." and taken.headers["content-disposition"].startswith("attachment")
    assert taken.headers["content-type"].startswith("text/plain")
    for who in ("judge", "administrator"):
        assert service.signed_in(who).get(file).status_code == 403
    assert service.client().get(file).status_code == 401


def test_a_time_that_suits_all_is_put_into_the_form_or_proposed(service):
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    shown = authority.get("/rooms/times?find=yes&states=RO&states=ES&duration=45")
    assert shown.status_code == 200
    new = unescape(found(r'href="(/rooms/new\?[^"]+)"', shown.text)[1])
    query = parse_qsl(new.partition("?")[2])
    assert {("states", "RO"), ("states", "ES"), ("duration", "45")} <= set(query)
    form = authority.get(new).text
    assert f'value="{dict(query)["starts_at"]}"' in form and 'value="ES" checked' in form
    for wrong in ("states=RO&since=x", "states=RO&until=1999-01-01", "states=RO&duration=x", "duration=60"):
        answer = authority.get(f"/rooms/times?find=yes&{wrong}")
        assert answer.status_code == 422 and 'id="error-summary"' in answer.text, wrong
    room = convene(authority)
    page = clerk.get(f"{room}/times?find=yes")
    action = found(rf'(?s)<form method="post" action="({room}/answer)">(.*?)</form>', page.text)
    values = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', action[2])}
    assert clerk.post(action[1], values).headers["location"] == f"{room}?done=answered"
    page = authority.get(f"{room}/times?find=yes")
    action = found(rf'(?s)<form method="post" action="({room}/time)">(.*?)</form>', page.text)
    values = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', action[2])}
    assert authority.post(action[1], values).headers["location"] == f"{room}?done=time"
    assert values["starts_at"][11:16] in authority.words(authority.get(room))


def test_lists_are_read_in_pages(service, monkeypatch):
    monkeypatch.setattr("web.coordination.room_pages.PAGE", 2)
    authority = service.signed_in("authority")
    made = {convene(authority, starts_at=begins(number)) for number in (30, 40, 50)}
    seen, path = set(), "/rooms"
    while path:
        page = authority.get(path)
        seen |= set(re.findall(r'href="(/rooms/CR-[0-9a-f]{8})"', page.text))
        further = re.search(r'rel="next" href="(/rooms\?after=[^"]+)"', page.text)
        path = unescape(further[1]) if further else ""
    assert made <= seen
    assert authority.get("/rooms?after=x").status_code == 422


def test_no_minutes_and_no_log_of_a_hearing_hold_anything_of_a_room(service):
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    room = convene(authority)
    reference = reference_of(service)
    clerk.post(f"{room}/requests", {"request": reference}, page=room)
    for path in (f"/h/{service.ref}", f"/h/{service.ref}/log", f"/h/{service.ref}/minutes", f"/requests/{reference}"):
        for client in (authority, clerk):
            text = client.get(path).text
            assert SUBJECT not in text and room.rsplit("/", 1)[1] not in text, path
