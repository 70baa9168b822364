"""Who is who, by the exported case: names and both courts' clocks. A journal has roles and no names.

A name is taken only if it gives the hash that is sealed in the journal (docs/recording-format.md §9, `person`). Whose
identity is protected is named there as in the room, by role and number.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from media.evidence.render.subtitles import CaseError
from media.evidence.render.words import plain


@dataclass(frozen=True)
class CasePeople:
    """Names by the hash of the journal's `person` lines, and the zones of both courts (requesting, requested)."""

    names: Mapping[str, str]
    zones: tuple[str, ...]


def sealed_people(lines: Sequence[bytes]) -> dict[tuple[str, str], str]:
    """Seat and role → hash of the person who had it, from a journal's lines; of several, the last."""
    found = {}
    for raw in lines:
        if b'"type":"person"' in raw:
            line = msgspec.json.decode(raw)
            if line["type"] == "person":
                found[line["seat"], line["role"]] = line["sha256"]
    return found


def read(case: Path, sealed: Mapping[tuple[str, str], str]) -> CasePeople:
    """The people of the hearing, of those hashes that the journal has. CaseError when no file fits the journal."""
    files = sorted(case.glob("hearings/*/hearing.json")) or sorted(case.glob("data/hearings/*/hearing.json"))
    if not files:
        raise CaseError(f"{case} holds no hearing (hearings/…/hearing.json): it is no exported case")
    wanted = set(sealed.values())
    for file in files:
        try:
            hearing = json.loads(file.read_bytes())
            names = {_hash(one): plain(str(one["display_name"])) for one in hearing["people"]}
            zones = tuple(str(hearing[f"{side}_zone"]) for side in ("requesting", "requested"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(f"{file} cannot be read as a hearing: {error!r}") from None
        if wanted & names.keys():
            return CasePeople({key: name for key, name in names.items() if key in wanted}, zones)
    raise CaseError(f"no hearing in {case} has anybody who is in this recording")


def _hash(person: Mapping[str, Any]) -> str:
    facts = {"id": person["id"], "name": person["display_name"], "role": person["role"], "state": person["state"]}
    return hashlib.sha256(rfc8785.dumps(facts)).hexdigest()
