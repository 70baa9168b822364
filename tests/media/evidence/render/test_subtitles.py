"""Subtitles of the log, and captions whose text is the one that was sealed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hearings.models import HearingEvent
from hearings.requests.document import plain
from hearings.sitting.recordings import entry, sha256
from media.evidence.log.course import Course, Entry
from media.evidence.render import subtitles
from media.evidence.render.material import Material
from media.evidence.render.subtitles import CaseError, Cue, ShownCaptions

RECORDING, HEARING = "0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-00000000aaaa"


def caption(number: int, text: str, lang: str = "en", **more: Any) -> HearingEvent:
    """A caption as the hearing's log has it."""
    return HearingEvent(
        id=f"0198c0de-0000-7000-8000-{number:012d}", hearing_id=HEARING, seq=number, kind="caption", actor="clerk",
        actor_role="clerk", at=datetime(2026, 9, 21, 14, 0, number, tzinfo=UTC),
        data={"lang": lang, "text": text, "source": "stenographer", **more},
    )  # fmt: skip


def exported(event: HearingEvent) -> dict[str, Any]:
    """The entry as an exported case has it."""
    made = {name: plain(getattr(event, name)) for name in ("seq", "at", "kind", "actor", "id", "data")}
    return made | {"role": event.actor_role, "by": "", "sha256": sha256(entry(event))}


def material(*events: HearingEvent) -> Material:
    """A recording that has sealed these, each a second after the one before."""
    entries = [Entry(event.seq, event.seq * 1_000, event.kind, "clerk", "") for event in events]
    seals = {event.seq: sha256(entry(event)) for event in events}
    return Material(Path(), Course(end=60_000, entries=entries), recording=RECORDING, seals=seals)


def write_case(folder: Path, *entries: dict[str, Any]) -> Path:
    """An exported case with one hearing."""
    hearing = folder / "hearings/7F3K-0011"
    hearing.mkdir(parents=True)
    (hearing / "hearing.json").write_text(json.dumps({"id": HEARING}))
    (hearing / "log.json").write_text(json.dumps(list(entries)))
    return folder


def test_captions_stand_where_they_were_spoken_in_their_language(tmp_path: Path) -> None:
    one = caption(5, "Did you see it?", recording=RECORDING, timecode_ms=3_200)
    two = caption(6, "L-ați văzut?", "ro")
    case = write_case(tmp_path, exported(one), exported(two))
    assert subtitles.captions(material(one, two), case, 2_000, 30_000) == ShownCaptions(
        {"en": [Cue(1_200, 6_200, "Did you see it?")], "ro": [Cue(4_000, 9_000, "L-ați văzut?")]},
        0,
        0,
    )


def test_a_correction_takes_the_place_of_what_it_corrects(tmp_path: Path) -> None:
    one, two = caption(5, "I sore it."), caption(8, "I saw it.", corrects=5)
    case = write_case(tmp_path, exported(one), exported(two))
    assert subtitles.captions(material(one, two), case, 0, 30_000).shown == {"en": [Cue(5_000, 10_000, "I saw it.")]}


def test_a_text_that_is_not_the_sealed_one_is_left_out_and_counted(tmp_path: Path) -> None:
    one, two, three = caption(5, "I did not."), caption(6, "Not me."), caption(7, "As sealed.")
    altered = exported(one)
    altered["data"] = altered["data"] | {"text": "I did."}
    hidden = exported(two) | {"id": ""}
    case = write_case(tmp_path, altered, hidden, exported(three))
    assert subtitles.captions(material(one, two, three), case, 0, 30_000) == ShownCaptions(
        {"en": [Cue(7_000, 12_000, "As sealed.")]},
        2,
        0,
    )


def test_captions_of_a_masked_person_are_left_out_and_counted(tmp_path: Path) -> None:
    one, two, three = caption(5, "Who?", participant="p-1"), caption(6, "Me.", participant="p-2"), caption(7, "Nobody.")
    four, five = caption(8, "Me!", corrects=6), caption(9, "Me too.", corrects=7, participant="p-2")
    told = [one, two, three, four]
    case = write_case(tmp_path, *(exported(event) for event in [*told, five]))
    people = [{"id": "p-1", "seat": "judge_1"}, {"id": "p-2", "seat": "witness_1"}]
    next(case.glob("hearings/*/hearing.json")).write_text(json.dumps({"id": HEARING, "people": people}))
    found = subtitles.captions(material(*told), case, 0, 30_000, ["witness_1"])
    assert [cue.text for cue in found.shown["en"]] == ["Who?", "Nobody."]
    assert (found.lacking, found.masked) == (0, 2)
    found = subtitles.captions(material(*told, five), case, 0, 30_000, ["witness_1"])
    assert [cue.text for cue in found.shown["en"]] == ["Who?"]


@pytest.mark.parametrize("text", ["{", "[1]", '[{"kind": "caption"}]', "null"])
def test_a_log_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    case = write_case(tmp_path)
    next(case.glob("hearings/*/log.json")).write_text(text)
    with pytest.raises(CaseError, match="cannot be read as the log"):
        subtitles.captions(material(), case, 0, 1_000)


def test_a_subtitle_stands_until_the_next_and_those_of_one_instant_stand_together() -> None:
    entries = [Entry(n, t, kind, "", "") for n, (t, kind) in enumerate([(0, "a"), (1_000, "b"), (1_000, "c")], 1)]
    held = Material(Path(), Course(end=60_000, entries=[*entries, Entry(4, 2_000, "caption", "", "")]))
    assert subtitles.of_log(held, 0, 60_000) == [
        Cue(0, 1_000, "0:00:00 A (the system)"),
        Cue(1_000, 6_000, "0:00:01 B (the system)\n0:00:01 C (the system)"),
    ]
    assert subtitles.webvtt([Cue(3_723_004, 3_724_000, "<i>a & b --> c")]) == (
        "WEBVTT\n\n01:02:03.004 --> 01:02:04.000\n&lt;i&gt;a &amp; b --&gt; c\n"
    )


def test_chapters_begin_at_the_course_and_the_exhibits_and_there_may_be_none() -> None:
    entries = [Entry(1, 1_000, "started", "presiding_judge", ""), Entry(2, 3_000, "objection", "defence", "")]
    held = Material(Path(), Course(end=60_000, entries=[*entries, Entry(3, 7_000, "exhibit_shown", "clerk", "")]))
    assert subtitles.chapters(held, 500, 60_000) == (
        ";FFMETADATA1\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=6500\ntitle=0:00:01 Started (presiding judge)\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=6500\nEND=59500\ntitle=0:00:07 Exhibit shown (clerk)\n"
    )
    assert subtitles.chapters(held, 2_000, 6_000) == ""
    assert subtitles.of_log(held, 10_000, 20_000) == []
