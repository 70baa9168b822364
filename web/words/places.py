"""The places whose clocks a page shows: the two courts of a hearing, or the two States of a request."""

from dataclasses import dataclass

from hearings import reference
from hearings.models import Hearing, Person


@dataclass(frozen=True)
class Place:
    """A city and its zone; `state` says whose it is."""

    state: str
    city: str
    zone: str


def of_hearing(hearing: Hearing) -> list[Place]:
    """Both courts, the requesting one first."""
    return [
        Place(hearing.requesting_state, hearing.requesting_city, hearing.requesting_zone),
        Place(hearing.requested_state, hearing.requested_city, hearing.requested_zone),
    ]


def of_states(*states: str) -> list[Place]:
    """The place of each State's central authority, as far as the zone data tell."""
    return [of_zone(state, reference.jurisdiction(state).default_zone) for state in states]


def of_zone(state: str, zone: str, city: str = "") -> Place:
    """A place by its zone; the city of the zone's name unless another is given."""
    return Place(state, city or zone.split("/")[-1].replace("_", " "), zone)


def own_first(places: list[Place], state: str) -> list[Place]:
    """The viewer's own court first."""
    return sorted(places, key=lambda place: place.state != state)


def of_person(person: Person) -> list[Place]:
    """Where this person's clock is."""
    return [of_zone(person.owner_state, reference.jurisdiction(person.owner_state).default_zone, person.city)]
