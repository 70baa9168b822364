"""What a check finds: how bad it is, and plain words about what to do."""

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
    """`text` is a message of the catalogues, and `values` stand in it. Nothing secret, nobody's name."""

    severity: Severity
    text: str
    values: dict[str, object] = field(default_factory=dict)

    def told(self, say: Callable[[str], str] = str) -> str:
        """The sentence, by default in English."""
        return say(self.text).format(**self.values)


@dataclass(frozen=True)
class Place:
    """What is looked at. `outside`: other machines may be asked too, which takes seconds."""

    settings: Settings
    database: Database
    now: datetime
    outside: bool


Findings = list[Finding]


def ok(text: str, **values: object) -> Finding:
    """All is well, and what."""
    return Finding(Severity.ok, text, values)


def note(text: str, **values: object) -> Finding:
    """Something to be known."""
    return Finding(Severity.note, text, values)


def warning(text: str, **values: object) -> Finding:
    """Something to be mended."""
    return Finding(Severity.warning, text, values)


def failure(text: str, **values: object) -> Finding:
    """Something to be mended first."""
    return Finding(Severity.failure, text, values)
