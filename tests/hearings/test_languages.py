"""Languages: which way they are written, and times in them."""

import re

import pytest

from hearings.languages import right_to_left, times_together


@pytest.mark.parametrize(
    ("tag", "expected"), [("ar", True), ("ar-EG", True), ("he", True), ("fr", False), ("?", False)]
)
def test_some_languages_are_written_from_right_to_left(tag: str, expected: bool) -> None:
    assert right_to_left(tag) is expected


def test_in_a_language_from_right_to_left_a_time_keeps_its_hour_beside_its_city() -> None:
    text = "منذ 2026-12-02 23:30 Paris (+01:00)، 22:30 Las Palmas (+00:00)، 22:30:00 UTC؛ 2026-12-03."
    shown = times_together(text, "ar")
    assert re.findall("\u2066([^\u2069]*)\u2069", shown) == [
        "2026-12-02 23:30 Paris (+01:00)", "22:30 Las Palmas (+00:00)", "22:30:00 UTC", "2026-12-03",
    ]  # fmt: skip
    assert shown.replace("\u2066", "").replace("\u2069", "") == text


def test_in_other_languages_a_text_with_times_stays_as_it_is() -> None:
    text = "Depuis 2026-12-02 23:30 Paris (+01:00), 22:30:00 UTC"
    assert times_together(text, "fr") == text
