"""Who can be named for which role of a hearing, and by whom.

`NAMING` is the table; a role that is not in it nobody can have. Each State names its own people. The requesting
State, which prepares the hearing, may also name guests at the requested State's site, such as the person its request
names; never that State's staff.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotAllowed
from hearings.models import Hearing, Participant, Person
from hearings.models.request import Capacity
from hearings.permissions import require_staff
from hearings.roles import HEARD, Role, StaffFunction
from hearings.sentences import N_, Word, tell

OWN_PEOPLE = N_("Each State names and replaces its own people")
NO_LONGER_TAKES_PART = N_("The person no longer takes part")


@dataclass(frozen=True, kw_only=True)
class NamingRow:
    """`functions`: any of which the member of staff who is named needs; none where the role is played by guests, who
    join by a link. `requesting`, `requested`: whether people of that State can have the role."""

    functions: frozenset[StaffFunction] = frozenset()
    requesting: bool = True
    requested: bool = True


F = StaffFunction
NAMING: Mapping[Role, NamingRow] = {
    Role.presiding_judge: NamingRow(functions=frozenset({F.judge}), requested=False),
    Role.clerk: NamingRow(functions=frozenset({F.clerk}), requested=False),
    Role.requested_authority: NamingRow(functions=frozenset({F.authority}), requesting=False),
    Role.witness: NamingRow(),
    Role.expert: NamingRow(),
    Role.defendant: NamingRow(),
    Role.defence: NamingRow(),
    Role.prosecutor: NamingRow(),
    Role.civil_party: NamingRow(),
    Role.support_person: NamingRow(),
    Role.interpreter: NamingRow(),
    Role.technician: NamingRow(),
    Role.observer: NamingRow(),
    Role.custodian: NamingRow(functions=frozenset({F.judge, F.clerk, F.authority}), requested=False),
}
"""Central authorities and auditors act on pages and have no seat. The custodian of the evidence, of the State whose
court keeps the recordings, is any of its staff but who administers the accounts."""
STAFF_ROLES: Mapping[Role, frozenset[StaffFunction]] = {
    role: row.functions for role, row in NAMING.items() if row.functions
}
"""Roles of staff, who sign in with their own account, and the functions of which each needs one."""
GUEST_ROLES = tuple(role for role, row in NAMING.items() if not row.functions)
"""Roles of people who join by a link, in the order in which a page offers them."""
ON_PAGES = frozenset({Role.custodian})
"""Roles that are no part of what happens in the room: they act on pages, mostly after the hearing."""

HEARD_AS: Mapping[Capacity, Role] = {
    Capacity.witness: Role.witness,
    Capacity.victim: Role.witness,
    Capacity.affected_person: Role.witness,
    Capacity.expert: Role.expert,
    Capacity.suspect: Role.defendant,
    Capacity.accused: Role.defendant,
    Capacity.convicted_person: Role.defendant,
}
"""In which role a request's person is heard. The accused may attend any hearing of their own case."""


def can_play(role: Role, functions: Collection[str]) -> bool:
    """Whether a member of staff with these functions can have the role; False for a role of guests. Pure."""
    return not STAFF_ROLES.get(role, frozenset()).isdisjoint(functions)


def roles_of(hearing: Hearing, state: str) -> tuple[Role, ...]:
    """The roles that people of one of the two States can have in this hearing, in the order of `NAMING`."""
    return tuple(
        role
        for role, row in NAMING.items()
        if (row.requesting if state == hearing.requesting_state else row.requested)
        and role in hearing.participant_classes
        and role not in _out_of_place(hearing)
    )


def _out_of_place(hearing: Hearing) -> frozenset[Role]:
    """Roles of persons heard for whom the request gives no ground."""
    if not hearing.capacity:
        return frozenset()
    return HEARD - {HEARD_AS[Capacity(hearing.capacity)], Role.defendant}


def require_side(hearing: Hearing, state: str, actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor may name, change, replace and take off people of this State: their own."""
    if actor is SYSTEM:
        return
    sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
    require_staff("name_people", actor, **sides)
    if state != actor.state:
        raise NotAllowed(tell(OWN_PEOPLE))


def require_guest(hearing: Hearing, participant: Participant, actor: Actor) -> None:
    """As `require_side`; the requesting State, which prepares the hearing, may also correct guests of the other."""
    if participant.person_id is None and actor is not SYSTEM and participant.state != actor.state:
        sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
        require_staff("prepare_hearing", actor, **sides)
        return
    require_side(hearing, participant.state, actor)


def require_role(hearing: Hearing, *, role: Role, state: str, person: Person | None, actor: Actor) -> None:
    """Raise `Invalid`, naming the field, unless somebody of this State can have the role; `NotAllowed` unless the actor
    may name them. `person`: the member of staff meant, None for a guest."""
    if actor is not SYSTEM:
        sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
        if state == actor.state:
            require_staff("name_people", actor, **sides)
        else:
            require_staff("prepare_hearing", actor, **sides)
    if state not in (hearing.requesting_state, hearing.requested_state):
        raise Invalid(tell("Participants of a hearing are in one of its two States"), "state")
    if role not in NAMING:
        raise Invalid(tell("This role has no seat in a hearing: {role}", role=Word.of("role", role.value)), "role")
    row = NAMING[role]
    if not (row.requesting if state == hearing.requesting_state else row.requested):
        raise Invalid(tell("Only the other State has this role: {role}", role=Word.of("role", role.value)), "role")
    if role in ON_PAGES and person is None and actor is not SYSTEM:
        raise Invalid(tell("Only a member of staff can have this role: name one"), "person")
    if role in _out_of_place(hearing):
        heard = HEARD_AS[Capacity(hearing.capacity)]
        raise Invalid(
            tell("By the request the person is heard in another role: {role}", role=Word.of("role", heard.value)),
            "role",
        )
    own = state == actor.state and (person is None or person.owner_state == actor.state)
    if (row.functions or person is not None) and actor is not SYSTEM and not own:
        raise NotAllowed(tell("Each State names its own staff"))
