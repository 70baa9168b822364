"""Releases on pages: two people, one copy, and a receipt that fits; one person with two accounts gets nowhere."""

import html
import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import col, select

from hearings.custody import receipts
from hearings.custody.releases import ReleaseStage, stage_of
from hearings.errors import AnchorAway
from hearings.models import HearingRequest, OutboxMessage
from media.evidence.check import receipt, verify
from media.evidence.check.policy import parse
from media.evidence.log import custody
from media.evidence.seal.client import SealClient
from scheduler.environment import World
from scheduler.keeping import Keeping
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER, STRANGER
from tests.support.release_counter import CLERK, FORM, Counter
from web.custody.commands import receive_command


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def made_receipt(counter: Counter, path: str, bag: Any, capsys: Any) -> bytes:
    """The receipt of the other State for a copy."""
    assert receive_command.main(counter.arguments(bag, "--acknowledge")) == 10, capsys.readouterr().err
    made: bytes = (counter.folder / "kept" / path.rpartition("/")[2] / "receipt.jws").read_bytes()
    return made


def watched(counter: Counter, monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Whether others could write to the database whenever this function of `custody` was called."""
    found: list[str] = []
    real = getattr(custody, name)

    def called(*given: Any, **more: Any) -> Any:
        with sqlite3.connect(counter.archive.database.url.database, timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        other.close()
        found.append("free")
        return real(*given, **more)

    monkeypatch.setattr(custody, name, called)
    return found


async def test_others_write_to_the_database_while_journals_are_read_and_lines_wait_for_their_turn(
    counter: Counter, capsys, monkeypatch
):
    read = watched(counter, monkeypatch, "read")
    path, bag = await counter.taken()
    written = watched(counter, monkeypatch, "locked")
    before = len(read)
    answer = await counter.send(AUTHORITY, path, made_receipt(counter, path, bag, capsys))
    assert answer.status_code == 303, answer.text
    assert before > 0 and len(read) > before and written == ["free"]


async def test_a_receipt_that_could_not_be_kept_leaves_no_line(counter: Counter, capsys):
    class Away:
        async def require(self) -> None:
            raise AnchorAway

        async def keep(self) -> None:
            raise AssertionError

    path, bag = await counter.taken()
    receipt_jws = made_receipt(counter, path, bag, capsys)
    counter.archive.database.anchor = Away()
    answer = await counter.send(AUTHORITY, path, receipt_jws)
    assert answer.status_code == 503
    assert (counter.lines("received"), stage_of(await counter.row(path))) == ([], ReleaseStage.taken)
    counter.archive.database.anchor = None
    answer = await counter.send(AUTHORITY, path, receipt_jws)
    assert answer.status_code == 303
    assert len(counter.lines("received")) == 1


@pytest.mark.parametrize("moment", ["refused", "killed before", "killed after"])
async def test_the_line_of_a_receipt_that_was_kept_is_written_later_and_once(
    counter: Counter, capsys, monkeypatch, moment
):
    class Killed(BaseException):
        """The process ends here."""

    path, bag = await counter.taken()
    receipt_jws = made_receipt(counter, path, bag, capsys)
    real = custody.record_once

    def fails(*given: Any, **more: Any) -> bool:
        if moment == "killed after":
            real(*given, **more)
        raise custody.CustodyError("no room") if moment == "refused" else Killed

    with monkeypatch.context() as patch:
        patch.setattr(custody, "record_once", fails)
        if moment == "refused":
            answer = await counter.send(AUTHORITY, path, receipt_jws)
            page = words((await counter.browser(AUTHORITY).get(answer.headers["location"])).text)
            assert "its line follows as soon as it can" in page
        else:
            with pytest.raises(Killed):
                await counter.send(AUTHORITY, path, receipt_jws)
    assert stage_of(await counter.row(path)) is ReleaseStage.received
    archive = counter.archive
    world = World(
        database=archive.database,
        origin=archive.settings.origin,
        recordings=archive.settings.recordings,
        seal=lambda: SealClient(archive.served.socket),
    )
    clock = Keeping(archive.settings.recordings)
    assert await clock.carry_out(world) == (moment != "killed after")
    assert await clock.carry_out(world) == 0
    assert await Keeping(archive.settings.recordings).carry_out(world) == 0
    (line,) = counter.lines("received")
    assert (line["by"], line["state"], line["verdict"]) == ("S. Srisai", "TH", "gaps")
    async with archive.database.reading() as db:
        assert await receipts.accepted(db, since=datetime.now(UTC)) == []


def release_root(counter: Counter) -> str:
    """The root of the head at which the recording was closed."""
    (closed,) = counter.lines("closed")
    return str(closed["root"])


async def test_a_copy_is_released_by_two_received_by_command_and_acknowledged_on_the_page(counter: Counter, capsys):
    path, bag = await counter.taken()
    (access,) = counter.archive.accesses()
    (line,) = counter.lines("released")
    assert (access["what"], access["person"]) == ("export", "Ioana Marin")
    assert access["root"] == line["root"] == release_root(counter)
    assert (line["roles"], line["from"]) == (["clerk", "presiding_judge"], "RO")
    assert line["by"] == ["Ioana Marin", "Ana Popa"]
    assert (line["to"], line["state"], line["purpose"]) == ("S. Srisai, Attorney General", "TH", "The trial")
    assert any("18(19)" in limit for limit in line["limits"])
    release = receipt.release_in(bag)
    assert (release.sha256, release.body["limits"][0]["source"]) == (line["statement"], "UNTOC art. 18(19)")
    page = words((await counter.browser(AUTHORITY).get(path)).text)
    assert "Handed out, not acknowledged yet" in page
    code = receive_command.main(counter.arguments(bag, "--acknowledge", f"--release-key={counter.public('RO')}"))
    assert code == 10, capsys.readouterr().err
    made = counter.folder / "kept" / path.rpartition("/")[2] / "receipt.jws"
    answer = await counter.send(AUTHORITY, path, made.read_bytes())
    assert answer.status_code == 303, answer.text
    page = words((await counter.browser(JUDGE).get(path)).text)
    assert "Received, acknowledged by S. Srisai. Their check: verified with declared gaps." in page
    (line,) = counter.lines("received")
    assert (line["by"], line["state"], line["verdict"]) == ("S. Srisai", "TH", "gaps")
    custody = words((await counter.browser(JUDGE).get(f"{counter.archive.path}/custody")).text)
    assert "Released to the other State" in custody
    assert "Receipt of the other State" in custody
    key = [f"--receipt-key={counter.public('TH')}"]
    checked = [str(bag), "--policy", str(counter.policy), "--without-stamp", "--receipt", str(made), *key]
    assert verify.main(checked) == 10
    assert "this copy was received by S. Srisai (TH)" in capsys.readouterr().out


async def test_the_copy_verifies_as_any_other_with_the_release_beside_it(counter: Counter):
    _path, bag = await counter.taken()
    request = verify.VerificationRequest(parse(counter.policy.read_bytes()), without_stamp=True)
    report = verify.verify(bag, request)
    assert report.exit_code == 10, report.as_text()
    assert not [note for note in report.findings.notes if receipt.RELEASE in note]


async def test_whoever_proposed_it_finds_no_way_to_confirm_it(counter: Counter):
    path = await counter.proposed()
    page = await counter.browser(CLERK).get(path)
    assert "data-statement" not in page.text
    assert "Another person than the one who began it has to do this" in words(page.text)
    answer = await counter.post(CLERK, f"{path}/confirm", {"jws": "a.b.c"})
    assert answer.status_code == 403
    assert stage_of(await counter.row(path)) is ReleaseStage.proposed


async def test_the_other_state_and_those_without_a_role_release_nothing(counter: Counter):
    path = await counter.proposed()
    for who, status in ((AUTHORITY, 404), (STRANGER, 404)):
        assert (await counter.browser(who).get(path)).status_code == status
        assert (await counter.post(who, f"{path}/confirm", {"jws": "a.b.c"})).status_code == status
    assert (await counter.post(OFFICER, counter.base, FORM)).status_code == 403
    assert (await counter.post(OFFICER, f"{path}/take")).status_code in (403, 404)
    assert counter.archive.accesses() == []


async def test_a_copy_is_taken_once_and_not_before_it_is_confirmed(counter: Counter):
    path = await counter.proposed()
    assert (await counter.post(CLERK, f"{path}/take")).status_code == 409
    assert (await counter.sign(JUDGE, path)).status_code == 303
    assert (await counter.post(CLERK, f"{path}/take")).status_code == 200
    assert (await counter.post(JUDGE, f"{path}/take")).status_code == 409
    assert len(counter.lines("released")) == 1


async def test_a_confirmation_without_a_signature_is_refused_on_the_page(counter: Counter):
    path = await counter.proposed()
    answer = await counter.post(JUDGE, f"{path}/confirm", {"jws": ""})
    assert answer.status_code == 422
    assert "data-statement" in answer.text
    assert stage_of(await counter.row(path)) is ReleaseStage.proposed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to_person": ""}, "Person who receives it: this cannot be empty."),
        ({"purpose": "x"}, "What it is for:"),
        ({"from": "10:00:00"}, "A time is for an excerpt: choose it above, or leave the times empty."),
        ({"what": "excerpt"}, "Enter a time of day as hours, minutes and seconds, such as 14:05:09."),
    ],
)
async def test_what_was_typed_stays_when_a_proposal_is_refused(counter: Counter, changes, said):
    answer = await counter.post(CLERK, counter.base, FORM | changes)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert 'value="Attorney General"' in answer.text
    assert counter.lines("released") == []


async def test_a_recording_that_is_not_the_one_sealed_is_not_released_and_can_be_once_it_is_back(counter: Counter):
    path = await counter.confirmed()
    piece = next(one for one in sorted((counter.archive.sealed.folder / "seg").iterdir()) if "-000001" in one.name)
    before = piece.read_bytes()
    piece.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert (await counter.post(CLERK, f"{path}/take")).status_code in (409, 503)
    assert stage_of(await counter.row(path)) is ReleaseStage.confirmed
    assert list(counter.archive.settings.data.glob(".export-*")) == []
    piece.write_bytes(before)
    assert (await counter.post(CLERK, f"{path}/take")).status_code == 200


async def test_a_receipt_for_another_copy_or_by_another_key_is_refused_and_says_why(counter: Counter, capsys):
    path, bag = await counter.taken()
    other_path, other_bag = await counter.taken()
    kept = counter.folder / "kept"
    for one in (bag, other_bag):
        assert receive_command.main(counter.arguments(one, "--acknowledge")) == 10, capsys.readouterr().err
    other = (kept / other_path.rpartition("/")[2] / "receipt.jws").read_bytes()
    answer = await counter.send(AUTHORITY, path, other)
    assert answer.status_code == 422
    assert "This receipt is for another release" in words(answer.text)
    mine = (kept / path.rpartition("/")[2] / "receipt.jws").read_bytes().strip()
    forged = mine[:-8] + (b"AAAAAAAA" if not mine.endswith(b"AAAAAAAA") else b"BBBBBBBB")
    answer = await counter.send(AUTHORITY, path, forged)
    assert answer.status_code in (401, 422)
    assert counter.lines("received") == []
    assert stage_of(await counter.row(path)) is ReleaseStage.taken
    assert json.loads((bag / "release.json").read_text())["statement"]["act"] == "release_recording"


async def mailed(counter: Counter) -> list[tuple[str, str]]:
    """Addresses and first lines of the mails about releases that wait."""
    async with counter.archive.database.reading() as db:
        rows = (await db.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))).all()
    return [(row.address, row.payload["subject"]) for row in rows if "waits for a second person" in str(row.payload)]


async def test_those_who_can_be_the_second_person_are_mailed_that_a_release_waits_and_nobody_else(counter: Counter):
    await counter.proposed(CLERK)
    (told,) = await mailed(counter)
    assert told[0] == "judge@ro.example" and "a release of a recording waits" in told[1]
    await counter.confirmed()
    assert [address for address, _subject in await mailed(counter)] == ["judge@ro.example"] * 2
    await counter.proposed(JUDGE)
    assert (await mailed(counter))[-1][0] == "ioana@ro.example"


async def test_a_copy_that_the_acceptance_demands_is_due_until_one_was_taken(counter: Counter):
    rules = [{"kind": "copy_to_requested_state", "days": 14}, {"kind": "destroy_after", "days": 90}]
    async with counter.archive.database.transaction() as db:
        (request,) = (await db.exec(select(HearingRequest))).all()
        request.condition_rules = rules
        db.add(request)
    page = words((await counter.browser(JUDGE).get(counter.base)).text)
    assert "gets a copy of the recording. None was taken yet." in page and "It is due by:" in page
    assert "The recording is destroyed 90 days after the final decision." in page
    keeping = words((await counter.browser(JUDGE).get(f"{counter.archive.path}/keeping")).text)
    assert "It is destroyed 90 days after the final decision." in keeping
    await counter.taken()
    page = words((await counter.browser(JUDGE).get(counter.base)).text)
    assert "A copy was released to it and taken." in page and "It is due by:" not in page
