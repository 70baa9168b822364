"""Which authority of the directory answers for which instrument and offences; hints on the one a request names.

A directory is never complete, so nothing here bars a request: what is not known is said to be not known.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hearings.models.people import AuthorityKind
from hearings.people.directory import DirectoryEntry

ADDRESSED = frozenset({AuthorityKind.central_authority, AuthorityKind.competent_authority, AuthorityKind.court})
"""The kinds of authorities to which a request may be addressed; contact points only help."""


class HintCode(StrEnum):
    """What the directory has to say about the authority a request names."""

    not_listed = "not_listed"
    not_competent = "not_competent"
    competence_unknown = "competence_unknown"
    other_offences = "other_offences"
    old = "old"


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One hint. `instruments`: those it concerns. `others`: the names of authorities listed as competent for them."""

    code: HintCode
    instruments: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def competent(entry: DirectoryEntry, instrument: str, scopes: Collection[str] = ()) -> bool | None:
    """Whether an authority is listed as competent for an instrument and offences; None where that is not known."""
    if not entry.instruments:
        return None
    if instrument not in entry.instruments:
        return False
    return not _elsewhere(entry, scopes)


def _elsewhere(entry: DirectoryEntry, scopes: Collection[str]) -> bool:
    """Whether the offences of a request are none of those an authority is listed for."""
    known = set(entry.offence_scopes)
    return bool(known and scopes) and "any" not in known and not known & set(scopes)


def to_address(entries: Sequence[DirectoryEntry]) -> list[DirectoryEntry]:
    """The authorities to which a request may be addressed, in the order of the directory."""
    return [entry for entry in entries if entry.kind in ADDRESSED and entry.name]


def hints(
    entries: Sequence[DirectoryEntry], *, name: str, instruments: Collection[str], scopes: Collection[str], on: date
) -> list[Hint]:
    """What the directory of the requested State says of the authority named `name`; empty where all is well. Pure.

    `instruments` and `scopes` are those of the request; `on` is the day for which an entry may be old.
    """
    if not name.strip():
        return []
    known = to_address(entries)
    named = [entry for entry in known if _same(entry.name, name)]
    if not named:
        return [Hint(code=HintCode.not_listed)]
    found = []
    lacking = tuple(one for one in instruments if all(competent(entry, one) is False for entry in named))
    if lacking:
        others = [entry.name for entry in known if any(competent(entry, one, scopes) for one in lacking)]
        found.append(Hint(code=HintCode.not_competent, instruments=lacking, others=tuple(dict.fromkeys(others))))
    unknown = tuple(
        one for one in instruments if one not in lacking and not any(competent(entry, one) for entry in named)
    )
    if unknown:
        found.append(Hint(code=HintCode.competence_unknown, instruments=unknown))
    if all(_elsewhere(entry, scopes) for entry in named):
        found.append(Hint(code=HintCode.other_offences))
    if all(entry.old(on) for entry in named):
        found.append(Hint(code=HintCode.old))
    return found


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
