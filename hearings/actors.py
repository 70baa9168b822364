"""Who acts: a person of the staff, a participant of a hearing, or the service itself."""

from dataclasses import dataclass

from hearings.models import Participant, Person
from hearings.roles import Role
from hearings.status import PresenceStatus


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Stands in every status change and event. `role` is the part played in the hearing at hand, if any."""

    id: str
    label: str
    state: str
    role: Role | None = None
    functions: frozenset[str] = frozenset()
    participant_id: str = ""
    presence: PresenceStatus | None = None
    """Where in the hearing: of somebody who has a seat in it."""


SYSTEM = Actor(id="system", label="Vivavoce", state="")
"""The service: faults, delivery, what follows by itself from something a person did."""


def person_actor(person: Person) -> Actor:
    """Staff outside a hearing: their functions count."""
    return Actor(id=person.id, label=person.name, state=person.owner_state, functions=frozenset(person.functions))


def participant_actor(participant: Participant, person: Person | None = None) -> Actor:
    """Somebody in a hearing: their role counts. The id is the person's where there is one."""
    return Actor(
        id=person.id if person else participant.person_id or participant.id,
        label=participant.display_name,
        state=participant.state,
        role=participant.role,
        functions=frozenset(person.functions) if person else frozenset(),
        participant_id=participant.id,
        presence=participant.presence,
    )
