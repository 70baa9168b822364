"""Translations against the request: what is not there is named with both places, what cannot be known is not said."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings.lint import comparison, table
from hearings.lint.comparison import LONGEST, MOST, Translated, compare
from hearings.lint.names import near_names, one_apart
from hearings.lint.reading import Reading
from hearings.lint.remarks import Remark
from tests.hearings.lint.test_facts import request
from tests.support.growth import grows_linearly

FIELDS: dict[str, Any] = {
    "person_born": date(1990, 5, 15),
    "offence_summary": "On 12 March 2025 the accused paid 250,000 lei to the driver of a car with the number 4711 in "
    "Bucharest, and on 3 April 2025 another 18,500 lei.",
    "proceeding_subject": "Trafficking in persons from Thailand to Romania between March and June 2025",
}
FRENCH = """Demande d'audition par visioconférence. Dossier 1234/P/2026. Procès pénal devant le tribunal de première
instance. Traite des êtres humains de la Thaïlande vers la Roumanie entre mars et juin 2025, article 210 du Code pénal.
Le 12 mars 2025, l'accusé a payé 250 000 lei au conducteur d'une voiture portant le numéro 4711 à Bucarest, puis, le
3 avril 2025, encore 18 500 lei. L'infraction relève de l'article 3 de la Convention: grave, transnationale, groupe
organisé. Témoin: Somchai Wongsa, né le 15 mai 1990, à Bangkok, à l'adresse de la citation. Le témoin s'occupe de deux
petits enfants et craint des représailles s'il voyage. Il s'agit d'entendre ce que le témoin a vu du transport, comme
preuve au procès. L'audience sera conduite par Ioana Popa, du Tribunal de Bucarest, section pénale. Contact: Mihai Dinu.
Peine maximale: dix ans."""
THAI = """คำร้องขอสืบพยานทางวิดีโอ คดีหมายเลข ๑๒๓๔/P/๒๕๖๙ การพิจารณาคดีอาญาในศาลชั้นต้น การค้ามนุษย์จากประเทศไทยไปยังประเทศโรมาเนีย
ระหว่างเดือนมีนาคมถึงมิถุนายน พ.ศ. ๒๕๖๘ ความผิดตามมาตรา ๒๑๐ ประมวลกฎหมายอาญา เมื่อวันที่ ๑๒ มีนาคม ๒๕๖๘ จำเลยได้จ่ายเงิน ๒๕๐,๐๐๐ เลอู
ให้แก่คนขับรถหมายเลข ๔๗๑๑ ในกรุงบูคาเรสต์ และเมื่อวันที่ ๓ เมษายน ๒๕๖๘ อีก ๑๘,๕๐๐ เลอู ความผิดอยู่ภายใต้ข้อ ๓ ของอนุสัญญา
พยาน สมชาย วงษา เกิดวันที่ ๑๕ พฤษภาคม ๒๕๓๓ พยานต้องดูแลเด็กเล็กสองคนและเกรงกลัวการแก้แค้นหากเดินทาง
เพื่อรับฟังสิ่งที่พยานเห็นเกี่ยวกับการขนส่งเป็นพยานหลักฐานในการพิจารณาคดี โทษสูงสุดสิบปี"""


def found(text: str, language: str = "fr", **fields: Any) -> list[Remark]:
    return compare(Translated(request({**FIELDS, **fields}), language, text))


def codes(text: str, language: str = "fr", **fields: Any) -> set[str]:
    return {one.code for one in found(text, language, **fields)}


def test_of_a_faithful_translation_nothing_is_said() -> None:
    assert found(FRENCH) == []


def test_in_another_writing_with_thai_digits_and_years_only_names_are_left_to_a_person() -> None:
    assert codes(THAI, "th") == {"translation_name_not_compared"}
    assert {one.field for one in found(THAI, "th")} == {"person_name", "authority_contact", "persons_conducting"}


LATIN = "Trafficking in persons by an organised criminal group; the witness saw the transport of all four persons. "
CHANGES: dict[str, tuple[str, str]] = {
    "translation_case_number": (FRENCH.replace("1234/P", "1243/P"), "case_number"),
    "translation_date": (FRENCH.replace("12 mars", "21 mars"), "offence_summary"),
    "translation_number": (FRENCH.replace("250 000", "25 000"), "offence_summary"),
    "translation_article": (FRENCH.replace("article 210", "article 120"), "offences"),
    "translation_name": (FRENCH.replace("Somchai Wongsa", "Somchai Wongsai"), "person_name"),
    "translation_name_not_compared": (THAI, "person_name"),
    "translation_part_missing": (
        FRENCH[: FRENCH.index("Le 12 mars")] + FRENCH[FRENCH.index("L'infraction") :],
        "offence_summary",
    ),
    "translation_short": (FRENCH[:160], "translations"),
    "translation_long": (FRENCH + " Et caetera." * 900, "translations"),
    "translation_untranslated": (FRENCH + " " + FIELDS["offence_summary"], "offence_summary"),
    "translation_other_script": (FRENCH, "translations"),
    "translation_scanned": ("1 2 3 4 5", "translations"),
    "translation_cut": (FRENCH + " и" * LONGEST, "translations"),
}
IN = {"translation_name_not_compared": "th", "translation_other_script": "ru"}


def test_each_thing_that_can_be_found_in_a_text_has_an_example_here() -> None:
    of_files = {"no_file", "not_recorded", "picture", "unreadable", "encrypted"}
    assert {*CHANGES, *(f"translation_{name}" for name in of_files)} == set(table.translations())


@pytest.mark.parametrize("code", CHANGES)
def test_what_is_wrong_is_found_with_its_field(code: str) -> None:
    text, field = CHANGES[code]
    assert (code, field) in {(one.code, one.field) for one in found(text, IN.get(code, "fr"))}
    assert all(one.text == table.translations()[one.code].text for one in found(text))


def test_a_date_that_is_another_is_quoted_from_both() -> None:
    (remark,) = [one for one in found(FRENCH.replace("12 mars", "21 mars")) if one.code == "translation_date"]
    there, here = remark.passages
    assert "12 March 2025" in there.text and there.place == "Summary of the facts"
    assert "21 mars 2025" in here.text and here.place == "French"
    assert remark.provision == "UNTOC art. 18(14)" and remark.language == "fr"


def test_a_passage_in_another_writing_is_quoted() -> None:
    remarks = [one for one in found(THAI + LATIN, "th") if one.code == "translation_untranslated"]
    assert len(remarks) == 1 and "organised criminal group" in remarks[0].passages[0].text


def test_names_and_titles_in_another_writing_are_no_untranslated_passage() -> None:
    text = THAI + " (Somchai Wongsa, Tribunalul București, Ministry of Justice, Mihai Dinu, Ioana Popa, Parchetul)"
    assert "translation_untranslated" not in codes(text, "th")


@pytest.mark.parametrize("name", ["Сомчаем Вонгсой", "Сомчая Вонгсы"])
def test_a_name_with_an_ending_is_the_name(name: str) -> None:
    text = "Свидетель допрошен судом первой инстанции, имя свидетеля в деле указано так: " + name
    assert "translation_name" not in codes(text, "ru", person_name="Сомчай Вонгса") - {"translation_name_not_compared"}


def test_a_day_that_may_be_read_in_two_ways_is_not_held_against_the_translator() -> None:
    assert "translation_date" not in codes(FRENCH.replace("12 mars 2025", "12/03/2025"))
    assert "translation_date" not in codes(FRENCH.replace("12 mars 2025", "03/12/2025"))


def test_many_of_a_kind_are_told_only_in_part() -> None:
    many = " ".join(f"{number} persons;" for number in range(100, 160))
    remarks = found(FRENCH, offence_summary=many + " on 12 March 2025.")
    assert len([one for one in remarks if one.code == "translation_number"]) == MOST


def test_of_a_file_that_is_cut_nothing_is_called_missing() -> None:
    told = {one.code for one in compare(Translated(request(FIELDS), "fr", FRENCH[:200], cut=True))}
    assert told == {"translation_cut"}


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("wongsa", "wongsai", True),
        ("wongsa", "wonsga", True),
        ("wongsa", "wangsa", True),
        ("wongsa", "wongsa", False),
        ("wongsa", "wangsai", False),
        ("", "a", True),
        ("", "", False),
    ],
)
def test_words_are_near_when_one_letter_is_another(one: str, other: str, near: bool) -> None:
    assert one_apart(one, other) is one_apart(other, one) is near


def test_a_near_name_is_one_with_a_word_of_the_name_beside_it() -> None:
    assert len(list(near_names(Reading.of("Somchay Wongsa and Somchay alone"), "Somchai Wongsa"))) == 1


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=400), original=st.text(max_size=200), language=st.sampled_from(["fr", "th", "zh", "ar", "xx"])
)
def test_no_text_makes_the_comparison_raise(text: str, original: str, language: str) -> None:
    fields = {"offence_summary": original, "case_number": original[:100], "person_name": original[:200]}
    assert codes(text + FRENCH, language, **fields) <= table.translations().keys()


HOSTILE = [
    "2025 ",
    "1 ",
    "мар 2025",
    "Somchao Wongsa ",
    "ก",
    "第一",
    "1,000",
    "( ",
    "x y z ",
    "二〇二五年",
    "1 march to ",
]


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("language", ["fr", "th"])
def test_the_time_of_a_comparison_grows_with_the_text_and_no_faster(bad: str, language: str) -> None:
    row = request(FIELDS)

    def run(data: bytes) -> None:
        compare(Translated(row, language, data.decode("utf-8", "ignore")))

    run(bad.encode() * 50)
    grows_linearly(run, lambda size: (bad.encode() * size)[:size], 60_000)


def test_what_is_compared_are_the_texts_that_are_printed() -> None:
    assert {"offence_summary", "purpose", "question_list", "offences"} <= set(comparison.TEXTS)
    assert not {"person_name", "case_number", "stage"} & set(comparison.TEXTS)
