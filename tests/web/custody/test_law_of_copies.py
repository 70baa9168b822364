"""Every route that shows or hands out a recording asks the law of copies, at the stage its case has come to."""

from typing import Any

import httpx
import pytest
from sqlmodel import select

from hearings.models import HearingRequest, Person, Recording
from hearings.permission_table import COPIES, CaseStage
from hearings.queries import get, recording as recording_by_id
from hearings.status import RecordingStatus, RequestStatus
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER
from tests.support.release_counter import CLERK, FORM, Counter

ROUTES = {
    "view_recording": ("POST", "/viewing", {}),
    "export_recording": ("POST", "/export", {"why": "integrity"}),
    "transmit": ("POST", "/releases", FORM),
    "verify": ("GET", "/verify", {}),
}
"""A route of each act; `unseal` is asked by that of `view_recording`."""


async def at(counter: Counter, stage: CaseStage) -> None:
    """Bring the case to a stage."""
    async with counter.archive.database.transaction() as db:
        recording, hearing = await recording_by_id(db, counter.archive.sealed.recording, state="RO")
        request = await get(db, HearingRequest, hearing.request_id)
        if stage is CaseStage.being_recorded:
            recording.status = RecordingStatus.recording
        if stage is CaseStage.over:
            request.status = RequestStatus.closed
        db.add_all([recording, request])


async def ask(counter: Counter, action: str) -> httpx.Response:
    method, path, fields = ROUTES[action]
    where = f"{counter.archive.path}{path}"
    if method == "GET":
        return await counter.browser(JUDGE).get(where)
    if action == "view_recording":
        headers = {"x-csrf-token": counter.archive.token(JUDGE)}
        return await counter.browser(JUDGE).post(where, json={"why": "minutes"}, headers=headers)
    return await counter.post(JUDGE, where, fields)


@pytest.mark.parametrize("stage", [CaseStage.being_recorded, CaseStage.sealed, CaseStage.over])
@pytest.mark.parametrize("action", ROUTES)
async def test_a_route_does_what_the_table_says_at_each_stage(counter: Counter, action: str, stage: CaseStage) -> None:
    await at(counter, stage)
    answer = await ask(counter, action)
    assert (answer.status_code == 403) is not COPIES[action][stage], answer.text
    assert COPIES[action][stage] or counter.archive.accesses() == []


@pytest.mark.parametrize("path", ["/excerpt", "/file/journal.jsonl"])
async def test_nothing_else_is_handed_out_of_a_recording_that_goes_on(counter: Counter, path: str) -> None:
    await at(counter, CaseStage.being_recorded)
    assert (await counter.browser(JUDGE).get(f"{counter.archive.path}{path}")).status_code == 403
    assert counter.archive.accesses() == []


async def test_the_page_of_a_recording_that_goes_on_is_there_and_says_so(counter: Counter) -> None:
    await at(counter, CaseStage.being_recorded)
    answer = await counter.browser(JUDGE).get(counter.archive.path)
    assert (answer.status_code, "Open the recording" in answer.text) == (200, False)


async def test_a_release_that_was_confirmed_is_not_taken_after_the_request_was_closed(counter: Counter) -> None:
    path = await counter.confirmed()
    await at(counter, CaseStage.over)
    answer: Any = await counter.post(CLERK, f"{path}/take")
    assert answer.status_code == 403
    async with counter.archive.database.reading() as db:
        assert (await get(db, Recording, counter.archive.sealed.recording)).status is RecordingStatus.sealed
    assert counter.lines("released") == []


@pytest.mark.parametrize("path", ["/export", "/excerpt"])
@pytest.mark.parametrize("who", [CLERK, AUTHORITY])
async def test_a_clerk_or_an_authority_alone_gets_no_copy_and_is_told_the_way(
    counter: Counter, who: str, path: str
) -> None:
    answer = await counter.post(who, f"{counter.archive.path}{path}", {"why": "copy"})
    assert answer.status_code == 403
    assert ("propose a release" if who == CLERK else "released by the other State") in answer.text
    assert counter.archive.accesses() == []


@pytest.mark.parametrize(
    ("stage", "why", "way"),
    [
        (CaseStage.sealed, "authority", "propose a release"),
        (CaseStage.over, "authority", "propose a release"),
    ],
)
async def test_the_judge_alone_takes_no_copy_for_somebody_it_is_to_be_released_to(
    counter: Counter, stage: CaseStage, why: str, way: str
) -> None:
    await at(counter, stage)
    page = (await counter.browser(JUDGE).get(f"{counter.archive.path}/verify")).text
    assert f'<option value="{why}">' not in page and '<option value="integrity">' in page
    answer = await counter.post(JUDGE, f"{counter.archive.path}/export", {"why": why})
    assert (answer.status_code, way in answer.text) == (403, True)
    assert counter.archive.accesses() == []


async def test_a_custodian_the_clerk_has_named_takes_a_copy_alone_and_neither_views_nor_releases(
    counter: Counter,
) -> None:
    assert (await counter.post(OFFICER, f"{counter.archive.path}/export", {"why": "integrity"})).status_code == 403
    async with counter.archive.database.reading() as db:
        _recording, hearing = await recording_by_id(db, counter.archive.sealed.recording, state="RO")
        (officer,) = (await db.exec(select(Person).where(Person.name == "I. Marin"))).all()
    naming = f"/h/{hearing.ref}/people/new"
    page = (await counter.browser(CLERK).get(naming)).text
    assert f'value="custodian:{officer.id}"' in page
    theirs = (await counter.browser(AUTHORITY).get(naming)).text
    assert 'value="custodian:' not in theirs and 'name="role"' in theirs
    fields = {"kind": "staff", "staff": f"custodian:{officer.id}", "staff_speaks": hearing.language_requesting}
    answer = await counter.post(CLERK, naming, fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/h/{hearing.ref}?done=person#people")
    assert counter.archive.accesses() == []
    copy = await counter.post(OFFICER, f"{counter.archive.path}/export", {"why": "integrity"})
    assert (copy.status_code, copy.headers["content-type"]) == (200, "application/x-tar"), copy.text
    (line,) = counter.archive.accesses()
    assert (line["person"], line["role"], line["state"]) == ("I. Marin", "custodian", "RO")
    assert (await counter.browser(OFFICER).get(f"{counter.archive.path}/verify")).status_code == 200
    headers = {"x-csrf-token": counter.archive.token(OFFICER)}
    viewing = {"json": {"why": "minutes"}, "headers": headers}
    assert (await counter.browser(OFFICER).post(f"{counter.archive.path}/viewing", **viewing)).status_code == 403
    assert (await counter.post(OFFICER, counter.base, FORM)).status_code == 403
    away = await counter.post(OFFICER, f"{counter.archive.path}/export", {"why": "authority"})
    assert away.status_code == 403
    assert len(counter.archive.accesses()) == 1
