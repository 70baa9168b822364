"""Who acts: a person of the staff, a participant of a hearing, or the service itself."""

from dataclasses import dataclass

from hearings.models import Participant, Person
from hearings.roles import Role
from hearings.status import PresenceStatus


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The author of a status change or event. `role` is that in the hearing concerned, if any."""

    id: str
    label: str
    state: str
    role: Role | None = None
    functions: frozenset[str] = frozenset()
    participant_id: str = ""
    presence: PresenceStatus | None = None
    """Presence of a participant in the hearing; None for other actors."""
    client: str = ""
    """Id of the API client that acts in this person's name; empty for who is here themselves."""


SYSTEM = Actor(id="system", label="Vivavoce", state="")
"""The service itself: faults, delivery, automatic consequences of a person's act."""


def person_actor(person: Person) -> Actor:
    """The actor for a member of staff outside a hearing, with their functions."""
    return Actor(id=person.id, label=person.name, state=person.owner_state, functions=frozenset(person.functions))


def participant_actor(participant: Participant, person: Person | None = None) -> Actor:
    """The actor for a participant, with their role. `id` is the person's if the participant is staff."""
    return Actor(
        id=person.id if person else participant.person_id or participant.id,
        label=participant.display_name,
        state=participant.state,
        role=participant.role,
        functions=frozenset(person.functions) if person else frozenset(),
        participant_id=participant.id,
        presence=participant.presence,
    )
