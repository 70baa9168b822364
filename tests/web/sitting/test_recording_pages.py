"""Pages of recordings: who may have what, what the journal keeps of it, and how files are served."""

import hashlib
import io
import os
import tarfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hearings import events, queries
from hearings.actors import SYSTEM
from hearings.events import EventKind
from hearings.models import HearingEvent
from hearings.sitting import recordings
from media.evidence.check import policy, verify
from media.evidence.cosigning import waiting
from media.evidence.log import custody, tlog
from tests.support.evidence.cosigners import LocalCosigner
from web.sitting import sealed_files

JUDGE, AUTHORITY, OFFICER, STRANGER = "judge", "authority", "officer", "stranger"


@pytest.fixture
def browser(archive) -> Callable[[str], httpx.AsyncClient]:
    """A browser of one of the people, signed in."""

    def of(who: str) -> httpx.AsyncClient:
        headers = {"accept": "text/html", "origin": archive.settings.origin}
        if who:
            headers["cookie"] = f"__Host-vivavoce={archive.cookies[who]}"
        transport = httpx.ASGITransport(app=archive.app)
        return httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers)

    return of


async def begin(archive, client: httpx.AsyncClient, who: str, why: str = "minutes") -> dict[str, str]:
    """Begin a viewing; the headers that fetch files."""
    headers = {"x-csrf-token": archive.token(who), "accept": "application/json"}
    answer = await client.post(f"{archive.path}/viewing", json={"why": why}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {"x-viewing-ticket": answer.json()["ticket"], "accept": "*/*"}


# --- who ---------------------------------------------------------------------------------------------------------


async def test_both_states_find_the_recording_in_their_list_with_both_local_times(archive, browser):
    for who in (JUDGE, AUTHORITY):
        page = await browser(who).get("/recordings")
        assert page.status_code == 200
        assert archive.path in page.text
        assert "09:00" in page.text and "14:00" in page.text
        assert "Bucharest" in page.text and "Bangkok" in page.text
        assert "Recording sealed" in page.text


async def test_a_third_state_sees_an_empty_list_that_says_what_would_be_there(archive, browser):
    page = await browser(STRANGER).get("/recordings")
    assert "No recordings yet." in page.text
    assert archive.sealed.recording not in page.text


@pytest.mark.parametrize("page", ["", "/custody", "/verify", "/file/checkpoint"])
async def test_a_third_state_gets_the_answer_of_an_unknown_recording(archive, browser, page):
    client = browser(STRANGER)
    accept = {"accept": "application/json"}
    foreign = await client.get(archive.path + page, headers=accept)
    unknown = await client.get("/recordings/019300aa-0000-7000-8000-000000000000" + page, headers=accept)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() | {"instance": ""} == unknown.json() | {"instance": ""}
    assert "1234/P/2025" not in (await client.get(archive.path + page)).text


async def test_nobody_signed_in_gets_nothing(archive, browser):
    for page in ("", "/custody", "/verify", "/file/checkpoint"):
        answer = await browser("").get(archive.path + page)
        assert (answer.status_code, "Sign in first" in answer.text) == (401, True)
        assert "1234/P/2025" not in answer.text and archive.sealed.origin not in answer.text
    assert archive.accesses() == []


async def test_without_a_role_in_the_hearing_the_page_says_who_can(archive, browser):
    page = await browser(OFFICER).get(archive.path)
    assert page.status_code == 403
    assert "Presiding judge" in page.text and "can view its recording" in page.text
    assert 'id="player"' not in page.text


async def test_the_player_page_says_that_viewings_are_logged_and_carries_nothing_of_the_recording(archive, browser):
    page = await browser(JUDGE).get(archive.path)
    assert page.status_code == 200
    assert "Every viewing is logged in your name." in page.text
    assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "AGE-SECRET-KEY" not in page.text and "age1" not in page.text
    assert archive.accesses() == []


# --- viewing -----------------------------------------------------------------------------------------------------


async def test_a_viewing_is_a_signed_line_with_person_and_reason_before_any_file(archive, browser):
    client = browser(AUTHORITY)
    refused = await client.get(f"{archive.path}/file/checkpoint")
    assert (refused.status_code, archive.sealed.origin in refused.text) == (403, False)
    headers = await begin(archive, client, AUTHORITY)
    (line,) = archive.accesses()
    said = {"person": "S. Srisai", "role": "requested_authority", "state": "TH", "what": "view", "why": "minutes"}
    root = archive._lines("custody.jsonl")[1]["root"]
    assert line == said | {"type": "access", "at": line["at"], "root": root}
    assert archive.journal() == archive.sealed.lines
    heads = []
    for name in ("checkpoint", "custody-checkpoint"):
        served = await client.get(f"{archive.path}/file/{name}", headers=headers)
        assert served.content == (archive.sealed.folder / name).read_bytes()
        heads.append(served.text.splitlines()[:2])
    origin = archive.sealed.origin
    assert heads == [[origin, str(len(archive.sealed.lines))], [f"{origin}/custody", "3"]]


@pytest.mark.parametrize("body", ["{}", '{"why": "curiosity"}', '{"why": ["minutes"]}', "[]", "no json"])
async def test_a_viewing_without_a_listed_reason_is_refused_and_leaves_no_line(archive, browser, body):
    headers = {"x-csrf-token": archive.token(JUDGE), "content-type": "application/json"}
    answer = await browser(JUDGE).post(f"{archive.path}/viewing", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert "ticket" not in answer.text
    assert archive.accesses() == []


async def test_a_viewing_needs_the_token_of_the_login_and_a_role_that_may(archive, browser):
    for who, token, code in (
        (JUDGE, "0" * 64, "csrf"), (JUDGE, "", "csrf"), (OFFICER, archive.token(OFFICER), "not_allowed"),
    ):  # fmt: skip
        headers = {"x-csrf-token": token, "accept": "application/json"}
        answer = await browser(who).post(f"{archive.path}/viewing", json={"why": "minutes"}, headers=headers)
        assert (answer.status_code, answer.json()["code"], "ticket" in answer.json()) == (403, code, False)
    assert archive.accesses() == []


async def test_a_ticket_is_worth_nothing_to_another_login_or_after_its_hour(archive, browser):
    headers = await begin(archive, browser(JUDGE), JUDGE)
    path = f"{archive.path}/file/checkpoint"
    mine, theirs = [await browser(who).get(path, headers=headers) for who in (JUDGE, AUTHORITY)]
    assert (mine.status_code, mine.content) == (200, (archive.sealed.folder / "checkpoint").read_bytes())
    assert (theirs.status_code, archive.sealed.origin in theirs.text) == (403, False)
    key, recording = b"k" * 32, archive.sealed.recording
    ticket = sealed_files.give_ticket(key, recording=recording, login="a", now=1000)
    holds = [
        sealed_files.ticket_holds(key, ticket, recording=recording, login="a", now=now)
        for now in (1000, 1000 + sealed_files.TICKET_SECONDS, 1001 + sealed_files.TICKET_SECONDS)
    ]
    assert holds == [True, True, False]
    later = "9" + ticket
    assert not sealed_files.ticket_holds(key, later, recording=recording, login="a", now=1000)


# --- files -------------------------------------------------------------------------------------------------------


async def test_a_file_is_served_as_sealed_bytes_that_nobody_keeps(archive, browser):
    client = browser(JUDGE)
    headers = await begin(archive, client, JUDGE)
    answer = await client.get(f"{archive.path}/file/seg/witness_1_cam-000001.age", headers=headers)
    assert answer.content == (archive.sealed.folder / "seg/witness_1_cam-000001.age").read_bytes()
    assert answer.content.startswith(b"age-encryption.org/v1\n")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"


async def test_one_range_is_served_and_anything_else_of_a_range_is_refused(archive, browser):
    client = browser(JUDGE)
    headers = await begin(archive, client, JUDGE)
    path = f"{archive.path}/file/journal.jsonl"
    whole = (await client.get(path, headers=headers)).content
    size = len(whole)
    for wanted, start, stop in (
        ("10-19", 10, 20),
        ("10-", 10, size),
        ("-7", size - 7, size),
        (f"0-{size * 2}", 0, size),
    ):
        answer = await client.get(path, headers={**headers, "range": f"bytes={wanted}"})
        assert answer.status_code == 206
        assert answer.content == whole[start:stop]
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
    for wanted in ("bytes=0-1,4-5", f"bytes={size}-", "bytes=5-4", "bytes=-0", "lines=1-2", "bytes=a-b"):
        answer = await client.get(path, headers={**headers, "range": wanted})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"


async def test_a_thousand_ranges_are_refused_at_once(archive, browser):
    client = browser(JUDGE)
    headers = await begin(archive, client, JUDGE)
    path = f"{archive.path}/file/journal.jsonl"
    single = await client.get(path, headers=headers)
    plain = await client.get(path, headers={**headers, "range": "bytes=0-1"})
    began = time.process_time()  # what others do to the machine does not count
    many = "bytes=" + ",".join(f"{at}-{at + 1}" for at in range(1000))
    answer = await client.get(path, headers={**headers, "range": many})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(single.content)}"
    assert (plain.status_code, len(plain.content)) == (206, 2)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "name",
    [
        "../vivavoce.db", "..%2fvivavoce.db", "%2e%2e/vivavoce.db", "seg/%2e%2e/checkpoint", "/etc/passwd", "seg", "",
        "seg/witness_1_cam-1.age", "seg/Witness-000001.age", "checkpoint%00", "check%0apoint", "notes.txt",
    ],
)  # fmt: skip
async def test_no_other_name_is_ever_looked_up(archive, browser, name):
    client = browser(JUDGE)
    headers = await begin(archive, client, JUDGE)
    (archive.sealed.folder / "notes.txt").write_text("not of this recording")
    answer = await client.get(f"{archive.path}/file/{name}", headers=headers)
    assert answer.status_code == (400 if "%" in name else 404)  # httpx itself resolves "../"
    assert b"SQLite" not in answer.content and b"not of this recording" not in answer.content


async def test_a_link_in_the_folder_is_not_followed(archive, browser, tmp_path: Path):
    client = browser(JUDGE)
    headers = await begin(archive, client, JUDGE)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "witness_1_cam-000001.age").write_text("outside")
    folder = archive.sealed.folder
    (folder / "seg/judge_1_cam-000001.age").unlink()
    (folder / "seg/judge_1_cam-000001.age").symlink_to(outside / "witness_1_cam-000001.age")
    (folder / "seg").rename(folder / "kept")
    link = await client.get(f"{archive.path}/file/seg/witness_1_cam-000001.age", headers=headers)
    (folder / "seg").symlink_to(outside)
    through = await client.get(f"{archive.path}/file/seg/witness_1_cam-000001.age", headers=headers)
    (folder / "seg").unlink()
    (folder / "kept").rename(folder / "seg")
    last = await client.get(f"{archive.path}/file/seg/judge_1_cam-000001.age", headers=headers)
    assert [link.status_code, through.status_code, last.status_code] == [404, 404, 404]
    assert not any(b"outside" in one.content for one in (link, through, last))
    there = await client.get(f"{archive.path}/file/seg/witness_1_cam-000001.age", headers=headers)
    assert there.content == (folder / "seg/witness_1_cam-000001.age").read_bytes()


async def test_a_pipe_under_an_allowed_name_does_not_hang_the_server(archive, browser):
    client = browser(JUDGE)
    headers = await begin(archive, client, JUDGE)
    os.mkfifo(archive.sealed.folder / "checkpoint.tsr")
    answer = await client.get(f"{archive.path}/file/checkpoint.tsr", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    there = await client.get(f"{archive.path}/file/checkpoint", headers=headers)
    assert there.content == (archive.sealed.folder / "checkpoint").read_bytes()


# --- custody, check, copy ----------------------------------------------------------------------------------------


async def test_custody_shows_gaps_and_accesses_with_both_local_times(archive, browser):
    client = browser(JUDGE)
    await begin(archive, client, JUDGE, "party")
    page = await client.get(f"{archive.path}/custody")
    assert page.status_code == 200
    assert "witness_1_cam: the line was lost" in page.text
    assert "Viewing · <bdi>Ana Popa</bdi> (Presiding judge, Romania) · At the request of a party" in page.text
    assert "Key sealed for the authorities" in page.text
    assert page.text.count("Bangkok") == page.text.count("Bucharest") > 5


async def test_custody_of_a_journal_that_does_not_fit_its_head_says_so(archive, browser):
    path = archive.sealed.folder / "journal.jsonl"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    page = await browser(JUDGE).get(f"{archive.path}/custody")
    assert page.status_code == 503
    assert "does not fit its signed head" in page.text


async def test_the_check_page_names_origin_size_and_root_of_the_signed_head(archive, browser):
    page = await browser(JUDGE).get(f"{archive.path}/verify")
    head = (archive.sealed.folder / "checkpoint").read_text().splitlines()
    assert head[0] in page.text
    assert f">{head[1]}<" in page.text
    assert "--policy policy.txt --without-stamp" in page.text


async def test_the_check_page_says_who_has_cosigned_and_who_is_waited_for(archive, browser, tmp_path: Path):
    made = [LocalCosigner(tmp_path / name, f"{name}.example") for name in ("ro", "th")]
    lines = [f"witness {one.key.name} {one.key.vkey} https://{one.key.name}" for one in made]
    listed = tmp_path / "cosigners"
    listed.write_text("\n".join([*lines, "quorum none", ""]))
    text = tlog.parse_note((archive.sealed.folder / "checkpoint").read_bytes()).text
    line = made[0].key.cosign(text, 1_790_000_000)
    assert custody.add_cosignatures(archive.sealed.folder, "checkpoint", text, [line])
    object.__setattr__(archive.settings, "cosigners", listed)
    page = await browser(JUDGE).get(f"{archive.path}/verify")
    assert "Cosigned by ro.example" in page.text
    assert "The cosignature of th.example is pending" in page.text
    assert "This court has named no cosigner" not in page.text
    told = waiting.WaitingHead(archive.sealed.origin, "th.example", 1_790_000_000, "fork")
    waiting.write(archive.settings.recordings, waiting.Waiting(1_790_000_000, [told]))
    page = await browser(JUDGE).get(f"{archive.path}/verify")
    assert "Refused by the cosigner th.example" in page.text
    page = await browser(JUDGE).get("/h/7F3K-22QD")
    assert "The cosigner th.example has seen another past of this recording." in page.text
    told = waiting.WaitingHead(archive.sealed.origin, "th.example", 1_790_000_000, "away")
    waiting.write(archive.settings.recordings, waiting.Waiting(1_790_000_000, [told]))
    page = await browser(JUDGE).get("/h/7F3K-22QD")
    assert "The cosignature of th.example is pending since:" in page.text
    object.__setattr__(archive.settings, "cosigners", None)
    page = await browser(JUDGE).get(f"{archive.path}/verify")
    assert "This court has named no cosigner" in page.text
    for one in made:
        one.seen.close()


async def test_a_copy_is_a_bag_that_verifies_and_is_logged(archive, browser, tmp_path: Path):
    client = browser(JUDGE)
    form = {"csrf": archive.token(JUDGE), "why": "copy"}
    answer = await client.post(f"{archive.path}/export", data=form)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    bag = tmp_path / "out" / archive.sealed.recording
    pins = f"log {archive.sealed.seal.key.vkey('demo.vivavoce.example')}\nquorum none\n"
    report = verify.verify(bag, verify.VerificationRequest(policy=policy.parse(pins.encode()), without_stamp=True))
    assert report.exit_code == 10, report
    assert [line["what"] for line in archive.accesses()] == ["export"]
    assert list(archive.settings.data.glob(".export-*")) == []


async def test_a_copy_needs_token_role_and_reason(archive, browser):
    for who, form, refusal in (
        (JUDGE, {"csrf": "", "why": "copy"}, (403, "csrf")),
        (OFFICER, {"csrf": archive.token(OFFICER), "why": "copy"}, (403, "not_allowed")),
        (JUDGE, {"csrf": archive.token(JUDGE), "why": "fun"}, (422, "unprocessable")),
    ):
        headers = {"accept": "application/json"}
        answer = await browser(who).post(f"{archive.path}/export", data=form, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == refusal
    assert list(archive.settings.data.glob(".export-*")) == []
    assert archive.accesses() == []


# --- captions ----------------------------------------------------------------------------------------------------


async def add_captions(archive) -> list[HearingEvent]:
    """Captions of the recording and of another one, and one of the log that is none."""
    async with archive.database.transaction() as db:
        recording, hearing = await queries.recording(db, archive.sealed.recording, state="RO")
        lines = [("Am văzut.", recording.id), ("Ana Popa tells.", recording.id), ("Elsewhere.", "another")]
        for number, (text, where) in enumerate(lines, 1):
            said = {"lang": "ro", "source": "machine", "text": text, "spoken": "2025-12-04T07:00:05+00:00", "n": number}
            await events.record(
                db, hearing=hearing, kind=EventKind.caption, actor=SYSTEM, now=datetime.now(UTC), timecode_ms=5_000,
                recording=where, **said,
            )  # fmt: skip
        await events.record(db, hearing=hearing, kind=EventKind.hand, actor=SYSTEM, now=datetime.now(UTC), up=True)
        return [row for row in await queries.events(db, hearing.id) if row.kind == "caption"]


async def test_the_player_gets_the_captions_of_its_recording_as_they_are_hashed(archive, browser, monkeypatch):
    first, second, _elsewhere = await add_captions(archive)
    for who in (JUDGE, AUTHORITY):
        async with browser(who) as client:
            answer = (await client.get(f"{archive.path}/captions.json")).json()
        hashes = [hashlib.sha256(line["entry"].encode()).hexdigest() for line in answer["lines"]]
        assert hashes == [recordings.sha256(recordings.entry(row)) for row in (first, second)]
        assert [(line["by"], line["written"]) for line in answer["lines"]] == [("", "machine, not the record")] * 2
        assert answer["next"] is None
    monkeypatch.setattr("web.sitting.recording_pages.CAPTIONS", 1)
    async with browser(JUDGE) as client:
        one = (await client.get(f"{archive.path}/captions.json")).json()
        two = (await client.get(f"{archive.path}/captions.json?after={one['next']}")).json()
        assert [len(page["lines"]) for page in (one, two)] == [1, 1] and one["next"] == first.seq
        for nonsense in ("x", "-1", "٣", "9" * 10):
            assert (await client.get(f"{archive.path}/captions.json?after={nonsense}")).status_code == 400


async def test_a_caption_with_a_name_that_has_been_protected_since_is_not_sent(archive, browser):
    await add_captions(archive)
    async with archive.database.transaction() as db:
        _recording, hearing = await queries.recording(db, archive.sealed.recording, state="RO")
        seat = next(one for one in await queries.participants(db, hearing.id) if one.display_name == "Ana Popa")
        seat.identity_method = "protected_identity"
        db.add(seat)
    async with browser(JUDGE) as client:
        answer = await client.get(f"{archive.path}/captions.json")
    assert "Ana" not in answer.text and len(answer.json()["lines"]) == 1


async def add_log(archive) -> list[HearingEvent]:
    """Entries of the log, two of which say something, and a caption."""
    await add_captions(archive)
    async with archive.database.transaction() as db:
        _recording, hearing = await queries.recording(db, archive.sealed.recording, state="RO")
        seat = next(one for one in await queries.participants(db, hearing.id) if one.display_name == "Ana Popa")
        now = datetime.now(UTC)
        for kind in (EventKind.court_message, EventKind.court_answer):
            said = {"text": f"Ana Popa, {kind}", "participant": seat.id}
            await events.record(db, hearing=hearing, kind=kind, actor=SYSTEM, now=now, **said)
        return [row for row in await queries.events(db, hearing.id) if row.kind != "caption"]


async def test_the_player_gets_the_log_in_words_with_the_hashes_of_its_entries(archive, browser, monkeypatch):
    hand, message, answer = await add_log(archive)
    async with browser(AUTHORITY) as client:
        got = (await client.get(f"{archive.path}/log.json")).json()
        assert [line["seq"] for line in got["lines"]] == [row.seq for row in (answer, message, hand)]
        assert [line["sha256"] for line in got["lines"]] == [
            recordings.sha256(recordings.entry(row)) for row in (answer, message, hand)
        ]
        told = {"what": "Message to the court", "about": "Ana Popa", "detail": "Ana Popa, court_message"}
        assert told.items() <= got["lines"][1].items() and got["next"] is None
        monkeypatch.setattr("web.sitting.recording_pages.CAPTIONS", 2)
        one = (await client.get(f"{archive.path}/log.json")).json()
        two = (await client.get(f"{archive.path}/log.json?after={one['next']}")).json()
        assert [len(page["lines"]) for page in (one, two)] == [2, 1] and one["next"] == message.seq
        assert (await client.get(f"{archive.path}/log.json?after=x")).status_code == 400


async def test_a_name_that_has_been_protected_since_is_in_no_text_of_the_log(archive, browser):
    await add_log(archive)
    async with archive.database.transaction() as db:
        _recording, hearing = await queries.recording(db, archive.sealed.recording, state="RO")
        seat = next(one for one in await queries.participants(db, hearing.id) if one.display_name == "Ana Popa")
        seat.identity_method = "protected_identity"
        db.add(seat)
    async with browser(JUDGE) as client:
        answer = await client.get(f"{archive.path}/log.json")
    assert "Popa" not in answer.text and len(answer.json()["lines"]) == 3


@pytest.mark.parametrize("file", ["captions.json", "log.json"])
@pytest.mark.parametrize(("who", "status"), [(OFFICER, 403), (STRANGER, 404), ("", 401)])
async def test_captions_and_log_are_for_those_who_may_view_the_recording(archive, browser, who, status, file):
    await add_log(archive)
    async with browser(who) as client:
        answer = await client.get(f"{archive.path}/{file}", headers={"accept": "application/json"})
    assert answer.status_code == status
    assert "lines" not in answer.json() and "văzut" not in answer.text and "Popa" not in answer.text
