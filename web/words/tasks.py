"""The steps of the work list in words: the button of each, and the page it is taken on."""

from collections.abc import Mapping

from hearings.models import Hearing, HearingRequest
from web.words.i18n import N_

BUTTONS: Mapping[str, str] = {
    "submit": N_("Continue"),
    "answer_question": N_("Answer"),
    "set_time": N_("Set a time"),
    "release_copy": N_("Release"),
    "close": N_("File"),
    "acknowledge": N_("Acknowledge"),
    "answer": N_("Answer"),
    "review": N_("Review"),
    "confirm_in_writing": N_("Confirm"),
    "record_consent": N_("Record"),
    "decide_time": N_("Decide"),
    "sign_time": N_("Sign"),
    "prepare": N_("Prepare"),
    "open_lobby": N_("Open"),
    "answer_rights": N_("Answer"),
    "decide_clock_change": N_("Decide"),
    "answer_terms": N_("Answer"),
    "sign_terms": N_("Sign"),
    "test_line": N_("Test"),
    "set_next_day": N_("Set a time"),
    "complete_minutes": N_("Complete"),
    "read_minutes_back": N_("Read back"),
    "sign_minutes": N_("Sign"),
    "acknowledge_minutes": N_("Acknowledge"),
}
PLACES: Mapping[str, str] = {
    "record_consent": "/consents",
    "answer_terms": "/technical",
    "sign_terms": "/technical",
    "sign_time": "/times/sign",
    "test_line": "/test",
    "answer_rights": "/rights",
    "set_next_day": "/times",
    "complete_minutes": "/minutes",
    "read_minutes_back": "/minutes",
    "sign_minutes": "/minutes",
    "acknowledge_minutes": "/minutes",
}
"""Paths of steps below the page of the request or hearing, for steps that are not taken on that page."""
ELSEWHERE: Mapping[str, str] = {"decide_clock_change": "/admin/clock-changes", "release_copy": "/recordings"}
"""Paths of steps that are taken on, or from, a page for all hearings of a State."""


def address(word: str, subject: HearingRequest | Hearing) -> str:
    """The page on which a step of a request or hearing is taken."""
    whose = f"/requests/{subject.reference}" if isinstance(subject, HearingRequest) else f"/h/{subject.ref}"
    return ELSEWHERE.get(word) or whose + PLACES.get(word, "")
