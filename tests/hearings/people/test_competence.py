"""Which authority is competent for which instrument and offences: a hint, and only of what the directory knows."""

from dataclasses import replace
from datetime import date

import pytest

from hearings.people import competence
from hearings.people.competence import Hint, HintCode
from hearings.people.directory import DirectoryEntry

ON = date(2026, 12, 2)
MINISTRY = DirectoryEntry(
    state="TH", kind="central_authority", name="Ministry of Justice", instruments=("untoc", "uncac"), as_of=ON
)
PROSECUTOR = DirectoryEntry(
    state="TH",
    kind="competent_authority",
    name="Prosecutor General",
    instruments=("ets182",),
    offence_scopes=("uncac_offence",),
    as_of=ON,
)
CONTACT = DirectoryEntry(state="TH", kind="contact_point", name="Somsri", instruments=("ets182",), as_of=ON)
ALL = (MINISTRY, PROSECUTOR, CONTACT)


def hints(name: str, *instruments: str, scopes: tuple[str, ...] = (), entries=ALL) -> list[Hint]:
    return competence.hints(entries, name=name, instruments=instruments, scopes=scopes, on=ON)


def test_an_authority_that_is_listed_for_the_instrument_gets_no_hint() -> None:
    assert hints("Ministry of Justice", "untoc", scopes=("untoc_offence",)) == []
    assert hints("  ministry  OF justice ", "untoc") == []


def test_another_instrument_is_named_with_the_authorities_that_are_listed_for_it() -> None:
    assert hints("Ministry of Justice", "untoc", "ets182") == [
        Hint(code=HintCode.not_competent, instruments=("ets182",), others=("Prosecutor General",))
    ]


def test_an_authority_listed_for_other_offences_is_said_to_be_and_is_not_proposed() -> None:
    assert hints("Prosecutor General", "ets182", scopes=("drug_offence",))[-1] == Hint(code=HintCode.other_offences)
    (hint,) = hints("Ministry of Justice", "ets182", scopes=("drug_offence",))
    assert hint.others == ()


def test_a_name_the_directory_does_not_have_is_said_once_and_an_empty_one_not_at_all() -> None:
    assert hints("Court of the Moon", "untoc") == [Hint(code=HintCode.not_listed)]
    assert hints("Somsri", "ets182") == [Hint(code=HintCode.not_listed)], "a contact point is not addressed"
    assert hints("  ", "untoc") == []


def test_what_the_directory_does_not_know_is_not_taken_for_a_no() -> None:
    unknown = replace(MINISTRY, instruments=())
    assert competence.competent(unknown, "untoc") is None
    assert hints("Ministry of Justice", "untoc", entries=(unknown,)) == [
        Hint(code=HintCode.competence_unknown, instruments=("untoc",))
    ]


@pytest.mark.parametrize("as_of", [None, date(2025, 1, 1)])
def test_an_entry_nobody_has_checked_for_long_is_old(as_of: date | None) -> None:
    assert Hint(code=HintCode.old) in hints("Ministry of Justice", "untoc", entries=(replace(MINISTRY, as_of=as_of),))


def test_any_offence_is_every_offence() -> None:
    anything = replace(PROSECUTOR, offence_scopes=("any",))
    assert competence.competent(anything, "ets182", ("drug_offence",)) is True
