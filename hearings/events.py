"""The log of a hearing's acts and incidents: numbered per hearing, only ever added to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.models import Hearing, HearingEvent


class EventKind(StrEnum):
    """Kinds of events in a hearing. `data` of an event names the participant it concerns, if any."""

    lobby_opened = "lobby_opened"
    roll_call = "roll_call"
    pre_record = "pre_record"
    link_issued = "link_issued"
    link_replaced = "link_replaced"
    link_revoked = "link_revoked"
    link_used = "link_used"
    link_dead = "link_dead"
    pin_failed = "pin_failed"
    notice_acknowledged = "notice_acknowledged"
    devices_checked = "devices_checked"
    identity_confirmed = "identity_confirmed"
    admitted = "admitted"
    entered = "entered"
    returned_to_lobby = "returned_to_lobby"
    removed = "removed"
    replaced = "replaced"
    taken_off = "taken_off"
    released = "released"
    joined = "joined"
    left = "left"
    reconnecting = "reconnecting"
    seat_taken_over = "seat_taken_over"
    muted = "muted"
    microphone = "microphone"
    camera = "camera"
    hand = "hand"
    help = "help"
    floor_mode = "floor_mode"
    floor_given = "floor_given"
    floor_next = "floor_next"
    interpreting_begun = "interpreting_begun"
    interpreting_ended = "interpreting_ended"
    help_answered = "help_answered"
    break_asked = "break_asked"
    break_refused = "break_refused"
    break_ordered = "break_ordered"
    break_ended = "break_ended"
    court_message = "court_message"
    court_answer = "court_answer"
    language_chosen = "language_chosen"
    render_changed = "render_changed"
    languages_booked = "languages_booked"
    interpreter_assigned = "interpreter_assigned"
    handed_over = "handed_over"
    relay_chosen = "relay_chosen"
    signal = "signal"
    uncovered = "uncovered"
    interpreting_figures = "interpreting_figures"
    sound_check = "sound_check"
    start_ordered = "start_ordered"
    started = "started"
    hold = "hold"
    resumed = "resumed"
    media_lost = "media_lost"
    media_back = "media_back"
    recording_opened = "recording_opened"
    recording_failing = "recording_failing"
    recording_back = "recording_back"
    second_copy_lost = "second_copy_lost"
    second_copy_back = "second_copy_back"
    unrecorded_proposed = "unrecorded_proposed"
    unrecorded_begun = "unrecorded_begun"
    unrecorded_ended = "unrecorded_ended"
    recording_sealed = "recording_sealed"
    recording_failed = "recording_failed"
    gap = "gap"
    closed_session_begun = "closed_session_begun"
    closed_session_ended = "closed_session_ended"
    breakdown_step = "breakdown_step"
    closing = "closing"
    closed = "closed"
    aborted = "aborted"
    condition_confirmed = "condition_confirmed"
    fingerprints_compared = "fingerprints_compared"
    fingerprints_stale = "fingerprints_stale"
    time_limit_reached = "time_limit_reached"
    break_due = "break_due"
    log_note = "log_note"
    data_lost = "data_lost"
    rights_notice = "rights_notice"
    counsel_waived = "counsel_waived"
    oath = "oath"
    interpreting = "interpreting"
    objection = "objection"
    privilege_claim = "privilege_claim"
    objection_withdrawn = "objection_withdrawn"
    ruling = "ruling"
    exhibit_shown = "exhibit_shown"
    intervention = "intervention"
    remark = "remark"
    entry_withdrawn = "entry_withdrawn"
    card_adopted = "card_adopted"
    card_read = "card_read"
    card_rendered = "card_rendered"
    card_answered = "card_answered"
    counsel_asked = "counsel_asked"
    caption = "caption"
    right_answered = "right_answered"
    right_objected = "right_objected"
    summons_recorded = "summons_recorded"
    cost_term_put = "cost_term_put"
    drill_inject = "drill_inject"


async def record(
    db: AsyncSession,
    *,
    hearing: Hearing | str,
    kind: EventKind,
    actor: Actor,
    now: datetime,
    **data: Any,
) -> HearingEvent:
    """Append one event with the next number.

    Effects: locks the hearing's row (two writers get two numbers), adds the event.
    """
    hearing_id = hearing if isinstance(hearing, str) else hearing.id
    owner = (await db.exec(select(Hearing.owner_state).where(Hearing.id == hearing_id).with_for_update())).one()
    last = (await db.exec(select(func.max(HearingEvent.seq)).where(col(HearingEvent.hearing_id) == hearing_id))).one()
    event = HearingEvent(
        owner_state=owner,
        hearing_id=hearing_id,
        seq=(last or 0) + 1,
        at=now,
        kind=kind.value,
        actor=actor.id,
        actor_role=actor.role.value if actor.role else "",
        data=data,
    )
    db.add(event)
    await db.flush()
    return event


async def newest(
    db: AsyncSession,
    hearing_id: str,
    *,
    kind: str = "",
    without: str = "",
    concerns: Collection[str] = (),
    before: int | None = None,
    limit: int = 100,
) -> Sequence[HearingEvent]:
    """Events of a hearing, the newest first: those below the number `before`, of one kind or `without` one, and by or
    about somebody.

    `concerns` holds the ids of one person: of the participant, and of the member of staff.
    """
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing_id)
    if kind:
        query = query.where(HearingEvent.kind == kind)
    if without:
        query = query.where(HearingEvent.kind != without)
    if concerns:
        about = col(HearingEvent.data)["participant"].as_string()
        query = query.where(or_(col(HearingEvent.actor).in_(concerns), about.in_(concerns)))
    if before is not None:
        query = query.where(HearingEvent.seq < before)
    return (await db.exec(query.order_by(col(HearingEvent.seq).desc()).limit(limit))).all()


async def kinds_of(db: AsyncSession, hearing_id: str) -> Sequence[str]:
    """The kinds of events that a hearing has, by name."""
    query = select(HearingEvent.kind).where(HearingEvent.hearing_id == hearing_id).distinct()
    return (await db.exec(query.order_by(col(HearingEvent.kind)))).all()
