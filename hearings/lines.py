"""The gate's question and the lines of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from hearings import reference
from hearings.models.request import Capacity, ReasonNoAttendance


class LineStatus(StrEnum):
    """What is known of one need of the text."""

    met = "met"
    missing = "missing"
    needs_human = "needs_human"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What the gate is asked about. None and empty mean not said yet."""

    requesting_state: str
    requested_state: str
    on: date
    capacity: Capacity | None = None
    scopes: frozenset[str] = frozenset()
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    """By the `field` of data/gate.yaml."""
    reason_no_attendance: ReasonNoAttendance | None = None
    reason_text: str = ""
    language_of_request: str = ""
    procedure: str = "criminal_proceedings"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One need of the text. `code` is one of the refusal or block codes of data/enums.yaml, where one fits."""

    key: str
    status: LineStatus
    provision: str
    text: str
    inputs: Mapping[str, Any]
    source: str
    confidence: str
    code: str = ""

    @property
    def unverified(self) -> bool:
        """Whether "unverified" must stand beside it."""
        return self.confidence not in reference.VERIFIED

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "status": self.status.value,
            "provision": self.provision,
            "text": self.text,
            "inputs": dict(self.inputs),
            "source": self.source,
            "confidence": self.confidence,
            "unverified": self.unverified,
            "code": self.code,
        }
