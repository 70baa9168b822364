"""Changes of a passage, in every combination: what was typed is kept or refused, and no version contradicts itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings.errors import Invalid, StillOpen, WouldBeLost
from hearings.minutes import passages, revision
from hearings.minutes.revision import How, Writing
from hearings.models import Minutes, MinutesPassage

AT = datetime(2026, 12, 2, 22, 30, tzinfo=UTC)
LANGUAGES = ("ro", "th")
OPEN = {
    "ro": ("Jurământul martorului: neconsemnat.", "Jurământul expertului: neconsemnat."),
    "th": ("คำสาบานของพยาน: ไม่ได้บันทึก", "คำสาบานของผู้เชี่ยวชาญ: ไม่ได้บันทึก"),
}
"""The lines of the draft that leave something open."""
ASKED = {"ro": "Cererea a cerut: un jurământ.", "th": "คำร้องขอให้: สาบาน"}
MINUTES = Minutes(
    owner_state="RO", hearing_id="h", language_requesting="ro", language_requested="th", created_by="-", created_at=AT
)


def drafted(**changes: Any) -> MinutesPassage:
    """A passage as it is drafted: one line is told, two are open."""
    values: dict[str, Any] = {
        "owner_state": "RO", "minutes_id": "m", "key": "oath.all", "author": "-", "author_label": "-", "at": AT,
        "texts": {lang: "\n".join((ASKED[lang], *OPEN[lang])) for lang in LANGUAGES},
        "marks": {lang: {"how": "drafted", "by": "", "open": [*OPEN[lang]]} for lang in LANGUAGES},
        "sources": ["row:hearing_request.oath_form", "human:clerk"], "open_for": "clerk", "required": True,
    }  # fmt: skip
    return MinutesPassage(**(values | changes))


def changed(before: MinutesPassage, *, settled: bool = False, note: str = "", **said: Writing) -> MinutesPassage:
    """The version that follows; the same when nothing changes."""
    made = revision.change(before, LANGUAGES, said, settled=settled, note=note)
    if made is None:
        return before
    return drafted(texts=made.texts, marks=made.marks, open_for=made.open_for, required=before.required)


def why(passage: MinutesPassage) -> list[tuple[str, str]]:
    return [(obstacle.why, obstacle.lang) for obstacle in passages.obstacles(MINUTES, [passage])]


SWORE = {
    "ro": Writing(text="A jurat.", how=How.written),
    "th": Writing(text="สาบานแล้ว", how=How.translated, by="Somsri"),
}

# --- what was typed is kept or refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Writing(text="A jurat."), "how_ro"),
        (Writing(text=""), "how_ro"),
        (Writing(text=drafted().texts["ro"], by="Somsri"), "how_ro"),
        (Writing(text="A jurat.", how=How.written, by="Somsri"), "by_ro"),
    ],
)
def test_what_would_not_be_kept_is_refused_and_says_so(said: Writing, field: str) -> None:
    with pytest.raises(WouldBeLost) as refusal:
        changed(drafted(), ro=said)
    assert (refusal.value.field, refusal.value.code) == (field, "would_be_lost")


def test_a_reason_without_a_change_is_refused() -> None:
    with pytest.raises(WouldBeLost) as refusal:
        changed(drafted(), note="A wrong name")
    assert refusal.value.field == "note"


def test_a_text_sent_back_as_it_was_is_left_alone_however_a_browser_writes_its_lines() -> None:
    before = drafted()
    as_it_is = {lang: Writing(text=text.replace("\n", "\r\n") + "\r\n") for lang, text in before.texts.items()}
    assert changed(before, **as_it_is) is before


# --- an open passage is closed in every language or in none --------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_passage_is_not_closed_while_one_language_says_not_recorded(lang: str) -> None:
    with pytest.raises(StillOpen) as refusal:
        changed(drafted(), settled=True, **{lang: SWORE[lang]})
    assert (refusal.value.field, refusal.value.code) == ("settled", "still_open")
    (other,) = set(LANGUAGES) - {lang}
    assert str(refusal.value).endswith(f": {other}")


def test_closing_needs_a_text_in_every_language_that_says_what_happened() -> None:
    done = changed(drafted(), settled=True, **SWORE)
    assert (done.open_for, why(done)) == ("", [])


def test_what_one_language_says_and_another_calls_open_is_an_obstacle_even_where_nobody_asks_for_it() -> None:
    half = changed(drafted(required=False), th=SWORE["th"])
    assert why(half) == [("contradiction", "ro")]
    assert why(changed(half, ro=SWORE["ro"])) == [("stale", "th")]
    assert why(changed(half, ro=SWORE["ro"], th=SWORE["th"])) == []


def test_languages_that_leave_different_things_open_contradict_one_another() -> None:
    said = {lang: Writing(text=OPEN[lang][at], how=How.written) for at, lang in enumerate(LANGUAGES)}
    assert why(changed(drafted(required=False), **said)) == [("contradiction", "ro"), ("contradiction", "th")]


def test_an_optional_passage_may_stay_open_in_both() -> None:
    assert why(drafted(required=False)) == []


def test_a_line_mended_beside_the_open_one_leaves_it_open() -> None:
    mended = Writing(text=f"Cererea: jurământ.\n{OPEN['ro'][1]}", how=How.written)
    with pytest.raises(StillOpen):
        changed(drafted(), settled=True, ro=mended, th=SWORE["th"])


def test_minutes_of_an_earlier_version_that_contradict_themselves_are_found_out() -> None:
    """There the tick was set beforehand, and the draft did not keep which lines were open."""
    marks = {"ro": {"how": "drafted", "by": ""}, "th": {"how": "translated", "by": "Somsri"}}
    old = drafted(texts=drafted().texts | {"th": "สาบานแล้ว"}, marks=marks, open_for="")
    assert why(old) == [("contradiction", "ro")]
    assert why(changed(old, ro=SWORE["ro"], th=SWORE["th"])) == []


TEXTS = {lang: (drafted().texts[lang], *OPEN[lang], SWORE[lang].text, "") for lang in LANGUAGES}


ACCOUNTS = [(how, by) for how in (None, How.written, How.translated, How.machine) for by in ("", "Somsri")]


@st.composite
def steps(draw: st.DrawFn) -> dict[str, Any]:
    """What a form or a program sends: any text, any account of it, any name, for any of the languages."""
    said = {
        lang: Writing(
            text=draw(st.sampled_from(TEXTS[lang])),
            how=how,
            by=by,
        )
        for lang in draw(st.sets(st.sampled_from(LANGUAGES), min_size=1))
        for how, by in [draw(st.sampled_from(ACCOUNTS))]
    }
    return said | {"settled": draw(st.booleans()), "note": draw(st.sampled_from(["", "A reason"]))}


@settings(max_examples=500)
@given(
    required=st.booleans(), missing=st.sets(st.sampled_from(LANGUAGES), max_size=1), story=st.lists(steps(), max_size=6)
)
def test_whatever_is_sent_nothing_is_dropped_and_what_can_be_signed_contradicts_nothing(
    required: bool, missing: set[str], story: list[dict[str, Any]]
) -> None:
    begin = drafted(required=required)
    begin.texts = {lang: text for lang, text in begin.texts.items() if lang not in missing}
    begin.marks = {lang: mark for lang, mark in begin.marks.items() if lang not in missing}
    now = begin
    for step in story:
        said = {lang: one for lang, one in step.items() if lang in LANGUAGES}
        try:
            after = changed(now, **step)
        except Invalid:
            continue
        for lang, one in said.items():
            assert after.texts.get(lang, "") == one.text, "a text is kept or refused"
            if one.by:
                assert after.marks[lang]["by"] == one.by, "a name is kept or refused"
        if step["note"]:
            assert after is not now, "a reason stands beside a version or is refused"
        if now.open_for and not after.open_for:
            assert step["settled"] and all(after.texts[lang] for lang in LANGUAGES)
        if not why(after):
            known = set(LANGUAGES) - missing
            says = {tuple(line in after.texts[lang] for line in OPEN[lang]) for lang in known}
            assert len(says) <= 1, "each thing is open in every language or in none"
            assert after.open_for or says <= {(False, False)}, "what says that it is open is not closed"
        now = after
