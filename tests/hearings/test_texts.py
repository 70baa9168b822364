"""Typed text, languages and ids."""

import uuid

import pytest
from hypothesis import given, strategies as st

from hearings import ids, languages, roles
from hearings.errors import Invalid, UnknownLanguage
from hearings.roles import LABELS, SHORT, Role
from hearings.texts import clean


@pytest.mark.parametrize(
    "text",
    [
        *("a\x00b", "a\u202eb", "a\u2066b", "a\u200eb", "a\u200bb", "\ufeffa", "a\ud800", "a\nb", "a\tb", "a\x7f"),
        *("a\ufffd", "a\ue000", "e" + "\u0301" * 6, "\u2028", "x" * 11, "", "   "),
    ],
)
def test_text_that_hides_something_or_has_the_wrong_length_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean(text, "name", most=10, least=1)
    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Ana ", "Ana"),
        ("S\u0326tefan", "\u0218tefan"),
        ("สมชาย", "สมชาย"),
        ("O’Neill", "O’Neill"),
        ("<img onerror=1>", "<img onerror=1>"),
        ("می‌خواهم", "می‌خواهم"),
        ("李小龍", "李小龍"),
    ],
)
def test_names_of_all_scripts_are_kept(text: str, kept: str) -> None:
    assert clean(text, "name", most=40) == kept


def test_a_huge_text_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(Invalid):
        clean("\u0301" * 10_000_000, "name", most=200)


@given(st.text())
def test_clean_text_is_clean_already(text: str) -> None:
    try:
        once = clean(text, "x", most=100, lines=True)
    except Invalid:
        return
    assert clean(once, "x", most=100, lines=True) == once


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        ("ro", "ro"),
        ("TH", "th"),
        ("pt-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("ckb", "ckb"),
    ],
)
def test_a_language_tag_is_kept_in_its_canonical_case(tag: str, kept: str) -> None:
    assert languages.language(tag) == kept


@pytest.mark.parametrize(
    "tag", ["", "x", "en-x-<script>", "en_US", "zz", "english", "en-", "en-US-extra", "ro\n", "ｅｎ"]
)
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(UnknownLanguage):
        languages.language(tag)


def test_languages_have_names() -> None:
    assert (languages.name("ro"), languages.name("th", "ro"), languages.name("pt-BR", "pt")) == (
        "Romanian",
        "thailandeză",
        "português",
    )
    assert languages.name("ro", "zz-nonsense") == "Romanian"
    assert languages.same("pt-BR", "pt")
    assert not languages.same("ro", "th")


def test_ids_rise_and_are_uuids_of_version_7() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 5000
    assert {uuid.UUID(one).version for one in made} == {7}
    assert {uuid.UUID(one).variant for one in made} == {uuid.RFC_4122}


def test_references_are_easy_to_read_aloud() -> None:
    made = {ids.new_ref() for _ in range(500)}
    assert len(made) == 500
    for ref in made:
        assert len(ref) == 9
        assert set(ref.replace("-", "", 1)) <= set(ids.REF_ALPHABET)
    assert not set("01OIL") & set(ids.REF_ALPHABET)


def test_every_role_has_a_label_and_a_track_of_its_own() -> None:
    assert set(LABELS) == set(SHORT) == set(Role)
    assert len(set(SHORT.values())) == len(SHORT)
    assert roles.track(Role.requested_authority, 2, "cam") == "authority_2_cam"
    assert (roles.channel_track("ro"), roles.channel_track("pt-BR")) == ("channel_ro", "channel_pt_br")
