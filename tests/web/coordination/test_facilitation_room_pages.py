"""Coordination rooms of a facilitator: it convenes, keeps time and agenda, and reads no request and no document."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.support.page_client import Client, found
from tests.support.walk import ROUTES
from tests.web.coordination.test_facilitator_pages import let_in
from tests.web.coordination.test_room_pages import NO_ROOM, convene as convene_as_thailand, reference_of, told

BASE = "/facilitation/rooms"
SUBJECT = "Coordination of three inquiries"
pytestmark = pytest.mark.beside


def begins(hours: float = 48) -> str:
    """A wall time in UTC, whose clock facilitators have."""
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def convene(desk: Client, **more: object) -> str:
    given = {
        "subject": SUBJECT, "kind": "level_2", "classification": "restricted", "states": ["RO", "TH"],
        "starts_at": begins(), "duration": "60", "item_1": "Who asks whom", "minutes_1": "15",
    }  # fmt: skip
    answer = desk.post(BASE, given | more, page=f"{BASE}/new")
    assert answer.status_code == 303, desk.words(answer)
    return answer.headers["location"].partition("?")[0]


def test_a_facilitator_convenes_and_sets_time_and_agenda_and_the_states_do_the_rest(service):
    desk, clerk, authority = let_in(service), service.signed_in("clerk"), service.signed_in("authority")
    room = convene(desk)
    ref = room.rsplit("/", 1)[1]
    assert SUBJECT in desk.words(desk.get(BASE)) and 'href="/facilitation/rooms"' in desk.get("/facilitation").text
    shown = clerk.words(clerk.get(f"/rooms/{ref}"))
    assert SUBJECT in shown and "Who asks whom" in shown and "Answer the invitation" in shown
    assert f'action="/rooms/{ref}/time"' not in clerk.get(f"/rooms/{ref}").text
    moved = {"starts_at": begins(72), "duration": "60"}
    assert desk.post(f"{room}/time", moved, page=room).headers["location"] == f"{room}?done=time"
    agenda = {"item_1": "Who asks whom", "state_1": "TH", "minutes_1": "15", "item_2": "When", "minutes_2": "5"}
    assert desk.post(f"{room}/agenda", agenda, page=room).headers["location"] == f"{room}?done=agenda"
    assert "When" in authority.words(authority.get(f"/rooms/{ref}"))
    wrong = desk.post(f"{room}/agenda", agenda | {"minutes_2": "soon"}, page=room)
    assert wrong.status_code == 422 and 'href="#minutes_2"' in wrong.text and 'value="soon"' in wrong.text
    found_times = desk.get(f"{room}/times?find=yes")
    assert f'action="{room}/time"' in found_times.text
    assert desk.get(f"{BASE}/times?find=yes&states=RO&states=TH").status_code == 200
    assert clerk.post(f"/rooms/{ref}/close", {}, page=f"/rooms/{ref}").status_code == 303  # any State may
    assert desk.post(f"{room}/agenda", agenda, page=room).status_code == 422


def test_a_facilitator_reads_no_linked_request_and_no_document_through_its_room(service):
    desk, clerk, authority = let_in(service), service.signed_in("clerk"), service.signed_in("authority")
    room = convene(desk)
    here = f"/rooms/{room.rsplit('/', 1)[1]}"
    reference = reference_of(service)
    assert clerk.post(f"{here}/requests", {"request": reference}, page=here).status_code == 303
    shared = {"document_title": "Hidden title", "document_text": "Hidden text", "document_conditions": "Hidden use"}
    assert clerk.post(f"{here}/documents", shared, page=here).status_code == 303
    given = {"file_title": "Hidden file", "csrf": clerk.token(here)}
    assert clerk.post(f"{here}/files", given, files={"file": ("hidden.txt", b"Hidden bytes")}).status_code == 303
    file = found(rf'href="({here}/files/[0-9a-f-]+)"', authority.get(here).text)[1]
    owed = {"outcome_kind": "request_to_be_sent", "outcome_text": "It follows", "owed_by": "RO", "towards": "TH"}
    assert clerk.post(f"{here}/outcomes", owed, page=here).status_code == 303
    draft = found(rf'action="({here}/outcomes/[0-9a-f-]+/draft)"', clerk.get(here).text)[1]
    drafted = clerk.post(draft, {}, page=here).headers["location"].rsplit("/", 1)[1]
    shown = desk.get(room).text
    assert "It follows" in unescape(shown)
    for hidden in (reference, drafted, "Hidden", "hidden.txt"):
        assert hidden not in shown, hidden
    for path in (file, file.replace("/rooms/", f"{BASE}/"), here, f"{here}/times"):
        assert desk.get(path).status_code in (401, 404), path


def test_a_facilitator_sees_no_room_that_it_has_not_convened(service):
    desk, other = let_in(service), let_in(service)
    rooms = [convene(other), convene_as_thailand(service.signed_in("authority"))]
    token = desk.token("/facilitation")
    for ref in (room.rsplit("/", 1)[1] for room in rooms):
        assert ref not in desk.get(BASE).text
        for route in ROUTES:
            if not route.path.startswith(f"{BASE}/{{room}}"):
                continue
            for method in {"GET", "POST"} & set(route.methods):
                service.app.state.parts.buckets.levels.clear()
                paths = [route.path.replace("{room}", one) for one in (ref, NO_ROOM)]
                answers = [desk.get(one) if method == "GET" else desk.post(one, {"csrf": token}) for one in paths]
                assert {one.status_code for one in answers} == {404}, (method, route.path)
                assert len({told(one) for one in answers}) == 1


def test_a_facilitator_convenes_only_states_that_it_covers_and_no_member_of_staff_uses_its_pages(service):
    desk, authority = let_in(service), service.signed_in("authority")
    assert not re.search(r'name="states" value="ES"', desk.get(f"{BASE}/new").text)
    given = {
        "subject": SUBJECT, "kind": "level_2", "classification": "restricted", "states": ["RO", "ES"],
        "starts_at": begins(), "duration": "60",
    }  # fmt: skip
    assert desk.post(BASE, given, page=f"{BASE}/new").status_code == 403
    for path in (BASE, f"{BASE}/new", f"{BASE}/times"):
        assert authority.get(path).status_code == 403
    assert authority.post(BASE, given, page="/rooms/new").status_code == 403
