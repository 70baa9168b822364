"""Each view of the other State's request or hearing is noted for its owner: every page there is, once for each view."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select
from starlette.routing import Route

from hearings import queries
from hearings.actors import SYSTEM
from hearings.minutes import minutes
from hearings.models import Hearing, HearingRequest, SharedView
from hearings.moves import move
from hearings.roles import Role
from hearings.sitting import recordings, sittings
from hearings.status import RecordingStatus, SittingStatus
from tests.support.court import seated
from web.words import sentences

pytestmark = pytest.mark.beside

NOT_FOR_THEM = {
    "/requests/{reference}/receipt.pdf",
    "/requests/{reference}/edit",
    "/requests/{reference}/edit/{step}",
    "/requests/{reference}/check",
    "/h/{ref}/cards",
    "/h/{ref}/cards/{seq:int}",
    "/h/{ref}/minutes/corrections/{number:int}",
    "/h/{ref}/minutes/corrections/{number:int}.json",
    "/h/{ref}/minutes/corrections/{number:int}.pdf",
    "/h/{ref}/rights/{item}",
    "/h/{ref}/costs/claims/{claim}",
    "/h/{ref}/costs/claims/{claim}/receipts/{receipt}",
    "/h/{ref}/technical/sign",
    "/h/{ref}/times/sign",
    "/h/{ref}/times/accept",
    "/requests/{reference}/act/{action}",
    "/requests/{reference}/sign/{action}",
    "/requests/{reference}/transmission/{evidence}",
    "/requests/{reference}/transmission/{evidence}/stamp",
}
"""Refused to the requested authority, or not to be had at this stage: nothing is shown, nothing is noted."""
NO_VIEW = {"/h/{ref}/test/{test}/state", "/h/{ref}/packets"}
"""What a page that is open asks for by itself, over and over."""


@pytest.fixture(scope="module")
def begun(running):
    """The demonstration's hearing with a sitting and minutes: what its paths need."""

    async def begin(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, running.made.hearing.id)
            seats = {participant.role: participant for participant in await queries.participants(db, hearing.id)}
            judge = seated(seats[Role.presiding_judge])
            sitting, recording = await sittings.open_lobby(
                db, hearing=hearing, court_name="demo.example", actor=judge, now=now
            )
            await sittings.roll_call(db, sitting=sitting, actor=judge, now=now)
            move(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=now)
            move(db, recording, RecordingStatus.starting, actor=SYSTEM, now=now)
            await recordings.opened(db, sitting=sitting, recording=recording, now=now)
            await minutes.begin(db, hearing=hearing, say=sentences.say_whole, actor=judge, now=now)
            row = await queries.get(db, HearingRequest, hearing.request_id)
            return {"{ref}": hearing.ref, "{participant}": seats[Role.witness].id, "{reference}": row.reference}

    values = running.run(begin)
    assert isinstance(values, dict)
    clerk = running.signed_in("clerk")
    base = f"/requests/{values['{reference}']}"
    files = {"file": ("a.txt", b"words", "text/plain")}
    token = {"csrf": clerk.token(f"{base}/documents"), "kind": "exhibit"}
    origin = {"origin": str(clerk.http.base_url).rstrip("/")}
    answer = clerk.request("POST", f"{base}/documents", data=token, files=files, headers=origin)
    assert answer.status_code == 303, clerk.words(answer)
    attachment = clerk.get(f"{base}/documents").text.split(f"{base}/documents/")[1].split('"')[0].split("/")[0]
    return values | {"{attachment}": attachment, "{key}": "case.references", "{step}": "person"}


def seen(service) -> list[tuple[str, str, str]]:
    """Every view noted so far: what, which, and who."""

    async def read(database):
        async with database.reading() as db:
            query = select(SharedView).order_by(SharedView.id)
            return [(one.subject, one.subject_id, one.viewer_label) for one in (await db.exec(query)).all()]

    return list(service.run(read))


def pages(service) -> list[str]:
    """Every path that names a request or a hearing and is read by GET."""
    found = [
        route.path
        for route in service.app.routes
        if isinstance(route, Route)
        and "GET" in (route.methods or ())
        and {"ref", "reference"} & set(route.param_convertors)
    ]
    assert len(found) > 30
    return sorted(set(found) - NO_VIEW)


def test_every_page_of_a_request_or_hearing_notes_the_view_for_its_owner_once(service, begun):
    authority, before, quiet = service.signed_in("authority"), seen(service), set()
    wanted = {
        "reference": ("hearing_request", service.made.hearing.request_id),
        "ref": ("hearing", service.made.hearing.id),
    }
    for path in pages(service):
        if path == "/requests/{reference}/documents/{attachment}/signatures":
            continue  # of a PDF only
        address = path
        for name, value in begun.items():
            address = address.replace(name, value)
        service.app.state.parts.buckets.levels.clear()
        answer = authority.get(address)
        after = seen(service)
        noted, before = after[len(before) :], after
        if answer.status_code != 200:
            assert (noted, answer.status_code in (302, 303, 403, 404, 409)) == ([], True), (address, answer.status_code)
            quiet.add(path)
            continue
        kind = "reference" if "{reference}" in path else "ref"
        assert (*wanted[kind], "Niran Srisai") in noted, address
        assert len(noted) == len(set(noted)), address
        if not path.endswith("export.zip"):  # the whole case: its hearings too
            assert noted == [(*wanted[kind], "Niran Srisai")], address
    assert quiet == NOT_FOR_THEM


def test_a_form_shown_again_is_a_view_and_what_shows_nothing_is_none(service, begun):
    authority, base = service.signed_in("authority"), f"/requests/{begun['{reference}']}"
    token = authority.token(f"{base}/consultations")
    before = seen(service)
    answer = authority.post(f"{base}/consultations", {"csrf": token})
    assert answer.status_code == 422
    assert seen(service)[len(before) :] == [("hearing_request", service.made.hearing.request_id, "Niran Srisai")]
    before = seen(service)
    answer = authority.post(f"/h/{service.ref}/technical/void", {"number": "1", "why": "Now", "csrf": token})
    assert (answer.status_code, "Technical agreement" in authority.words(answer)) == (409, True)
    assert seen(service)[len(before) :] == [("hearing", service.made.hearing.id, "Niran Srisai")]
    before = seen(service)
    assert authority.get(f"{base}/documents/none").status_code == 404
    assert authority.post(f"{base}/consultations", {"csrf": "0" * 64}).status_code == 403
    assert seen(service) == before


def test_the_own_state_is_not_noted_and_sees_who_looked_how_often_and_when(service, begun):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    place, base = f"/h/{service.ref}", f"/requests/{begun['{reference}']}"
    before = seen(service)
    for path in (place, base, f"{place}/times", f"{base}/informal"):
        assert clerk.get(path).status_code == 200
    assert seen(service) == before

    def times(client, path: str) -> int:
        told = client.words(client.get(f"{path}?tab=history")).partition(
            "Viewed by the other State Niran Srisai ( TH ): "
        )[2]
        return int(told.split(" time")[0]) if told else 0

    for path in (place, base):
        had = times(clerk, path)
        assert times(authority, path) == 0  # it is for the owner to see
        assert authority.get(f"{path}?x=1").status_code == 200
        assert times(clerk, path) == had + 2


def test_no_view_is_noted_of_whoever_came_by_a_link(service, begun):
    """Their State does not look through them; where they were and when is in the log of the hearing."""
    witness, before = service.client(), seen(service)
    link = service.made.participants["witness"]
    answer = witness.post("/j", {"secret": link.secret, "pin": link.pin})
    assert answer.headers["location"] == f"/h/{service.ref}/live"
    assert witness.get(answer.headers["location"]).status_code == 200
    assert seen(service) == before
