"""The diary: a hearing is proposed from an accepted request, agreed by both States, made ready, or cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import agreements, line_tests, room_rules
from hearings.clocks import LocalTime, local_time, zone
from hearings.errors import Invalid, NotAllowed, NotReady, WouldBeLost
from hearings.hearing import agreed_terms, days as hearing_days, law_on_the_day, offers, readiness
from hearings.hearing.links import kill_links
from hearings.ids import new_ref
from hearings.languages import language
from hearings.models import Hearing, HearingRequest, Offer, Resource
from hearings.models.hearing import RecordingPolicy, everybody
from hearings.moves import born, check, move, noted
from hearings.people.logins import LoginEnd, end_logins_of
from hearings.permissions import require_staff
from hearings.queries import get, hearings_of_request, in_office, open_sitting, participants
from hearings.requests import consent_answers, gate_answers
from hearings.requests.consent_answers import PERSON_TO_BE_HEARD
from hearings.requests.log import require_carried
from hearings.rights import checklist, item_states
from hearings.rights.checklist import Gate
from hearings.roles import HEARD, Role
from hearings.sentences import N_, Series, StateName, Word, tell, tell_n
from hearings.status import ACCEPTED_REQUESTS, CARRYING_REQUESTS, HEARINGS_OVER, HearingStatus, RequestStatus
from hearings.texts import clean
from hearings.times import bookings
from hearings.times.queries import offers_of
from hearings.times.wall_times import FixedTime, WallTime, fix, resolved, time_of

AGREEMENT_VOID = N_("the agreement is void")
ROOM_GIVEN_BACK = N_("a room of the terms was given back")
LOBBY_IS_OPEN = N_("The lobby is open: close the sitting first")

MARGINS = ("margin_before", "margin_after", "line_test")
MOST_MARGIN = 240


async def _request_to_hear(db: AsyncSession, request: HearingRequest, actor: Actor) -> HearingRequest:
    """The request, locked. Raises `NotReady` when no hearing of it can be proposed now."""
    _staff("propose_hearing", request, actor)
    request = await get(db, HearingRequest, request.id, lock=True)
    if request.status not in CARRYING_REQUESTS:
        raise NotReady(
            tell("A hearing requires an accepted request; this one is {status}", status=Word.status(request.status))
        )
    if any(earlier.status not in HEARINGS_OVER for earlier in await hearings_of_request(db, request.id)):
        raise NotReady(tell("This request already has a hearing"))
    return request


def _fixed(
    request: HearingRequest, zones: tuple[str, str], times: Sequence[WallTime], now: datetime
) -> list[FixedTime]:
    for name in zones:
        zone(name)
    states = (request.requesting_state, request.requested_state)
    return [fix(instant, zones=zones, states=states, now=now) for instant in times]


def _drafted(
    request: HearingRequest,
    *,
    zones: tuple[str, str],
    cities: tuple[str, str],
    languages: tuple[str, str],
    **columns: Any,
) -> Hearing:
    """The new row of a hearing, whose acts wait for the rights checklist; in each pair the value of the requesting
    court comes first."""
    return Hearing(
        owner_state=request.owner_state,
        ref=new_ref(),
        request_id=request.id,
        case_number=request.case_number,
        requesting_state=request.requesting_state,
        requesting_zone=zones[0],
        requesting_city=clean(cities[0], "requesting_city", most=100, least=1),
        requested_state=request.requested_state,
        requested_zone=zones[1],
        requested_city=clean(cities[1], "requested_city", most=100, least=1),
        language_requesting=language(languages[0] or request.language_of_court),
        language_requested=language(languages[1] or request.language_of_person),
        capacity=request.capacity.value if request.capacity else "",
        rights_version=checklist.VERSION,
        **columns,
    )


async def _begin(
    db: AsyncSession, hearing: Hearing, times: Sequence[FixedTime], *, actor: Actor, now: datetime
) -> None:
    """The first line of its history, and its days."""
    db.add(hearing)
    born(db, hearing, hearing.status, actor=actor, now=now)
    await db.flush()
    await hearing_days.plan(db, hearing=hearing, times=times)


async def propose(
    db: AsyncSession,
    *,
    request: HearingRequest,
    wall_start: datetime,
    wall_zone: str,
    duration: timedelta = timedelta(hours=1),
    fold: int | None = None,
    requesting_zone: str,
    requesting_city: str,
    requested_zone: str,
    requested_city: str,
    language_requesting: str = "",
    language_requested: str = "",
    alternatives: Sequence[WallTime] = (),
    more_days: Sequence[WallTime] = (),
    resources: Sequence[int] = (),
    margins: Mapping[str, int] | None = None,
    recording_policy: RecordingPolicy | None = None,
    participant_classes: Sequence[str] | None = None,
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> Hearing:
    """Propose a hearing of an accepted request, at a wall time in the zone of one of the two courts.

    Up to two `alternatives` stand beside it; a hearing of several days (`more_days`) is offered one time only. What
    `resources` name is held for every time offered, interpreters in spite of what speaks against them where `despite`
    says why. Languages default to the court's and the person's of the request, the policy to what it asks for.
    Raises `NonexistentTime`, `AmbiguousTime`, `UnknownZone`, `StaleTimeZones`, `Invalid`, `DoubleBooking`,
    `InterpreterUnfit`, `NotReady` while another hearing of the request is still to be held.
    Effects: adds the hearing with its first line of history, its days, the offers and their bookings; the request, if
    accepted, to executing.
    """
    request = await _request_to_hear(db, request, actor)
    zones = (requesting_zone, requested_zone)
    asked = WallTime(wall_start=wall_start, wall_zone=wall_zone, duration=duration, fold=fold)
    times = _fixed(request, zones, [asked, *alternatives], now)
    days = _fixed(request, zones, more_days, now)
    hearing_days.check([times[0], *days])
    hearing = _drafted(
        request,
        zones=zones,
        cities=(requesting_city, requested_city),
        languages=(language_requesting, language_requested),
        recording_policy=recording_policy or policy_asked(request),
        participant_classes=_classes(participant_classes),
        created_by=actor.id,
        created_at=now,
        **_margins(margins),
        **times[0].columns(),
    )
    await _begin(db, hearing, [times[0], *days], actor=actor, now=now)
    offered: dict[str, Any] = {"times": times, "days": days, "numbers": resources, "despite": despite}
    await offers.put(db, hearing=hearing, **offered, by_state=request.requesting_state, actor=actor, now=now)
    request.unscheduled = False
    if request.status in ACCEPTED_REQUESTS:
        move(db, request, RequestStatus.executing, actor=actor, now=now, reason="hearing proposed")
    await db.flush()
    return hearing


def policy_asked(request: HearingRequest) -> RecordingPolicy:
    """The default recording policy: `not_recorded` if the request asks for that, else `sound_and_picture`."""
    return RecordingPolicy.not_recorded if request.recording_asked is False else RecordingPolicy.sound_and_picture


async def counter(
    db: AsyncSession,
    *,
    hearing: Hearing,
    wall_start: datetime,
    wall_zone: str,
    duration: timedelta,
    fold: int | None = None,
    alternatives: Sequence[WallTime] = (),
    resources: Sequence[int] = (),
    reason: str = "",
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Ask for another time: the requested State counters, the requesting State proposes anew.

    An agreement there was is void. Further days keep their distance and take the new wall time. Bookings for the old
    times are released, except those made after an agreement, which move with the hearing.
    Raises as `propose`, and `NotReady` while the lobby is open.
    Effects: status to countered (or proposed, by the requesting State), by way of agreed for one that was ready; the
    time changes, with its days, offers and bookings.
    """
    _staff("agree_hearing", hearing, actor)
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell(LOBBY_IS_OPEN))
    zones = (hearing.requesting_zone, hearing.requested_zone)
    states = (hearing.requesting_state, hearing.requested_state)
    asked = WallTime(wall_start=wall_start, wall_zone=wall_zone, duration=duration, fold=fold)
    times = [fix(wish, zones=zones, states=states, now=now) for wish in (asked, *alternatives)]
    days = await hearing_days.later(db, hearing=hearing, first=times[0], zones=zones, states=states, fold=fold, now=now)
    reopen(db, hearing, actor=actor, now=now, reason=clean(reason, "reason", most=500))
    by_state = asking_state(hearing)
    await offers.pass_over(db, hearing=hearing, actor=actor, now=now, reason="another time")
    await hearing_days.move(db, hearing=hearing, times=[times[0], *days], despite=despite, actor=actor, now=now)
    await offers.put(
        db,
        hearing=hearing,
        times=times,
        numbers=resources,
        days=days,
        first_day=(await hearing_days.planned(db, hearing))[0].number,
        despite=despite,
        by_state=by_state,
        actor=actor,
        now=now,
    )
    await agreements.void_if_changed(db, hearing=hearing, now=now)


def reopen(db: AsyncSession, hearing: Hearing, *, actor: Actor, now: datetime, reason: str) -> None:
    """Reopen the negotiation: the agreement on the terms is void, or another time is asked for.

    Effects: status to proposed by the requesting State, to countered by the requested; from ready by way of agreed.
    """
    if hearing.status is HearingStatus.ready:
        move(db, hearing, HearingStatus.agreed, actor=actor, now=now, reason=AGREEMENT_VOID)
    own = actor is SYSTEM or actor.state == hearing.requesting_state
    to = HearingStatus.proposed if own else HearingStatus.countered
    other_signed = hearing.requested_signed if own else hearing.requesting_signed
    if (
        hearing.status is to and other_signed
    ):  # the other State has accepted, and this one asks for another time instead
        noted(db, hearing, to, actor=actor, now=now, reason=reason)
    else:
        move(db, hearing, to, actor=actor, now=now, reason=reason)
    agreed_terms.renew(hearing)


def asking_state(hearing: Hearing) -> str:
    """The State whose proposal is open: the requesting State while the status is proposed, else the requested State."""
    return hearing.requested_state if hearing.status is HearingStatus.countered else hearing.requesting_state


async def sign(db: AsyncSession, *, hearing: Hearing, offer: Offer | None, actor: Actor, now: datetime) -> None:
    """Sign a time for a State: its own offer, the other State's offer, or the present terms.

    Raises and effects: those of `agreed_terms.sign_offer`, `agree` or `agreed_terms.sign_terms`.
    """
    if offer is not None and offer.by_state == actor.state:
        await agreed_terms.sign_offer(db, hearing=hearing, offer=offer, actor=actor, now=now)
    elif hearing.status in {HearingStatus.agreed, HearingStatus.ready}:
        await agreed_terms.sign_terms(db, hearing=hearing, actor=actor, now=now)
    else:
        await agree(db, hearing=hearing, offer=offer, actor=actor, now=now)


def waits_for(hearing: Hearing, state: str) -> bool:
    """Whether this State's signature is outstanding, by the row of the hearing: to answer an offer, or to sign last."""
    ours = hearing.requesting_signed if state == hearing.requesting_state else hearing.requested_signed
    other = hearing.requested_signed if state == hearing.requesting_state else hearing.requesting_signed
    if hearing.status in agreed_terms.WAIT:
        return not ours and (bool(other) or asking_state(hearing) != state)
    return hearing.one_signed and not ours and hearing.status in {HearingStatus.agreed, HearingStatus.ready}


async def agree(
    db: AsyncSession,
    *,
    hearing: Hearing,
    offer: Offer | None = None,
    resources: Sequence[int] = (),
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Sign the time the other State has proposed, `offer` where it offers several, and book own resources. The State
    that has offered it signs it too, before (`agreed_terms.sign_offer`) or after.

    Raises `NotAllowed`, `NotReady`, `DoubleBooking`, `InterpreterUnfit`, and `TermsChanged` when newer time-zone data
    move the offer.
    Effects: the offer accepted, others passed over; the time is the hearing's; bookings; the State's signature on the
    terms as they are then; status to agreed once both have signed these.
    """
    _staff("agree_hearing", hearing, actor)
    by_state = asking_state(hearing)
    asked = hearing.requested_state if by_state == hearing.requesting_state else hearing.requesting_state
    waits = hearing.status in agreed_terms.WAIT
    on_table = await offers_of(db, hearing.id, open_only=True)
    accepted = not on_table and asked in await agreed_terms.agreed_by(db, hearing)
    if waits and actor is not SYSTEM and actor.state != asked:
        if accepted:
            await agreed_terms.sign_terms(db, hearing=hearing, actor=actor, now=now)
            return
        raise NotAllowed(tell("Only {state} can agree to this time", state=StateName.of(asked, asked)))
    check("hearing", hearing.status, HearingStatus.agreed)
    if accepted:
        raise NotReady(tell("Already signed: {state} must sign it too", state=StateName.of(by_state, by_state)))
    if offer is None and len(on_table) > 1:
        raise NotReady(tell("Several times are offered: state which one"))
    chosen = offer or (on_table[0] if on_table else None)
    await item_states.require(db, hearing, Gate.agree, now=now)
    if chosen is not None:
        await offers.choose(db, hearing=hearing, offer=chosen, actor=actor, now=now)
        await hearing_days.adopt(db, hearing=hearing, offer=chosen)
    agreed_terms.unsign(hearing)
    rooms = [dict(room) for room in await agreed_terms.rooms_of(db, hearing, chosen)]
    await bookings.assign(
        db,
        hearing=hearing,
        numbers=resources,
        times=await hearing_days.times(db, hearing),
        despite=despite,
        actor=actor,
        now=now,
    )
    terms_hash = await agreed_terms.consent(db, hearing, asked, rooms=rooms, actor=actor, now=now)
    if chosen is not None and chosen.signed_terms == terms_hash:
        agreed_terms.put_signature(hearing, by_state, terms_hash)
    await agreed_terms.settle(db, hearing=hearing, actor=actor, now=now)
    await agreements.void_if_changed(db, hearing=hearing, now=now)


async def change_terms(
    db: AsyncSession,
    *,
    hearing: Hearing,
    recording_policy: RecordingPolicy | None = None,
    participant_classes: Sequence[str] | None = None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Ask for another recording policy, or for other classes of participants; tells whether anything has changed.

    Raises `WouldBeLost` for a reason when nothing changes.
    Effects: the terms; an agreement there was is void: status as `reopen`, the same time offered anew.
    """
    _staff("agree_hearing", hearing, actor)
    before = (hearing.recording_policy, sorted(hearing.participant_classes))
    after = (
        recording_policy or hearing.recording_policy,
        before[1] if participant_classes is None else _classes(participant_classes),
    )
    if before == after:
        if reason.strip():
            raise WouldBeLost(tell("The terms are unchanged, so this reason would not be saved"), "reason")
        return False
    await _void(db, hearing, actor=actor, now=now, reason=clean(reason, "reason", most=500, least=3))
    hearing.recording_policy, hearing.participant_classes = after
    await offers.unsign(db, hearing)
    db.add(hearing)
    await db.flush()
    await agreements.void_if_changed(db, hearing=hearing, now=now)
    return True


async def _void(db: AsyncSession, hearing: Hearing, *, actor: Actor, now: datetime, reason: str) -> None:
    """Change the terms, keeping the time. Raises `NotReady` if they cannot change. Effects: those of `reopen`
    on an agreement there was, and the time is on the table.
    """
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell(LOBBY_IS_OPEN))
    if hearing.status in {HearingStatus.agreed, HearingStatus.ready}:
        reopen(db, hearing, actor=actor, now=now, reason=reason)
        await offer_again(db, hearing, actor=actor, now=now)
    elif hearing.status not in {HearingStatus.proposed, HearingStatus.countered}:
        raise NotReady(
            tell("The terms of a hearing that is {status} cannot be changed", status=Word.status(hearing.status))
        )
    elif actor is not SYSTEM and actor.state != asking_state(hearing):
        raise NotReady(tell("Propose another time with it, or agree first: the other State's proposal is still open"))
    elif not await offers_of(db, hearing.id, open_only=True):  # accepted by the other State and not signed by both
        await offer_again(db, hearing, actor=actor, now=now)


async def book(
    db: AsyncSession, *, hearing: Hearing, numbers: Sequence[int], despite: str = "", actor: Actor, now: datetime
) -> None:
    """Book resources for every day of a hearing still to come. Raises and effects: those of `bookings.assign`.

    A room is in the terms of what nobody has signed yet, so an offer signed before it was booked is signed no more.
    """
    times = await hearing_days.times(db, hearing)
    before = await agreed_terms.rooms_of(db, hearing)
    await bookings.assign(db, hearing=hearing, numbers=numbers, times=times, despite=despite, actor=actor, now=now)
    await _unsign_offers(db, hearing, before)


async def _unsign_offers(db: AsyncSession, hearing: Hearing, before: agreed_terms.Rooms) -> None:
    if await agreed_terms.rooms_of(db, hearing) != before:
        await offers.unsign(db, hearing)
        db.add(hearing)


async def give_back(db: AsyncSession, *, hearing: Hearing, resource: Resource, actor: Actor, now: datetime) -> None:
    """Release one resource of a hearing. Releasing a room that a State has signed voids the agreement.

    Raises as `bookings.unassign`; for such a room `NotAllowed` without the function to agree, and as `change_terms`.
    Effects: its bookings are released; of such a room also those of `change_terms`: both sign anew.
    """
    bookings.require_own(resource, actor, "book_resource")
    before = await agreed_terms.rooms_of(db, hearing)
    if resource.resource_no in {room["resource"] for room in hearing.agreed_rooms}:
        _staff("agree_hearing", hearing, actor)
        await _void(db, hearing, actor=actor, now=now, reason=ROOM_GIVEN_BACK)
    await bookings.unassign(db, hearing=hearing, resource=resource, actor=actor, now=now)
    await _unsign_offers(db, hearing, before)
    await db.flush()
    await agreements.void_if_changed(db, hearing=hearing, now=now)


async def offer_again(db: AsyncSession, hearing: Hearing, *, actor: Actor, now: datetime) -> None:
    """Offer the time of a hearing again, keeping its bookings. Effects: adds the offer."""
    await offers.put(
        db, hearing=hearing, times=[time_of(hearing)], by_state=asking_state(hearing), actor=actor, now=now
    )


async def take_back(db: AsyncSession, *, hearing: Hearing, offer: Offer, actor: Actor, now: datetime) -> None:
    """Take an offered time back before the other State has read it.

    Effects: those of `offers.take_back`; when it was the time the hearing shows, the next one on the table is.
    """
    await offers.take_back(db, hearing=hearing, offer=offer, actor=actor, now=now)
    left = await offers_of(db, hearing.id, open_only=True)
    await hearing_days.adopt(db, hearing=hearing, offer=left[0])


async def make_ready(
    db: AsyncSession,
    *,
    hearing: Hearing,
    without_test: str = "",
    without_basis: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Make a hearing ready: everybody needed is named, and the lobby may be opened on the day.

    Raises `NotReady` while a State has not signed the terms as they stand, without presiding judge, requested authority
    and a person to hear, or without an interpreter when the two sides speak different languages; `RequestOver`;
    `GateOpen` where a State has to answer the legal check or has said no; `ConsentMissing`; `BasisNotInForce` where no
    basis relied on is in force on a day of the hearing, unless `without_basis` says why it goes on all the same;
    `AgreementMissing` without a technical agreement both States have signed; `LineTestMissing` without a passed line
    test, unless `without_test` says why; `NoRecipients` where a State the recording is agreed to be for has no key;
    `RightsOpen` where an item of the rights checklist is open.
    Effects: stores `without_test` with the agreement and `without_basis` in the history; status to ready. The request
    is locked, as it is for an answer to the legal check: no answer comes in between.
    """
    _staff("prepare_hearing", hearing, actor)
    await agreed_terms.require_both(db, hearing)
    named = {row.role for row in await in_office(db, hearing.id)}
    missing = readiness.unnamed(hearing, named)
    if missing:
        raise NotReady(tell("Not named yet: {roles}", roles=Series.of(map(_part, missing))), missing)
    request = await get(db, HearingRequest, hearing.request_id, lock=True)
    require_carried(request)
    await gate_answers.require_answered(db, request, now=now)
    await consent_answers.require_given(db, request, now=now)
    why = await law_on_the_day.require_basis(db, hearing, without_basis=without_basis, now=now)
    await line_tests.require_line(db, hearing=hearing, without_test=without_test, actor=actor, now=now)
    await room_rules.require_keys(db, hearing)
    await item_states.require(db, hearing, Gate.ready, now=now)
    reason = f"no basis in force that day: {why}" if why else ""
    move(db, hearing, HearingStatus.ready, actor=actor, now=now, reason=reason)


async def cancel(db: AsyncSession, *, hearing: Hearing, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel before it has begun. Effects: status to cancelled; its request waits for another time; join links and
    participants' logins end; offers are passed over, bookings released, days dropped.
    """
    _staff("cancel_hearing", hearing, actor)
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell(LOBBY_IS_OPEN))
    move(db, hearing, HearingStatus.cancelled, actor=actor, now=now, reason=clean(reason, "reason", most=500, least=3))
    (await get(db, HearingRequest, hearing.request_id, lock=True)).unscheduled = True
    ids = [participant.id for participant in await participants(db, hearing.id)]
    await kill_links(db, participant_ids=ids, now=now, why="cancelled")
    await end_logins_of(db, participant_ids=ids, now=now, why=LoginEnd.cancelled)
    await offers.pass_over(db, hearing=hearing, actor=actor, now=now, reason="cancelled")
    await bookings.release(db, hearing=hearing, now=now)
    await hearing_days.drop(db, hearing=hearing, reason="cancelled", now=now)


def both_times(hearing: Hearing, instant: datetime | None = None) -> tuple[LocalTime, LocalTime]:
    """An instant (by default the start) as the requesting and the requested court's clocks show it."""
    at = instant or hearing.starts_at
    return (
        local_time(at, city=hearing.requesting_city, zone_name=hearing.requesting_zone),
        local_time(at, city=hearing.requested_city, zone_name=hearing.requested_zone),
    )


def moved_to(hearing: Hearing) -> datetime | None:
    """The start by newer time-zone data; None if unchanged. A person decides, nothing moves by itself.

    `hearings.hearing.zone_data` lists the days, also those whose wall time is skipped now.
    """
    start = resolved(hearing)
    return None if start == hearing.starts_at else start


def _classes(wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return everybody()
    if unknown := set(wanted) - set(Role):
        raise Invalid(tell("Not a role in a hearing: {name}", name=sorted(unknown)[0][:40]), "participant_classes")
    if not {Role.presiding_judge, Role.requested_authority} <= set(wanted) or not set(wanted) & HEARD:
        raise Invalid(
            tell("A hearing needs a judge, the requested authority and a person to be heard"), "participant_classes"
        )
    return sorted(set(wanted))


def _margins(wanted: Mapping[str, int] | None) -> dict[str, Any]:
    margins = dict.fromkeys(MARGINS, 0) | dict(wanted or {})
    for name, minutes in margins.items():
        if name not in MARGINS or not 0 <= minutes <= MOST_MARGIN:
            raise Invalid(tell_n("Between 0 and {n} minute", "Between 0 and {n} minutes", MOST_MARGIN), name)
    return margins


def _part(name: str) -> str:
    return Word.of("role", name) if name in set(Role) else tell(PERSON_TO_BE_HEARD)


def _staff(action: str, subject: Hearing | HearingRequest, actor: Actor) -> None:
    require_staff(action, actor, requesting_state=subject.requesting_state, requested_state=subject.requested_state)
