"""Conditions of the requested State in the language of the page."""

from hearings.requests import conditions
from hearings.requests.conditions import Condition, Treatment
from web.words.i18n import N_, _
from web.words.sentences import translated as said

TREATMENTS: dict[Treatment, tuple[str, str]] = {
    Treatment.enforced: ("ok", N_("Enforced by the platform")),
    Treatment.confirmed: ("info", N_("Confirmed by a named person")),
    Treatment.announced: ("info", N_("Announced in the room")),
    Treatment.recorded: ("plain", N_("Only recorded")),
}


def chip(condition: Condition) -> tuple[str, str]:
    """The chip that says how a condition is treated."""
    kind, text = TREATMENTS[condition.treatment]
    return kind, _(text)


def in_words(items: list[dict[str, object]]) -> list[tuple[str, str, tuple[str, str]]]:
    """Sentence, treatment and chip of each of a request's conditions."""
    return [
        (said(conditions.sentence(condition)), said(conditions.treated(condition)), chip(condition))
        for condition in conditions.parse(items)
    ]
