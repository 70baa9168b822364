"""What a person decides in each act an authority signs: members of its body that no program fills in. Pure.

A statement handed out to be signed has null there, and one that comes back with null, or without the member, is
refused: nobody is bound by what nobody decided. All other members are what there is, agreed to as it stands.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hearings.errors import Undecided
from hearings.models.signature import Act

NEEDED, MAY_BE_EMPTY = False, True
"""Whether an empty text or list is a decision too: no reason is given, no ground rests on a motive."""

DECISIONS: Mapping[Act, Mapping[str, bool]] = {
    Act.submit_request: {},  # the request as it stands, which people have written
    Act.accept_request: {"reason": MAY_BE_EMPTY},
    Act.accept_with_conditions: {"conditions": NEEDED, "rules": MAY_BE_EMPTY},
    Act.refuse_request: {"ground": NEEDED, "motive": MAY_BE_EMPTY, "reasons": NEEDED},
    Act.postpone_request: {"reasons": NEEDED, "review": NEEDED},
    Act.withdraw_request: {"reason": NEEDED},
    Act.agree_hearing: {},  # the terms on the table
    Act.sign_agreement: {},  # the terms on the table
    Act.sign_minutes: {},  # the hash of the text that was read back
}
"""By act, each member a person decides."""


def blank(act: Act) -> dict[str, None]:
    """The decisions of an act before anybody has decided."""
    return dict.fromkeys(DECISIONS[act])


def open_in(act: Act, body: Mapping[str, Any]) -> list[str]:
    """The decisions of an act that a body leaves open, in the order of the table."""
    return [name for name, empty in DECISIONS[act].items() if not _decided(body.get(name), empty)]


def require(act: Act, body: Mapping[str, Any]) -> None:
    """Raise `Undecided`, naming every decision that a body leaves open."""
    if left := open_in(act, body):
        raise Undecided(left)


def _decided(value: Any, may_be_empty: bool) -> bool:
    if value is None:
        return False
    return may_be_empty or not _is_empty(value)


def _is_empty(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else isinstance(value, Iterable) and not value
