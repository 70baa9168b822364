"""Findings of checks: a severity, and a sentence with instructions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hearings.db import Database
from web.settings import Settings


class Severity(StrEnum):
    """`failure`: hearings cannot be held, or not safely. `warning`: they soon will not. `note`: to be known."""

    ok = "ok"
    note = "note"
    warning = "warning"
    failure = "failure"


@dataclass(frozen=True)
class Finding:
    """`text` is a message id of the catalogues, with placeholders for `values`. No secrets, no names of people."""

    severity: Severity
    text: str
    values: dict[str, object] = field(default_factory=dict)

    def sentence(self, say: Callable[[str], str] = str) -> str:
        """The sentence, by default in English."""
        return say(self.text).format(**self.values)


@dataclass(frozen=True)
class Inspected:
    """The installation that the checks examine. `outside`: requests to other machines are allowed, taking seconds."""

    settings: Settings
    database: Database
    now: datetime
    outside: bool


Findings = list[Finding]


def ok(text: str, **values: object) -> Finding:
    """A finding without a fault."""
    return Finding(Severity.ok, text, values)


def note(text: str, **values: object) -> Finding:
    """A finding for information."""
    return Finding(Severity.note, text, values)


def warning(text: str, **values: object) -> Finding:
    """A fault to be corrected soon."""
    return Finding(Severity.warning, text, values)


def failure(text: str, **values: object) -> Finding:
    """A fault to be corrected before anything else."""
    return Finding(Severity.failure, text, values)
