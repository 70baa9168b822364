"""What of a hearing's log and people stands under the seal of its recording: a hash each, over one form. Pure.

The canonical form is JCS (RFC 8785). The hash of an entry is over its row's id too, which is random and shown nowhere
but in an exported case, and there only of an entry in which no name was replaced: whoever knows all of an entry but a
protected name cannot find the name by trying. A person's hash is over the participant's id for the same reason.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from hearings.models import HearingEvent, Participant
from hearings.requests.statements import plain
from hearings.roles import SHORT


def entry(event: HearingEvent) -> dict[str, Any]:
    """What the hash of an entry of the log is over."""
    return {
        "id": event.id,
        "hearing": event.hearing_id,
        "seq": event.seq,
        "at": plain(event.at),
        "kind": event.kind,
        "actor": event.actor,
        "actor_role": event.actor_role,
        "data": event.data,
    }


def person(participant: Participant) -> dict[str, Any]:
    """What the hash of a person is over."""
    return {
        "id": participant.id,
        "name": participant.display_name,
        "role": participant.role.value,
        "state": participant.state,
    }


def sha256(facts: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form. Half a surrogate pair, which no UTF-8 can hold, counts as U+FFFD."""
    return hashlib.sha256(rfc8785.dumps(_well_formed(facts))).hexdigest()


def seat(participant: Participant) -> str:
    """What a person's tracks are named by, such as `witness_1`."""
    return f"{SHORT[participant.role]}_{participant.number}"


def seat_of(event: HearingEvent, people: Sequence[Participant]) -> str:
    """The seat of whom an entry is about; empty when it is about nobody of the hearing."""
    about = event.data.get("participant")
    return next((seat(one) for one in people if one.id == about), "")


def _well_formed(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case Mapping():
            return {_well_formed(name): _well_formed(one) for name, one in value.items()}
        case list() | tuple():
            return [_well_formed(one) for one in value]
        case _:
            return value
