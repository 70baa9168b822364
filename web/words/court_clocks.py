"""The places whose clocks a page shows: the two courts of a hearing, or the two States of a request."""

from dataclasses import dataclass

from hearings import reference
from hearings.models import Hearing, Person
from hearings.roles import NO_STATE


@dataclass(frozen=True)
class CourtClock:
    """A city and its zone; `state` says whose it is."""

    state: str
    city: str
    zone: str


def of_hearing(hearing: Hearing) -> list[CourtClock]:
    """Both courts, the requesting one first."""
    return [
        CourtClock(hearing.requesting_state, hearing.requesting_city, hearing.requesting_zone),
        CourtClock(hearing.requested_state, hearing.requested_city, hearing.requested_zone),
    ]


def of_states(*states: str) -> list[CourtClock]:
    """The default zone of each State, with the city in the name of the zone."""
    return [of_zone(state, reference.jurisdiction(state).default_zone) for state in states]


def of_zone(state: str, zone: str, city: str = "") -> CourtClock:
    """A clock by its zone; with the city in the name of the zone, unless another is given."""
    return CourtClock(state, city or zone.split("/")[-1].replace("_", " "), zone)


def own_first(places: list[CourtClock], state: str) -> list[CourtClock]:
    """The viewer's own court first."""
    return sorted(places, key=lambda place: place.state != state)


def of_person(person: Person) -> list[CourtClock]:
    """The clock of a person: the default zone of their State, with their city; UTC for a facilitator."""
    if person.owner_state == NO_STATE:
        return [CourtClock("", "UTC", "Etc/UTC")]
    return [of_zone(person.owner_state, reference.jurisdiction(person.owner_state).default_zone, person.city)]
