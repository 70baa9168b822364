"""What was decided about a recording's keeping is carried out: holds become lines of its custody log, and keys are
destroyed after the line that says so, wherever a store lets them go."""

import hashlib
import json
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select

from hearings.actors import person_actor
from hearings.custody import keeping as rules
from hearings.custody.retention_classes import YEAR
from hearings.minutes import signed_corrections, text as minutes_text
from hearings.models import HearingRequest, Minutes, MinutesCorrection, OutboxMessage
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import Act
from hearings.status import MinutesStatus, RequestStatus
from media.evidence.archive.folder_store import FolderStore
from media.evidence.log import custody
from scheduler import keeping
from scheduler.keeping import Keeping
from tests.scheduler.test_archiving import Court, whole
from tests.support.rows import keep, make_person

__all__ = ["whole"]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def court(setting: Any, tmp_path: Path, whole: Any) -> Court:
    made = Court(setting, tmp_path, whole)
    second = make_person("judge", "RO", "D. Ionescu", "second@ro.example")
    await keep(setting.database, second)
    async with setting.database.transaction() as db:
        request = await db.get(HearingRequest, setting.request.id)
        request.status = RequestStatus.closed
        db.add(request)
    made.people = {  # type: ignore[attr-defined]
        "judge": person_actor(setting.people["judge"]),
        "second": person_actor(second),
    }
    made.setting = setting  # type: ignore[attr-defined]
    return made


async def decide(court: Any, name: str, who: str, **more: Any) -> Any:
    async with court.database.transaction() as db:
        where = {"recording": court.setting.recording, "hearing": court.setting.hearing}
        return await getattr(rules, name)(
            db, **where, reason="as ordered", actor=court.people[who], now=court.now, **more
        )


def job(court: Any) -> Keeping:
    return Keeping(court.recordings)


def said(court: Any) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, court.lines()) if line["type"] in ("hold", "destroyed")]


async def after_retention(court: Any) -> None:
    """The archives' locks have ended, and two people have decided."""
    court.now = court.setting.recording.closed_at + 10 * YEAR + timedelta(days=3)
    await decide(court, "propose_destruction", "judge")
    court.now += rules.NOTICE
    await decide(court, "decide_destruction", "second")
    court.world = court.world.__class__(
        **{**court.world.__dict__, "archives": [FolderStore(store.folder, court.now.date()) for store in court.stores]}
    )


async def test_a_hold_and_its_lifting_are_lines_of_the_custody_log_once(court: Any) -> None:
    hold = await decide(court, "place_hold", "judge")
    assert await job(court).carry_out(court.world) == 1
    assert await job(court).carry_out(court.world) == 0
    await decide(court, "lift_hold", "second", hold=hold.id)
    assert await job(court).carry_out(court.world) == 1
    assert [(line["hold"], line["in_force"], line["person"]) for line in said(court)] == [
        (hold.id, True, "A. Popa"),
        (hold.id, False, "D. Ionescu"),
    ]
    assert {(line["role"], line["root"]) for line in said(court)} == {("judge", closing_root(court))}
    assert court.verdict(court.folder) == "verified"


@pytest.fixture
async def minuted(court: Any) -> tuple[Minutes, MinutesCorrection]:
    """Signed minutes about the recording and a correction of them, with the head that the recording has."""
    setting, common = court.setting, {"owner_state": "RO", "created_by": "-", "created_at": court.now}
    hearing, recording = setting.hearing, setting.recording
    minutes = Minutes(
        requested_state=hearing.requested_state, hearing_id=hearing.id, status=MinutesStatus.signed,
        language_requesting="ro", language_requested="th", sittings=[recording.sitting_id], text_sha256="ab" * 32,
        signed_at=court.now, **common,
    )  # fmt: skip
    said = {"ro": "Nouă.", "th": "เก้า"}
    correction = MinutesCorrection(
        owner_state="RO", minutes_id=minutes.id, asked_by="TH", texts=said, reasons=said, text_sha256="ab" * 32,
        heads=minutes_text.heads([recording]), sha256="cd" * 32, author="-", author_label="-", at=court.now,
    )  # fmt: skip
    await keep(court.database, minutes)
    await keep(court.database, correction)
    return minutes, correction


async def sign(court: Any, subject: Any, about: str, body: Any, state: str) -> None:
    """An authority signs something about the minutes, with a key of its own."""
    seed, other = secrets.token_bytes(32), {"RO": "TH", "TH": "RO"}[state]
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    what: dict[str, Any] = {"act": Act.sign_minutes, "about": about, "state": state, "other": other, "now": court.now}
    proof = signatures.sign(signatures.statement(body=body, **what), seed=seed)
    async with court.database.transaction() as db:
        await signing_keys.add(db, state=state, authority_name=state, public_key=jws.encode(public), now=court.now)
        actor = replace(court.people["judge"], state=state)
        await signatures.receive(db, jws=proof, subject=subject, actor=actor, **what)


async def test_minutes_and_corrections_that_both_have_signed_are_named_in_the_custody_log_by_hash(
    court: Any, minuted: tuple[Minutes, MinutesCorrection]
) -> None:
    minutes, correction = minuted
    of = f"{court.setting.hearing.ref}/1"
    work = job(court)
    await sign(court, minutes, of, minutes_text.body(minutes, [court.setting.recording]), "TH")
    assert await work.carry_out(court.world) == 1
    on_correction = (correction, f"{of}/correction/1", signed_corrections.body(correction))
    await sign(court, *on_correction, "TH")
    assert await work.carry_out(court.world) == 0, "one State only has signed the correction"
    await sign(court, *on_correction, "RO")
    assert [await one.carry_out(court.world) for one in (work, work, job(court))] == [1, 0, 0]
    lines = [json.loads(line) for line in court.lines()]
    assert [(one["code"], one["text"]) for one in lines if one["type"] == "notice"] == [
        ("minutes_signed", f"{of} text_sha256={'ab' * 32}"),
        ("correction_signed", f"{of}/correction/1 correction_sha256={'cd' * 32} text_sha256={'ab' * 32}"),
    ]
    assert court.verdict(court.folder) == "verified"


async def test_the_line_on_signed_minutes_waits_for_a_recording_that_is_away_and_is_written_when_it_is_back(
    court: Any, minuted: tuple[Minutes, MinutesCorrection], tmp_path: Path
) -> None:
    minutes, _correction = minuted
    of = f"{court.setting.hearing.ref}/1"
    await sign(court, minutes, of, minutes_text.body(minutes, [court.setting.recording]), "TH")
    work, away = job(court), tmp_path / "away"
    court.folder.rename(away)
    assert await work.carry_out(court.world) == 0
    court.now += 2 * keeping.MARGIN
    assert await work.carry_out(court.world) == 0
    away.rename(court.folder)
    assert [await work.carry_out(court.world) for _ in range(2)] == [1, 0]
    assert [json.loads(line).get("code") for line in court.lines()].count("minutes_signed") == 1


async def test_that_a_line_on_signed_minutes_fails_is_logged_once_and_again_when_it_fails_anew(
    court: Any, minuted: tuple[Minutes, MinutesCorrection], caplog: pytest.LogCaptureFixture
) -> None:
    minutes, _correction = minuted
    of = f"{court.setting.hearing.ref}/1"
    await sign(court, minutes, of, minutes_text.body(minutes, [court.setting.recording]), "TH")
    work, journal = job(court), court.folder / custody.JOURNAL
    there = journal.read_bytes()
    for logged in (1, 2):
        journal.write_bytes(b"{}\n")
        for _ in range(2):
            await work.carry_out(court.world)
        assert caplog.text.count("the line on signed minutes was not written") == logged
        journal.write_bytes(there)
        await work.carry_out(court.world)
    assert [json.loads(line).get("code") for line in court.lines()].count("minutes_signed") == 1


def closing_root(court: Any) -> str:
    """The root of the head at which the recording was closed."""
    return next(str(line["root"]) for line in map(json.loads, court.lines()) if line["type"] == "closed")


async def test_keys_are_destroyed_here_and_in_archives_and_the_recording_still_verifies(court: Any) -> None:
    await court.settle()
    assert any("/keys-" in one.key for one in court.stores[0].listed(""))
    former = court.folder / f".hearing-key.age.{'a' * 64}.former"  # a re-wrap has replaced it
    former.write_bytes(b"a former key")
    key = hashlib.sha256((court.folder / "hearing-key.age").read_bytes()).hexdigest()
    await after_retention(court)
    await job(court).carry_out(court.world)
    (line,) = said(court)
    assert (line["files"], line["proposed"], line["decided"]) == (["hearing-key.age"], "A. Popa", "D. Ionescu")
    assert (line["roles"], line["hashes"], line["root"]) == (["judge", "judge"], [key], closing_root(court))
    assert not (court.folder / "hearing-key.age").exists() and not former.exists()
    assert [one.key for store in court.stores for one in store.listed("") if "/keys-" in one.key] == []
    assert court.verdict(court.folder) == "verified"
    court.begin()
    await court.settle()
    assert court.copies() == {"near": "archived", "far": "archived"}
    assert [one.key for store in court.stores for one in store.listed("") if "/keys-" in one.key] == []


async def test_an_archive_whose_lock_has_not_ended_keeps_the_keys_and_is_asked_again(court: Any) -> None:
    await court.settle()
    await after_retention(court)
    early = [FolderStore(store.folder, datetime.now(UTC).date()) for store in court.stores]
    late, court.world.archives[:] = list(court.world.archives), early
    work = job(court)
    await work.carry_out(court.world)
    assert len([one for one in court.stores[0].listed("") if "/keys-" in one.key]) == 1
    assert not (court.folder / "hearing-key.age").exists()
    court.world.archives[:] = late
    court.now += timedelta(days=2)
    await work.carry_out(court.world)
    assert [one for one in court.stores[0].listed("") if "/keys-" in one.key] == []


async def test_nothing_is_destroyed_without_a_signed_line_that_explains_it(
    court: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await after_retention(court)
    whole = court.world
    court.world = replace(whole, seal=None)
    await job(court).carry_out(court.world)
    assert (court.folder / "hearing-key.age").exists() and said(court) == []
    court.world = whole
    work = job(court)
    with monkeypatch.context() as patch:
        patch.setattr(custody, "record", lambda *_given: None)  # a disk that says it has written and has not
        await work.carry_out(court.world)
    assert (court.folder / "hearing-key.age").exists() and said(court) == []
    head = court.folder / custody.LOG_CHECKPOINT
    there = head.read_bytes()
    head.unlink()
    await work.carry_out(court.world)
    assert (court.folder / "hearing-key.age").exists()
    head.write_bytes(there)
    await work.carry_out(court.world)
    assert not (court.folder / "hearing-key.age").exists() and len(said(court)) == 1


async def test_exactly_the_files_that_the_line_names_are_destroyed(
    court: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await after_retention(court)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "_delete_keys", lambda *_given: 0)
        await job(court).carry_out(court.world)
    (court.folder / "hearing-key-1.age").write_bytes(b"of another")
    await job(court).carry_out(court.world)
    assert sorted(path.name for path in court.folder.glob("hearing-key*")) == ["hearing-key-1.age"]
    assert "KEYS ARE LEFT" in caplog.text


async def test_a_volume_under_a_lock_keeps_no_other_from_being_destroyed(court: Any, tmp_path: Path) -> None:
    await court.settle()
    (keys,) = [one for one in court.stores[0].listed("") if "/keys-" in one.key]
    source = tmp_path / "other"
    source.write_bytes(b"an earlier wrap")
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    locked = f"{court.name}/keys-{'0' * 16}.tar"
    court.stores[0].put(locked, source, sha256, date(2100, 1, 1))
    assert locked < keys.key
    await after_retention(court)
    await job(court).carry_out(court.world)
    assert [one.key for one in court.stores[0].listed("") if "/keys-" in one.key] == [locked]


async def test_both_states_are_mailed_once_when_the_keys_are_gone(court: Any) -> None:
    async def mails() -> list[tuple[str, bool]]:
        async with court.database.reading() as db:
            rows = (await db.exec(select(OutboxMessage))).all()
        told = [row for row in rows if "keys of a recording were destroyed" in json.dumps(row.payload)]
        return sorted((row.owner_state, (court.folder / "hearing-key.age").exists()) for row in told)

    await after_retention(court)
    assert await mails() == []
    await job(court).carry_out(court.world)
    await job(court).carry_out(court.world)
    assert {state for state, there in await mails() if not there} == {"RO", "TH"}
    assert len(await mails()) == 3, "both judges and the authority"


@pytest.mark.parametrize("step", ["record", "_delete_keys"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_leaves_no_missing_key_that_no_line_explains(
    court: Any, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    await after_retention(court)
    owner: Any = custody if step == "record" else keeping
    real = getattr(owner, step)

    def killed(*given: Any) -> Any:
        if moment == "after":
            real(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(Killed):
            await job(court).carry_out(court.world)
    assert (court.folder / "hearing-key.age").exists() or said(court)
    assert court.verdict(court.folder) == "verified"
    await job(court).carry_out(court.world)
    assert (len(said(court)), (court.folder / "hearing-key.age").exists()) == (1, False)
    assert court.verdict(court.folder) == "verified"
