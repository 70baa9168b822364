"""What a hearing still needs before its lobby can be opened: one list of checks, each with who can resolve it.

`hearings.hearing.hearing.make_ready` refuses what the blocking checks name; the others are reminders.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement import agreements, facts as agreement_facts, line_tests, room_rules
from hearings.hearing import agreed_terms, law_on_the_day
from hearings.law.law import current
from hearings.models import Hearing, HearingRequest
from hearings.models.diary import ResourceKind
from hearings.queries import get, in_office, live_invitation
from hearings.requests import consent_answers, gate_answers
from hearings.requests.consent_answers import PERSON_TO_BE_HEARD
from hearings.rights import answers, item_states
from hearings.rights.checklist import Gate
from hearings.rights.item_states import RightResult
from hearings.roles import HEARD, Role, StaffFunction
from hearings.signatures import recipients
from hearings.status import CARRYING_REQUESTS
from hearings.summons import summons_states
from hearings.times import queries as diary_queries

ROOMS = frozenset({ResourceKind.room, ResourceKind.endpoint})


class Check(StrEnum):
    """A check, in the order in which a hearing is prepared."""

    request_open = "request_open"
    time_signed = "time_signed"
    people_named = "people_named"
    interpreter_named = "interpreter_named"
    gate_answered = "gate_answered"
    consent_given = "consent_given"
    basis_in_force = "basis_in_force"
    agreement_signed = "agreement_signed"
    line_tested = "line_tested"
    rights_kept = "rights_kept"
    summons_served = "summons_served"
    recipients_known = "recipients_known"
    rooms_booked = "rooms_booked"
    links_issued = "links_issued"


REMINDERS = frozenset({Check.summons_served, Check.rooms_booked, Check.links_issued})
"""Checks that block nothing."""
REASONED = frozenset({Check.basis_in_force, Check.line_tested})
"""Checks that a written reason of the clerk replaces."""


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """The result of one check. `missing`: States, roles or names of people, by the check; empty when it is met.

    `function` and `states`: the staff who can resolve it. `others`: further staff who have a part of it to resolve.
    """

    check: Check
    met: bool
    missing: tuple[str, ...] = ()
    function: StaffFunction
    states: tuple[str, ...]
    others: tuple[tuple[StaffFunction, str], ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the hearing cannot be made ready while this is not met."""
        return not self.met and self.check not in REMINDERS


def unnamed(hearing: Hearing, roles: Collection[Role]) -> list[str]:
    """The parts that nobody has been named for: roles, and `PERSON_TO_BE_HEARD`."""
    missing = [role.value for role in (Role.presiding_judge, Role.requested_authority) if role not in roles]
    if not HEARD & set(roles):
        missing.append(PERSON_TO_BE_HEARD)
    if needs_interpreter(hearing) and Role.interpreter not in roles:
        missing.append(Role.interpreter.value)
    return missing


def needs_interpreter(hearing: Hearing) -> bool:
    """Whether more than one language is spoken or signed."""
    return len(hearing.languages) > 1


async def checks(db: AsyncSession, hearing: Hearing, *, now: datetime) -> list[CheckResult]:
    """Every check that applies to a hearing, met or not, in the order of `Check`."""
    request = await get(db, HearingRequest, hearing.request_id)
    ours, theirs = hearing.requesting_state, hearing.requested_state
    people = await in_office(db, hearing.id)
    missing_roles = unnamed(hearing, {person.role for person in people})
    interpreter = Role.interpreter.value
    outstanding = await consent_answers.outstanding(db, request, now=now)
    by_law = await law_on_the_day.of_hearing(db, hearing, now=now)
    without_basis = [warned.day.isoformat() for warned in by_law if warned.code == law_on_the_day.NO_BASIS]
    booked = await diary_queries.bookings_of_hearing(db, hearing.id)
    with_room = {resource.owner_state for _booking, resource in booked if resource.kind in ROOMS}
    linkless = [
        person.display_name
        for person in people
        if person.person_id is None and person.device_of_id is None and await live_invitation(db, person.id) is None
    ]
    lacking = await recipients.lacking(db, await room_rules.recipients(db, hearing))
    clerk, authority, administrator = StaffFunction.clerk, StaffFunction.authority, StaffFunction.administrator
    unsigned = await agreed_terms.unsigned(db, hearing)
    waiting = await item_states.open_items(db, hearing, Gate.ready, now=now)
    summonses = await summons_states.of_those_heard(db, hearing, now=now)
    unserved = [each.person.display_name for each in summonses if each.waits]
    answerers = _answering(hearing, waiting)
    owed = gate_answers.in_the_way(request, now=now, law=await current(db))
    unanswered = [state for state in (ours, theirs) if state in {one.state for one in owed}]
    given: Iterable[tuple[Check, Collection[str], StaffFunction, Collection[str]]] = (
        (Check.request_open, [] if request.status in CARRYING_REQUESTS else [request.reference], clerk, [ours]),
        (Check.time_signed, unsigned, authority, unsigned),
        _named(hearing, [role for role in missing_roles if role != interpreter]),
        (Check.interpreter_named, [role for role in missing_roles if role == interpreter], clerk, [ours]),
        (Check.gate_answered, unanswered, authority, unanswered),
        (Check.consent_given, [consent.provision for consent in outstanding], clerk, [ours]),
        (Check.basis_in_force, without_basis, clerk, [ours]),
        *await _technical(db, hearing),
        (Check.rights_kept, [each.item.id for each in waiting], answerers[0][0], [answerers[0][1]]),
        (Check.summons_served, unserved, authority, [theirs]),
        (Check.recipients_known, lacking, administrator, lacking),
        (Check.rooms_booked, rooms := [state for state in (ours, theirs) if state not in with_room], clerk, rooms),
        (Check.links_issued, linkless, clerk, [ours]),
    )
    applies = {
        Check.interpreter_named: needs_interpreter(hearing),
        Check.rights_kept: bool(hearing.rights_version),
        Check.summons_served: bool(summonses),
    }
    others = {Check.rights_kept: answerers[1:]}
    return [
        CheckResult(
            check=check,
            met=not missing,
            missing=tuple(missing),
            function=function,
            states=tuple(states),
            others=others.get(check, ()),
        )
        for check, missing, function, states in given
        if check not in applies or applies[check]
    ]


def _answering(hearing: Hearing, waiting: Sequence[RightResult]) -> tuple[tuple[StaffFunction, str], ...]:
    """Everybody whom one of these items waits for, in the order of the items; the clerk where none waits."""
    owed = (one for each in waiting for one in answers.owed_by(each.item, hearing))
    return tuple(dict.fromkeys(owed)) or ((StaffFunction.clerk, hearing.requesting_state),)


def _named(hearing: Hearing, missing: list[str]) -> tuple[Check, Collection[str], StaffFunction, Collection[str]]:
    """Each State names its own staff; the requesting State's clerk names whoever else is missing."""
    theirs = missing == [Role.requested_authority.value]
    if theirs:
        return Check.people_named, missing, StaffFunction.authority, [hearing.requested_state]
    return Check.people_named, missing, StaffFunction.clerk, [hearing.requesting_state]


async def _technical(
    db: AsyncSession, hearing: Hearing
) -> list[tuple[Check, Collection[str], StaffFunction, Collection[str]]]:
    """Of the technical agreement: the States that have not signed it (both where its facts have changed), and of the
    line test."""
    both = [hearing.requesting_state, hearing.requested_state]
    agreement = await agreements.running(db, hearing.id)
    unsigned, untested = both, both
    if agreement is not None:
        changed = agreement_facts.changed(agreement.terms["facts"], await agreement_facts.facts(db, hearing))
        if not changed:
            signed = await agreements.signed_by(db, agreement)
            missing = [state for state in both if state not in signed]
            unsigned = [] if agreement.status in agreements.SIGNED else missing or both
        passed = agreement.passed_over_at is not None or await line_tests.good(db, agreement, hearing)
        untested = [] if passed else both
    return [
        (Check.agreement_signed, unsigned, StaffFunction.authority, unsigned),
        (Check.line_tested, untested, StaffFunction.clerk, both),
    ]
