"""Dates and numbers in texts, as the nine languages write them."""

import pytest

from hearings.lint import dates, numbers
from hearings.lint.reading import Reading, script_of

DAY = [(2025, 3, 12)]
WRITTEN = {
    "heard on 12 March 2025": DAY,
    "heard on March 12th, 2025": DAY,
    "heard on 2025-03-12": DAY,
    "le 12 mars 2025": DAY,
    "el 12 de marzo de 2025": DAY,
    "em 12 de março de 2025": DAY,
    "la 12 martie 2025": DAY,
    "12 марта 2025 года": DAY,
    "в марте 2025 г.": [(2025, 3, 0)],
    "في ١٢ مارس ٢٠٢٥": DAY,
    "في 12 آذار 2025": DAY,
    "วันที่ ๑๒ มีนาคม พ.ศ. ๒๕๖๘": DAY,
    "12 มี.ค. 2568": DAY,
    "วันที่ 12 มีนาคม ค.ศ. 2025": DAY,
    "2025年3月12日": DAY,
    "二〇二五年三月十二日": DAY,
    "on 13.03.2025": [(2025, 3, 13)],
    "on 12/03/2025": [(2025, 3, 12), (2025, 12, 3)],
    "in 2025": [(2025, 0, 0)],
    "in 1234 or 5678, or 20251": [],
}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_date_is_read_as_it_is_written(text: str) -> None:
    found = dates.found(Reading.of(text))
    assert [sorted(one.days) for one in found] == ([WRITTEN[text]] if WRITTEN[text] else [])


@pytest.mark.parametrize(
    "text",
    [
        "between 3 March and 5 June 2025",
        "du 3 mars au 5 juin 2025",
        "3 มีนาคม ถึง 5 มิถุนายน 2568",
        "2025年3月3日至6月5日",
        "с 3 марта по 5 июня 2025 года",
    ],
)
def test_both_ends_of_a_period_are_read(text: str) -> None:
    assert {day for one in dates.found(Reading.of(text)) for day in one.days} == {(2025, 3, 3), (2025, 6, 5)}


def test_months_of_the_language_of_the_text_are_known_too() -> None:
    text = Reading.of("am 12. März 2025")
    assert [sorted(one.days) for one in dates.found(text, "de")] == [DAY]
    assert [sorted(one.days) for one in dates.found(text)] == [[(2025, 0, 0)]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250,000", "250000"),
        ("250.000,50", "250000"),
        ("250 000", "250000"),
        ("๒๕๐,๐๐๐", "250000"),
        ("٢٥٠٬٠٠٠", "250000"),
        ("25万元", "250000"),
        ("0.25 million", "250000"),
        ("2,5 миллиона", "2500000"),
        ("第二百一十条", "210"),
        ("art. 0210", "210"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(text: str, value: str) -> None:
    assert any(value in one.values for one in numbers.found(Reading.of(text)))


@pytest.mark.parametrize(
    "text", ["10 years", "10 ans", "10 años", "10 anos", "10 de ani", "10 лет", "10 سنة", "10 ปี", "10年"]
)
def test_years_of_a_penalty_are_read(text: str) -> None:
    assert [number for number, _start, _end in numbers.in_years(Reading.of(text))] == [10]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The witness saw the transport and was brought to the court.", "en"),
        ("Le témoin a vu les camions et la route dans la nuit.", "fr"),
        ("El testigo vio los camiones que pasaron por la frontera.", "es"),
        ("A testemunha não viu os camiões e foi ao tribunal com uma amiga.", "pt"),
        ("Martorul a fost audiat de procuror și a văzut camioanele din oraș.", "ro"),
        ("Свидетель был на границе и видел машины.", "ru"),
        ("พยานเห็นการขนส่ง", "th"),
        ("证人看到了运输过程", "zh"),
        ("شاهد الشاهد عملية النقل", "ar"),
        ("Der Zeuge hat den Transport gesehen und war an der Grenze.", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text_is_told_or_left_open(text: str, language: str) -> None:
    assert Reading.of(text).language == language


def test_the_writing_of_a_language_is_that_of_cldr() -> None:
    tags = ("ro", "ru", "ar", "th", "zh", "zh-Hant", "ja", "ko", "sr", "sr-Latn", "xx")
    wanted = ("Latn", "Cyrl", "Arab", "Thai", "Hani", "Hani", "Hani", "Hang", "Cyrl", "Latn", "")
    assert tuple(map(script_of, tags)) == wanted


def test_a_quotation_is_short_and_says_where_it_is_cut() -> None:
    reading = Reading.of("first word " + "x" * 500 + " 2025 last words " + "y" * 500)
    at = reading.low.index("2025")
    quoted = reading.quote(at, at + 4)
    assert len(quoted) < 160 and "2025" in quoted and quoted.startswith("…") and quoted.endswith("…")
