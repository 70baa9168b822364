"""The figures in words: what is counted, the groups of cuts, numbers; and as rows of a table."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from babel.numbers import format_decimal

from hearings.statistics.counting import CountedFigure
from hearings.statistics.measures import CUT_LABELS, Measure
from hearings.statistics.suppression import LEAST
from web.words import labels
from web.words.i18n import N_, _, current, language_here, state_name

SIDES = {"received": N_("Received"), "sent": N_("Sent"), "": N_("In all")}
ANSWERS = {"yes": N_("Yes"), "no": N_("No")}
AGES = {
    "0-30": N_("0 to 30 days"),
    "31-90": N_("31 to 90 days"),
    "91-180": N_("91 to 180 days"),
    "181-365": N_("181 to 365 days"),
    ">365": N_("more than 365 days"),
}
WORDS: Mapping[str, Callable[[str], str]] = {
    "state": state_name,
    "urgent": lambda key: _(ANSWERS[key]),
    "oral": lambda key: _(ANSWERS[key]),
    "age": lambda key: _(AGES[key]),
    "waits_for": lambda key: labels.word("side", key),
    "ground": labels.ground,
    "reason": lambda key: labels.word("reason_no_attendance", key),
    "language": language_here,
    "mode": lambda key: labels.word("interpreter_mode", key),
    **{cut: partial(labels.word, cut) for cut in ("offence_scope", "capacity", "stage", "channel")},
}
"""By cut, a group in words; in other cuts the key is shown as it is."""
COLUMNS = (
    *("measure", "version", "direction", "what", "unit", "cut", "group", "value", "cases"),
    *("since", "until", "as_of", "definition"),
)
"""Of a table as CSV; its texts are English, and its keys those of the API."""


def group(cut: str, key: str, instruments: Mapping[str, Any]) -> str:
    """A group of a cut. `instruments`: the law data in force, for their names."""
    if not key:
        return _("Not stated")
    if cut == "instrument":
        return str(instruments[key]["name"]) if key in instruments else key
    return WORDS.get(cut, str)(key)


def label(measure: Measure, what: str) -> str:
    """What is counted; of a spread with which of its figures."""
    text, part, _unit = measure.names()[what]
    return _("{what}, {part}").format(what=_(text), part=_(part)) if part else _(text)


def unit(measure: Measure, what: str) -> str:
    """In what it is counted."""
    return _(measure.names()[what][2])


def cut(name: str) -> str:
    """A cut; of the figure of all cases: in all."""
    return _(CUT_LABELS[name]) if name else _("In all")


def number(value: float | None) -> str:
    """A value as the reader's language writes it; one that is hidden says so."""
    return _("< {least}").format(least=LEAST) if value is None else format_decimal(value, locale=current.get().cldr)


def rows(told: Iterable[CountedFigure], since: str, until: str, as_of: str) -> Iterator[tuple[object, ...]]:
    """The rows of a table as CSV: a value that is hidden is `< 5`, and how many cases it has is empty."""
    for one in told:
        measure, figure = one.measure, one.figure
        hidden = figure.value is None
        unit_of = measure.names()[figure.what][2]
        yield (
            *(measure.id, measure.version, one.direction, figure.what, unit_of, figure.cut, figure.key),
            f"< {LEAST}" if hidden else f"{figure.value:g}",
            "" if hidden else figure.cases,
            *(since, until, as_of, measure.definition),
        )
