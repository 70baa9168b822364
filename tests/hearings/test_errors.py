"""Refusals: their texts are sentences that can be told in other languages, and the errors keep them as they are."""

import ast
import importlib
import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

import hearings
from hearings import errors
from hearings.sentences import Sentence, Series, Word, tell, tell_n
from hearings.status import HearingStatus

HEARINGS = Path(hearings.__file__).parent
MODULES = sorted(file for file in HEARINGS.rglob("*.py") if "migrations" not in file.parts)
TOLD = {"Invalid", "NotReady", "TermsChanged", "must", "UnknownZone", "UnknownLanguage", "UnknownState", "GateNotMet"}
TOLD |= {"EssentialMissing", "AgreementMissing", "LobbyClosed", "NaiveTime"}
PLAIN = {
    "times/docket": "what the planner is given is made by the program",
    "sitting/recordings": "what the recorder says is made by the program",
}
"""Modules with texts that no page shows, or not yet, and why."""
PASSED_ON = {("law/row_checks", "text"), ("law/row_shape", "text"), ("law/row_checks", "_INTERVAL")}
PASSED_ON |= {("permissions", "here"), ("interpreting/interpreters", "narrow")}
"""Texts that come from elsewhere in their module, where they are told."""


CHOSEN = {
    "agreement/outcome", "agreement/room_rules", "custody/copies", "custody/receipts", "custody/two_people",
    "law/beside/displacement", "law/beside/safeguards", "law/needs", "law/overlays", "law/paragraphs",
    "law/refusals", "law/transmission", "lint/comparison", "lint/facts", "minutes/acts", "minutes/course",
    "minutes/document", "minutes/facts", "minutes/gathering", "minutes/people", "minutes/sections", "minutes/summary",
    "outward/administrators", "outward/notices", "personal_data/data_requests",
    "requests/conditions", "requests/consent_answers", "requests/gate_answers", "rights/item_states",
    "sitting/breakdowns", "sitting/closed_sessions",
    "training/certificate",
    "times/resources",
}  # fmt: skip
"""Modules that choose a message out of a table of marked ones, or of the law's data, which the catalogues collect."""


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in names:
                    yield path.relative_to(HEARINGS).with_suffix("").as_posix(), node


def is_told(text: ast.expr, module: str) -> bool:
    if isinstance(text, ast.IfExp):
        return is_told(text.body, module) and is_told(text.orelse, module)
    if isinstance(text, ast.Name):
        there = importlib.import_module(f"hearings.{module.replace('/', '.')}")
        if isinstance(getattr(there, text.id, ""), Sentence):
            return True
        return (module, text.id) in PASSED_ON or (module, text.id) == ("texts", "few")
    return isinstance(text, ast.Call) and getattr(text.func, "id", "") in {"tell", "tell_n"}


def plain() -> list[tuple[str, str]]:
    found = []
    for module, call in calls(*TOLD):
        at = 1 if getattr(call.func, "id", getattr(call.func, "attr", "")) == "must" else 0
        if len(call.args) > at and not is_told(call.args[at], module):
            found.append((module, f"line {call.lineno}: {ast.unparse(call.args[at])}"))
    return found


def test_every_refusal_is_told_so_that_a_page_can_say_it_in_another_language() -> None:
    assert [one for one in plain() if one[0] not in PLAIN] == []


def test_no_module_is_on_the_list_of_plain_texts_without_one() -> None:
    assert sorted({module for module, _text in plain()}) == sorted(PLAIN)


def fields(message: str) -> set[str]:
    return {name for _before, name, _spec, _how in Formatter().parse(message) if name is not None}


def test_messages_stand_where_they_are_told_and_name_exactly_what_is_filled_in() -> None:
    chosen = set()
    for module, call in calls("tell", "tell_n"):
        if module == "sentences":  # the functions themselves
            continue
        where = f"{module}, line {call.lineno}"
        several = getattr(call.func, "id", "") == "tell_n"
        assert len(call.args) == (3 if several else 1), where
        if isinstance(call.args[0], ast.Name) and call.args[0].id.isupper():  # a message that several modules have
            there = importlib.import_module(f"hearings.{module.replace('/', '.')}")
            given = {keyword.arg for keyword in call.keywords}
            wanted = given | ({"n"} if several else set())
            assert None in given or fields(getattr(there, call.args[0].id)) <= wanted, where
            continue
        if not isinstance(call.args[0], ast.Constant):
            assert module in CHOSEN, where
            chosen.add(module)
            continue
        texts = [ast.literal_eval(argument) for argument in call.args[: 2 if several else 1]]
        given = {keyword.arg for keyword in call.keywords}
        if None in given:  # inputs in one dictionary, for two messages
            continue
        assert fields(texts[-1]) | ({"n"} if several else set()) == given | ({"n"} if several else set()), where
        assert fields(texts[0]) <= fields(texts[-1]), where
    assert chosen == CHOSEN


def test_an_error_keeps_the_sentence_it_was_given() -> None:
    error = errors.Invalid(tell_n("At most {n} day", "At most {n} days", 20), "days")
    assert isinstance(error.text, Sentence) and error.text.given == {"n": 20}
    assert (str(error), type(str(error)), error.field) == ("At most 20 days", str, "days")


def test_an_error_without_a_text_says_what_its_class_is() -> None:
    assert errors.LobbyClosed().text == "The lobby of this hearing is not open."


NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            errors.NonexistentTime(NOON, "Europe/Paris", NOON, NOON),
            "2026-03-29 12:00 does not exist in Europe/Paris: the clocks go from 12:00:00 (+0000) to 12:00 (+0000)",
        ),
        (
            errors.AmbiguousTime(NOON, "Europe/Paris", NOON, NOON),
            "2026-03-29 12:00 occurs twice in Europe/Paris: first at +0000, then at +0000; state which",
        ),
        (errors.RowsRefused([(3, "name", tell("Cannot be empty"))]), "Line 3, name: Cannot be empty"),
        (errors.RowsRefused([(1, "", tell("Not a text file"))]), "Line 1: Not a text file"),
        (
            errors.DoubleBooking([(4, "Room 1")], 1),
            "Already booked at this time: Room 1 (no. 4), an entry in the diary of the other State",
        ),
        (errors.DoubleBooking(), "Already booked at this time: something"),
    ],
)
def test_errors_that_make_their_own_sentence_keep_its_english(error: errors.HearingsError, text: str) -> None:
    assert isinstance(error.text, Sentence) and str(error) == text


def test_a_sentence_goes_wherever_a_text_goes() -> None:
    status = Word.status(HearingStatus.part_heard)
    made = tell("{status}: {why}", status=status, why=Series.of([tell("one"), "two"], "semicolon"))
    assert made == "part heard: one; two" and json.loads(json.dumps({"text": made})) == {"text": str(made)}
    again = pickle.loads(pickle.dumps(made))
    assert (again, again.message, again.given["status"].code) == (made, made.message, "part_heard")
