"""The input of a negotiation: two profiles, the needs, and the table of preferences. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearings.agreement import profiles
from hearings.agreement.formats import Format
from hearings.agreement.outcome import Needs
from hearings.agreement.profiles import Profile


@dataclass(frozen=True)
class Asked:
    """Both sites, the hearing's needs, and data/negotiation.yaml."""

    a: Profile
    b: Profile
    needs: Needs
    table: Mapping[str, Any]

    def rows(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """The rows of a kind, the preferred first."""
        rows: Sequence[Mapping[str, Any]] = self.table[kind]
        return rows

    def sides(self) -> Iterator[tuple[str, Profile]]:
        """Both sites by their letters in sentences."""
        yield "A", self.a
        yield "B", self.b

    def in_order(self, kind: str, words: frozenset[str]) -> tuple[str, ...]:
        """These values, the preferred first."""
        return tuple(row["id"] for row in self.rows(kind) if row["id"] in words)

    def band(self, picture: Format) -> int:
        """The highest frequency in Hz that the sound format and both sites' microphones pass."""
        return min(profiles.audio_hz()[picture.audio], self.a.microphone_hz, self.b.microphone_hz)


def given(**values: object) -> tuple[tuple[str, str], ...]:
    """The inputs of a line."""
    return tuple((name, str(value)) for name, value in values.items())
