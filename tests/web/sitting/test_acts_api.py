"""Recorded acts through the API: entered while a sitting is open, read by both States, corrected, and refused."""

from datetime import UTC, datetime, timedelta

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.models import HearingRequest
from hearings.moves import move
from hearings.requests import attachments
from hearings.roles import Role
from hearings.sitting import recordings, sittings
from hearings.status import HearingStatus, PresenceStatus, RecordingStatus, SittingStatus
from tests.support.court import seated
from web import api_app
from web.live.acts import ACTS

PEOPLE = (
    ("presiding_judge", "Ioana Popa", "RO", "ro"),
    ("requested_authority", "Anong Chaiyasit", "TH", "th"),
    ("witness", "Somchai Wongsa", "TH", "th"),
)
WAY_IN = (PresenceStatus.identified, PresenceStatus.tested, PresenceStatus.waiting, PresenceStatus.called)


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def hearing(ro, th, story):
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    for client in (th, ro):
        await client.signed(f"/hearings/{made['ref']}/agree", "agree_hearing")
    ids = {}
    for role, name, state, speaks in PEOPLE:
        body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
        ids[role] = (await (ro if state == "RO" else th).post(f"/hearings/{made['ref']}/participants", body)).json()[
            "id"
        ]
    return made["ref"], ids


@pytest.fixture
async def sitting(installation, hearing):
    """In session, recording for a minute, everybody in the room: nothing a system does through the API."""
    ref, _ids = hearing
    before = datetime.now(UTC) - timedelta(minutes=1)
    async with installation.database.transaction() as db:
        row = await queries.hearing(db, ref, state="RO", lock=True)
        row.rights_version = 0  # nothing of what would keep the checklist was done on the way here
        move(db, row, HearingStatus.ready, actor=SYSTEM, now=before)
        people = {participant.role: participant for participant in await queries.participants(db, row.id)}
        judge = seated(people[Role.presiding_judge])
        for person in people.values():
            for status in (*WAY_IN, PresenceStatus.present):
                move(db, person, status, actor=SYSTEM, now=before)
        found, recording = await sittings.open_lobby(db, hearing=row, court_name="x.example", actor=judge, now=before)
        await sittings.roll_call(db, sitting=found, actor=judge, now=before)
        move(db, found, SittingStatus.pre_record, actor=SYSTEM, now=before)
        move(db, recording, RecordingStatus.starting, actor=SYSTEM, now=before)
        await recordings.opened(db, sitting=found, recording=recording, now=before)
    return found.id, recording.id


async def test_without_an_open_sitting_nothing_is_recorded(ro, hearing):
    ref, _ids = hearing
    answer = await ro.post(f"/hearings/{ref}/acts", {"kind": "log_note", "text": "Nobody is here."})
    assert (*code(answer), answer.json()["detail"]) == (409, "not_ready", "No sitting of this hearing is open")
    assert (await ro.get(f"/hearings/{ref}/acts")).json() == {"items": [], "next": ""}


async def test_an_oath_is_entered_read_by_both_states_and_corrected(installation, ro, th, hearing, sitting):
    ref, ids = hearing
    path = f"/hearings/{ref}/acts"
    oath = {
        "kind": "oath", "participant": ids["witness"], "by": ids["requested_authority"], "form": "oath",
        "outcome": "taken", "law": "TH", "language": "th", "text": "Criminal procedure code, s. 112",
    }  # fmt: skip
    made = await ro.post(path, oath)
    entered = made.json()
    assert made.status_code == 201, made.text
    assert {name: entered[name] for name in oath} == oath
    assert (entered["sitting"], entered["recording"], entered["role"]) == (*sitting, "clerk")
    assert 60_000 <= entered["timecode_ms"] < 90_000
    assert (await th.get(path)).json()["items"] == [entered]
    assert code(await th.post(path, oath | {"corrects": entered["number"]})) == (422, "invalid")
    anew = (await ro.post(path, oath | {"form": "affirmation", "corrects": entered["number"]})).json()
    old, new = (await ro.get(path)).json()["items"]
    assert (old["form"], old["corrected_by"], new["form"], new["corrects"]) == (
        "oath", anew["number"], "affirmation", old["number"],
    )  # fmt: skip
    stranger = await installation.client("FR")
    assert code(await stranger.get(path)) == (404, "not_found")
    assert code(await stranger.post(path, oath)) == (404, "not_found")


async def test_what_is_recorded_comes_in_pages_and_corrections_are_known_before_their_page(ro, hearing, sitting):
    ref, _ids = hearing
    path = f"/hearings/{ref}/acts"
    made = [(await ro.post(path, {"kind": "log_note", "text": f"Note {n}."})).json()["number"] for n in range(3)]
    anew = (await ro.post(path, {"kind": "log_note", "text": "Note 0, anew.", "corrects": made[0]})).json()["number"]
    first = await ro.get(f"{path}?limit=2")
    assert [(one["number"], one["corrected_by"]) for one in first.json()["items"]] == [(made[0], anew), (made[1], None)]
    assert (
        first.headers["link"]
        == f'<http://localhost:8000/api/v1{path}?limit=2&after={first.json()["next"]}>; rel="next"'
    )
    rest = await ro.get(f"{path}?limit=2&after={first.json()['next']}")
    assert [one["number"] for one in rest.json()["items"]] == [made[2], anew]
    assert (rest.json()["next"], "link" in rest.headers) == ("", False)
    for bad in ("x", "-1", "9" * 20, "%C2%B2"):
        assert (await ro.get(f"{path}?after={bad}")).status_code == 422, bad


async def test_an_intervention_is_the_requested_authoritys_to_record(ro, th, hearing, sitting):
    ref, _ids = hearing
    said = {"kind": "intervention", "law": "TH", "text": "The question may not be put."}
    assert code(await ro.post(f"/hearings/{ref}/acts", said)) == (403, "not_allowed")
    made = (await th.post(f"/hearings/{ref}/acts", said)).json()
    assert (made["role"], made["law"], made["text"]) == ("requested_authority", "TH", said["text"])


async def test_an_exhibit_is_kept_by_its_hash(installation, ro, hearing, sitting):
    ref, ids = hearing
    async with installation.database.transaction() as db:
        row = await queries.hearing(db, ref, state="RO")
        request = await queries.get(db, HearingRequest, row.request_id)
        file = await attachments.add(
            db, request=request, kind="exhibit", name="photo.txt", data=b"A photo.", actor=SYSTEM, now=datetime.now(UTC)
        )
    shown = {"kind": "exhibit_shown", "participant": ids["witness"], "by": ids["presiding_judge"], "exhibit": file.id}
    made = (await ro.post(f"/hearings/{ref}/acts", shown)).json()
    assert made["exhibit"] == {"id": file.id, "name": "photo.txt", "sha256": file.sha256}
    unknown = await ro.post(f"/hearings/{ref}/acts", shown | {"exhibit": sitting[0]})
    assert (*code(unknown), unknown.json()["field"]) == (422, "invalid", "exhibit")


async def test_what_cannot_be_is_refused_with_its_field(ro, hearing, sitting):
    ref, ids = hearing
    for body, wanted in (
        ({"kind": "log_note", "text": "a", "law": "RO"}, (422, "invalid", "law")),
        ({"kind": "log_note"}, (422, "invalid", "text")),
        ({"kind": "objection", "participant": ids["witness"], "text": "a"}, (422, "invalid", "participant")),
    ):
        answer = await ro.post(f"/hearings/{ref}/acts", body)
        assert (*code(answer), answer.json()["field"]) == wanted
    for body in ({"kind": "hold", "text": "a"}, {"kind": "log_note", "text": "a" * 2001}):
        assert code(await ro.post(f"/hearings/{ref}/acts", body)) == (422, "invalid_input")


async def test_nobody_is_recorded_who_is_not_in_the_room(installation, ro, hearing, sitting):
    ref, ids = hearing
    async with installation.database.transaction() as db:
        row = await queries.hearing(db, ref, state="RO")
        witness = next(
            participant for participant in await queries.participants(db, row.id) if participant.id == ids["witness"]
        )
        move(db, witness, PresenceStatus.left, actor=SYSTEM, now=datetime.now(UTC))
    claim = {"kind": "privilege_claim", "participant": ids["witness"], "law": "TH", "text": "A relative."}
    answer = await ro.post(f"/hearings/{ref}/acts", claim)
    assert (*code(answer), answer.json()["detail"]) == (409, "not_ready", "The person is not in the room")


async def test_a_name_that_is_protected_since_is_read_nowhere(installation, ro, th, hearing, sitting):
    ref, ids = hearing
    path = f"/hearings/{ref}/acts"
    await ro.post(path, {"kind": "log_note", "text": "Somchai Wongsa drinks."})
    async with installation.database.transaction() as db:
        row = await queries.hearing(db, ref, state="RO")
        witness = next(
            participant for participant in await queries.participants(db, row.id) if participant.id == ids["witness"]
        )
        witness.identity_method = "protected_identity"
        db.add(witness)
    answer = await th.get(path)
    assert answer.json()["items"][0]["text"] == "Witness 1 drinks."
    assert "Somchai" not in answer.text
    refused = await ro.post(path, {"kind": "log_note", "text": "SOMCHAI WONGSA drinks."})
    assert (*code(refused), refused.json()["field"]) == (422, "invalid", "text")


async def test_a_client_that_only_reads_cannot_record(installation, hearing, sitting):
    ref, _ids = hearing
    reader = await installation.client("RO", scopes=("minutes:read",))
    answer = await reader.post(f"/hearings/{ref}/acts", {"kind": "log_note", "text": "a"})
    assert code(answer) == (403, "scope_missing")


def test_what_runs_a_sitting_is_for_people_in_the_room_and_has_no_operation():
    """Nobody orders a hold, a break or a closed session who does not sit there: docs/api.md, "For people only"."""
    operations = {route.name for module in api_app.RESOURCES for route in module.router.routes}
    commands = {command.__struct_config__.tag for command in ACTS}
    assert {"hold", "order_break", "close_session", "end_closed_session"} <= commands
    assert operations & commands == {"record_act"}
