"""The timeline of a recorded sitting, the quality of its lines, the chain of custody: pages and their CSV."""

import ast
import csv
import io
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings import queries
from hearings.events import EventKind
from hearings.minutes import minutes, text as minutes_text
from hearings.models import Minutes
from hearings.roles import Role
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import Act
from hearings.status import MinutesStatus
from media.evidence.log import custody, journal_lines
from media.evidence.log.course import ClosedStretch, Course, CoursePause, Stretch, TrackCourse
from tests.support.court import seated
from tests.support.evidence.archive import Archive
from tests.support.evidence.recordings import COURT, RECORDING, TRACKS, build
from web.server import rendering
from web.sitting import course, course_pages, custody as custody_words
from web.words import event_log

JUDGE, AUTHORITY, STRANGER = "judge", "authority", "stranger"
PAGES = ("timeline", "timeline.csv", "lines.csv", "custody", "custody.csv")


@pytest.fixture
def client(archive):
    def of(who: str = JUDGE) -> httpx.AsyncClient:
        headers = {"accept": "text/html", "cookie": f"__Host-vivavoce={archive.cookies[who]}"}
        transport = httpx.ASGITransport(app=archive.app)
        return httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers)

    return of


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def view(archive) -> None:
    """A viewing, as the custody log keeps it."""
    sealed = archive.sealed
    line = custody.Accessor("=S. Srisai", "requested_authority", "TH").line("view", "minutes")
    custody.record(sealed.folder, [line], sealed.seal, sealed.zero + 10**12)


@pytest.mark.parametrize("page", PAGES)
async def test_another_state_gets_the_answer_of_an_unknown_recording(archive, client, page):
    answer = await client(STRANGER).get(f"{archive.path}/{page}", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_timeline_says_a_gap_as_a_gap_with_its_cause_and_both_local_times(archive, client):
    page = (await client().get(f"{archive.path}/timeline")).text
    assert "1 gap: for this time something is not in the recording." in page
    assert "Witness (Thailand), picture and sound: the line was lost" in page
    assert "09:00:12" in page and "14:00:12" in page
    assert 'class="missing"' in page


async def test_the_picture_of_the_timeline_and_its_table_have_the_same_rows(archive, client):
    page = (await client().get(f"{archive.path}/timeline")).text
    table = rows_of(await client().get(f"{archive.path}/timeline.csv"))
    for row in ("Presiding judge (Romania)", "Interpretation into Thai", "Hold"):
        assert f">{row}</text>" in page
    what = [row["what"] for row in table]
    assert what.count("Microphone on, recorded") == 4  # the witness's in two parts
    assert {"Rights explained", "Exhibit shown", "Objection", "Hold: the floor was closed"} <= set(what)
    assert page.count('<path class="mark-') == sum(row["to_ms"] == "" for row in table) + 3  # and those of the legend
    lost = next(row for row in table if row["detail"] == "the line was lost")
    assert (lost["time_Europe/Bucharest"], lost["time_Asia/Bangkok"]) == ("09:00:12", "14:00:12")
    assert (lost["from_ms"], lost["to_ms"], lost["who"]) == ("12000", "17000", "Witness (Thailand)")


async def test_what_nobody_recorded_is_on_no_row_of_the_timeline(archive, client):
    table = rows_of(await client().get(f"{archive.path}/timeline.csv"))
    thai = [row for row in table if row["what"] == "Interpretation into Thai"]
    assert [(row["from_ms"], row["to_ms"]) for row in thai] == [("0", "20000"), ("27000", "40000")]
    assert "spoke" not in {row["what"] for row in table}


async def test_the_quality_of_the_lines_is_that_of_the_journals_packets(archive, client):
    page = (await client().get(f"{archive.path}/timeline")).text
    table = rows_of(await client().get(f"{archive.path}/lines.csv"))
    assert "Quality of the lines" in page and "Packets lost on the way of: Witness (Thailand), in per cent" in page
    witness = [row for row in table if row["who"] == "Witness (Thailand)"]
    assert sum(int(row["packets_lost"]) for row in witness) == 6
    assert [row["percent_lost"] for row in witness if row["from_ms"] == "14000"] == [""], "nothing came: no share"


async def test_the_table_of_a_long_sitting_comes_in_pages(archive, client, monkeypatch):
    monkeypatch.setattr("web.sitting.course_pages.PAGE", 7)
    first = (await client().get(f"{archive.path}/timeline")).text
    assert "timeline?from=7#table" in first and "from=0" not in first
    second = (await client().get(f"{archive.path}/timeline?from=7")).text
    assert "timeline?from=0#table" in second and "timeline?from=14#table" in second
    for nonsense in ("x", "-1", "9999999", "٣"):
        assert (await client().get(f"{archive.path}/timeline?from={nonsense}")).status_code == 200


async def test_the_chain_of_custody_names_the_actors_of_both_states_in_order(archive, client):
    view(archive)
    page = (await client().get(f"{archive.path}/custody")).text
    chain = page[page.index('<ol class="chain">') : page.index("</ol>")]
    order = [chain.index(words) for words in ("Opened", "Key sealed", "Closed and sealed", "Frozen", "Srisai")]
    assert order == sorted(order)
    assert '<li class="there">' in chain and 'class="state there">TH</bdi>' in chain
    own = (await client(AUTHORITY).get(f"{archive.path}/custody")).text
    assert '<li class="here">' in own and '<li class="there">' not in own


async def test_the_custody_page_says_how_many_earlier_entries_it_leaves_out_and_where_they_are(
    archive, client, monkeypatch
):
    for _ in range(3):
        view(archive)
    whole = (await client().get(f"{archive.path}/custody")).text
    assert "not shown here" not in whole
    count = whole.count("<li", whole.index('<ol class="chain">'), whole.index("</ol>"))
    monkeypatch.setattr("web.sitting.course_pages.SHOWN", 2)
    cut = (await client().get(f"{archive.path}/custody")).text
    head, tail = cut.index('<ol class="chain">'), cut.index("</ol>")
    assert cut.count("<li", head, tail) == 2 and cut[head:tail].count("Srisai") == 2, "the newest"
    told = f'{count - 2} earlier entries are not shown here. <a href="{archive.path}/custody.csv">'
    assert told in cut[:head] and f'<span class="count">{count}</span>' in cut[:head]
    assert cut.count("not shown here") == 3, "of the chain, of the custody log, of the journal"
    since = sum(row["log"] == "custody" for row in rows_of(await client().get(f"{archive.path}/custody.csv")))
    assert f"{since - 2} earlier entries are not shown here." in cut[tail : cut.index('id="journal"')]


def test_every_kind_of_link_of_the_chain_has_an_icon_that_there_is():
    template = (Path(course_pages.__file__).parent / "templates" / "recording_custody.html").read_text(encoding="utf-8")
    icons = ast.literal_eval(re.search(r"{% set icons = ({.*?}) %}", template)[1])
    linked = course_pages.CHAIN | (journal_lines.IN_CUSTODY & custody_words.ENTRY_KINDS.keys()) | {"minutes"}
    assert set(icons) == linked
    macros = (Path(rendering.__file__).parent / "templates" / "macros.html").read_text(encoding="utf-8")
    assert [name for name in icons.values() if f'\n  "{name}": "M' not in macros] == []


def custody_lines(sealed) -> list[dict[str, Any]]:
    """A line of every type that says something of its own, as they may follow the close."""
    note = (sealed.folder / "checkpoint").read_text()
    by, whose = {"person": "Ana Popa", "state": "RO"}, {"state": "RO", "why": "appeal"}
    released = {"to": "S. Srisai", "state": "TH", "purpose": "the trial", "by": ["I. Marin", "A. Popa"]}
    received = {"by": "S. Srisai", "state": "TH", "verdict": "gaps", "receipt": "cd" * 32}
    return [
        {"type": "stamp", "note": note, "tsr": "AAAA"},
        {"type": "head", "note": note},
        {"type": "sealkey", "vkey": sealed.seal.key.vkey(COURT)},
        {"type": "keywrap", "file": "hearing-key.age", "size": 1, "sha256": "ab" * 32},
        {"type": "keyuse", "key": 0, "role": "presiding_judge", "why": "minutes", **by},
        {"type": "archive", "file": "x/keys-1.tar", "bucket": "near", "version": "1", "until": "2036-01-01"},
        {"type": "notice", "code": "clock_step", "text": "the system clock was adjusted"},
        {"type": "hold", "hold": "1", "in_force": True, "person": "Ana Popa", **whose},
        {"type": "released", "release": "2", "what": "whole", "limits": [], "statement": "ab" * 32, **released},
        {"type": "received", "release": "2", **received},
        {"type": "destroyed", "files": ["hearing-key.age"], "proposed": "A. Popa", "decided": "D. Ionescu", **whose},
    ]


async def test_custody_is_shown_on_page_and_in_csv_with_every_kind_of_line_and_a_release_has_not_the_receivers_state(
    prepared, tmp_path
):
    tracks = {name: TRACKS[name] for name in ("judge_1_mic",)}
    built = build(tmp_path / "built" / RECORDING, tmp_path / "built-seal", tracks=tracks, own=(22_000, 26_000))
    found = await Archive.make(prepared, tmp_path, built)
    custody.record(found.sealed.folder, custody_lines(found.sealed), found.sealed.seal, found.sealed.zero + 10**12)
    async with found.in_process():
        headers = {"accept": "text/html", "cookie": f"__Host-vivavoce={found.cookies[JUDGE]}"}
        transport = httpx.ASGITransport(app=found.app)
        async with httpx.AsyncClient(
            transport=transport, base_url=found.settings.public_url, headers=headers
        ) as client:
            answer = await client.get(f"{found.path}/custody")
            table = rows_of(await client.get(f"{found.path}/custody.csv"))
    assert answer.status_code == 200, answer.text
    chain = answer.text[answer.text.index('<ol class="chain">') : answer.text.index("</ol>")]
    words = custody_words.ENTRY_KINDS
    of_state = {
        name: kind for kind, name in re.findall(r'<li(?: class="([\w-]+)")?>.*?<strong>(.*?)</strong>', chain, re.S)
    }
    assert {words[kind] for kind in ("rekey", "stamp", "archive", "notice", "sealkey")} <= of_state.keys()
    assert (of_state[words["released"]], of_state[words["received"]], of_state[words["hold"]]) == ("", "there", "here")
    states = {row["kind"]: row["state"] for row in table}
    assert (states[words["released"]], states[words["received"]], states[words["destroyed"]]) == ("", "TH", "RO")


async def sign_minutes(archive) -> None:
    """The requested authority signs minutes over the recording, with a key of its own."""
    now, seed = datetime.now(UTC), secrets.token_bytes(32)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    async with archive.database.transaction() as db:
        recording, hearing = await queries.recording(db, archive.sealed.recording, state="RO")
        row = Minutes(
            owner_state="RO", requested_state="TH", hearing_id=hearing.id, sittings=[recording.sitting_id],
            status=MinutesStatus.read_back, language_requesting="ro", language_requested="th", text_sha256="ab" * 32,
            created_by="x", created_at=now,
        )  # fmt: skip
        db.add(row)
        await signing_keys.add(
            db, state="TH", authority_name="Court of Bangkok", public_key=jws.encode(public), now=now
        )
        await db.flush()
        seats = await queries.participants(db, hearing.id)
        authority = seated(next(seat for seat in seats if seat.role is Role.requested_authority))
        body = minutes_text.body(row, await minutes.recordings(db, row))
        act, about = Act.sign_minutes, minutes_text.about(hearing, row)
        stated = signatures.statement(state="TH", other="RO", act=act, about=about, body=body, now=now)
        await minutes.sign(db, minutes=row, jws=signatures.sign(stated, seed=seed), actor=authority, now=now)


async def test_who_has_signed_the_minutes_over_the_recording_stands_in_the_chain_of_custody(archive, client):
    view(archive)
    await sign_minutes(archive)
    page = (await client().get(f"{archive.path}/custody")).text
    chain = page[page.index('<ol class="chain">') : page.index("</ol>")]
    assert chain.index("Frozen") < chain.index("Minutes signed over this recording") > chain.index("=S. Srisai")
    table = rows_of(await client().get(f"{archive.path}/custody.csv"))
    assert [(row["state"], row["kind"]) for row in table if row["log"] == "minutes"] == [
        ("TH", "Minutes signed over this recording")
    ]


async def test_the_custody_table_has_both_logs_and_no_cell_is_a_formula(archive, client):
    view(archive)
    table = rows_of(await client().get(f"{archive.path}/custody.csv"))
    assert {row["log"] for row in table} == {"journal", "custody"}
    access = next(row for row in table if row["kind"] == "Access")
    assert access["state"] == "TH" and "=S. Srisai (Requested authority, Thailand)" in access["details"]
    assert not any(cell.startswith("=") for row in table for cell in row.values())
    assert not any("<" in row["details"] for row in table)


async def test_a_journal_that_does_not_fit_its_head_is_drawn_nowhere(archive, client):
    path = archive.sealed.folder / "journal.jsonl"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    for page in PAGES:
        answer = await client().get(f"{archive.path}/{page}", headers={"accept": "text/html"})
        assert answer.status_code == 503, page
        assert "Witness (Thailand)" not in answer.text
    verdict = (await client().get(f"{archive.path}/verify")).text
    assert "FAILED – do not rely on this recording" in verdict


def test_every_mark_is_a_kind_of_event_with_words_and_one_of_three_shapes():
    assert set(course.MARKS) <= set(event_log.WORDS)
    assert set(course.MARKS.values()) == {"note", "exhibit", "course"}
    assert {EventKind.hold, EventKind.resumed, EventKind.exhibit_shown} <= set(course.MARKS)


def test_a_break_by_order_has_a_row_of_its_own_and_says_who_ordered_it():
    sitting = Course(end=10_000, pauses=[CoursePause(2_000, 5_000, "presiding_judge"), CoursePause(8_000, None, "")])
    sitting.tracks["judge_1_mic"] = TrackCourse("judge_1_mic", "floor-audio", "judge 1", "ro")
    sitting.tracks["judge_1_mic"].gaps = [Stretch(2_000, 5_000, "pause"), Stretch(8_000, 10_000, "pause")]
    (row,) = [row for row in course.rows(sitting) if row.kind == "pause"]
    assert (row.label, list(row.recorded)) == ("Break", [Stretch(2_000, 5_000), Stretch(8_000, 10_000)])
    lines = {(line.t0, line.t1, line.what): line for line in course.table(sitting)}
    ordered = "break ordered by the presiding judge"
    breaks = [line.detail for (_, _, what), line in lines.items() if what == "Break: by order, nothing was recorded"]
    assert breaks == [ordered, "paused by order of the court"]
    gaps = [line for line in lines.values() if line.what.startswith("Not recorded")]
    assert [(line.detail, line.gap) for line in gaps] == [(ordered, False), ("paused by order of the court", False)]


def test_a_closed_session_has_a_row_of_its_own_and_says_who_can_open_it():
    both = ("requested TH", "requesting RO", "escrow RO", "of another form")
    sitting = Course(
        end=10_000, closed=[ClosedStretch(2_000, 5_000, ("requesting RO",)), ClosedStretch(8_000, None, both)]
    )
    (row,) = [row for row in course.rows(sitting) if row.kind == "closed"]
    assert (row.label, list(row.recorded)) == ("Closed session", [Stretch(2_000, 5_000), Stretch(8_000, 10_000)])
    first, last = course.closed_stretches(sitting)
    assert (first.t0, first.t1, first.detail) == (2_000, 5_000, "Readable by: authority of Romania")
    named = "authority of Thailand, authority of Romania, key in escrow, Romania, of another form"
    assert (last.t0, last.t1, last.detail) == (8_000, 10_000, f"Readable by: {named}")
    assert [line for line in course.table(sitting) if line in (first, last)] == [first, last]


async def test_the_timeline_page_lists_closed_sessions_from_when_to_when_in_both_local_times(prepared, tmp_path):
    tracks = {name: TRACKS[name] for name in ("judge_1_mic",)}
    built = build(tmp_path / "built" / RECORDING, tmp_path / "built-seal", tracks=tracks, own=(22_000, 26_000))
    found = await Archive.make(prepared, tmp_path, built)
    async with found.in_process():
        headers = {"accept": "text/html", "cookie": f"__Host-vivavoce={found.cookies[JUDGE]}"}
        transport = httpx.ASGITransport(app=found.app)
        async with httpx.AsyncClient(
            transport=transport, base_url=found.settings.public_url, headers=headers
        ) as client:
            page = (await client.get(f"{found.path}/timeline")).text
            table = rows_of(await client.get(f"{found.path}/timeline.csv"))
    listed = page[page.index('id="closed"') :]
    listed = listed[: listed.index("</div>")]
    assert "1 closed session: what was recorded in it has a key of its own." in listed
    assert "Readable by: authority of Romania" in listed and "4.0 s" in listed
    for clock in ("09:00:22", "09:00:26", "14:00:22", "14:00:26"):
        assert clock in listed
    (line,) = [row for row in table if row["what"] == "Closed session: recorded to a key of its own"]
    assert (line["from_ms"], line["to_ms"]) == ("22000", "26000")
