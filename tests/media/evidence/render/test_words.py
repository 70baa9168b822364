"""What a copy says of languages, people and entries."""

from babel.core import get_global

from media.evidence.log.course import Course, Entry, Seated, TrackCourse
from media.evidence.render import words


def test_each_code_of_a_language_is_the_one_that_cldr_knows_by_its_two_letters() -> None:
    known = get_global("language_aliases")
    assert len(words.ISO_639) == 183
    differ = {two for two, three in words.ISO_639.items() if known.get(three, two) != two}
    assert differ == {"tl", "tw"}  # CLDR takes Tagalog for Filipino and Twi for Akan


def test_a_language_is_named_by_three_letters_and_in_english() -> None:
    assert [words.iso_639_2(tag) for tag in ("ro", "th", "zh-Hant", "pt-BR", "gsw", "x-private", "")] == [
        *("ron", "tha", "zho", "por", "gsw", "und", "und")
    ]
    assert [words.language(tag) for tag in ("ro", "pt-BR", "qqq-unknown-tag")] == [
        *("Romanian", "Portuguese (Brazil)", "qqq-unknown-tag")
    ]


def test_a_person_is_role_and_state_and_a_stranger_the_role_of_the_track() -> None:
    tracks = {name: TrackCourse(name, "floor-video", "judge 1", "") for name in ("judge_1_cam", "judge_2_cam")}
    tracks["judge_1_screen"] = TrackCourse("judge_1_screen", "screen", "judge 1", "")
    sitting = Course(tracks=tracks, people=[Seated("judge_1", 0, "presiding_judge", "RO")])
    assert [words.label(sitting, name, 0) for name in tracks] == [
        *("presiding judge, RO", "judge 1", "presiding judge, RO (screen)")
    ]


def test_an_entry_says_what_by_whom_and_about_whom() -> None:
    sitting = Course(people=[Seated("witness_1", 0, "witness", "TH")])
    assert words.entry(sitting, Entry(1, 0, "rights_notice", "presiding_judge", "witness_1")) == (
        "Rights notice (presiding judge, about witness, TH)"
    )
    assert words.entry(sitting, Entry(2, 0, "reconnecting", "", "")) == "Reconnecting (the system)"
    assert words.plain("a\nb\x00c\td") == "a b c d"
