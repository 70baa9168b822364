"""A remark on a request: what was noticed, in which field, with the places of the text it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RemarkWeight(StrEnum):
    """How much a remark weighs. Neither stops anything."""

    remark = "remark"
    """Worth a look."""
    warning = "warning"
    """Two things that do not go together."""


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """Some words of the request or of a translation. `place`: the field, or the language of the translation."""

    place: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What was noticed. `code` is the id of its row in data/lint.yaml.

    `field`: a column of the request, or `translations`. `language`: of the translation it is about, empty for
    the facts. `provision`: what the request should keep to, empty where it is good practice.
    """

    code: str
    field: str
    weight: RemarkWeight
    text: str
    provision: str = ""
    language: str = ""
    passages: Sequence[Quotation] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "field": self.field,
            "weight": self.weight.value,
            "text": self.text,
            "provision": self.provision,
            "language": self.language,
            "passages": [{"place": passage.place, "text": passage.text} for passage in self.passages],
        }
