"""Lifecycles of requests, hearings, sittings, recordings, agreements, minutes, people, consents: enums and transitions.

One transition table per lifecycle. A status changes only through `hearings.moves`, which
looks here what is allowed. Every member's name is its value, so what the database stores is what the code says.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class RequestStatus(StrEnum):
    """Statuses of a State's request to another State for a hearing by video."""

    draft = "draft"
    submitted = "submitted"
    received = "received"
    under_review = "under_review"
    information_requested = "information_requested"
    accepted = "accepted"
    accepted_with_conditions = "accepted_with_conditions"
    postponed = "postponed"
    refused = "refused"
    withdrawn = "withdrawn"
    executing = "executing"
    executed = "executed"
    closed = "closed"


class HearingStatus(StrEnum):
    """The booked judicial event."""

    proposed = "proposed"
    countered = "countered"
    agreed = "agreed"
    ready = "ready"
    in_progress = "in_progress"
    concluded = "concluded"
    part_heard = "part_heard"
    cancelled = "cancelled"
    aborted = "aborted"


class SittingStatus(StrEnum):
    """One continuous session of a hearing. Paused is by order; held is by a fault or an intervention."""

    lobby_open = "lobby_open"
    roll_call = "roll_call"
    pre_record = "pre_record"
    in_session = "in_session"
    paused = "paused"
    held = "held"
    closing = "closing"
    closed = "closed"


class RecordingStatus(StrEnum):
    """Status of a recording, by the bytes known to be sealed; unknown counts as failing."""

    not_started = "not_started"
    starting = "starting"
    recording = "recording"
    failing = "failing"
    paused = "paused"
    stopping = "stopping"
    sealed = "sealed"
    failed = "failed"
    no_recording = "no_recording"


class AgreementStatus(StrEnum):
    """The technical agreement between the two sites."""

    drafted = "drafted"
    proposed = "proposed"
    countered = "countered"
    agreed = "agreed"
    tested = "tested"
    void = "void"


class ComparisonStatus(StrEnum):
    """Result of reading the media worker's fingerprint aloud between the courts."""

    open = "open"
    matched = "matched"
    differs = "differs"
    stale = "stale"


class MinutesStatus(StrEnum):
    """The written record of a hearing."""

    drafted = "drafted"
    in_review = "in_review"
    read_back = "read_back"
    signed = "signed"


class PresenceStatus(StrEnum):
    """Where a participant is on the way into the room, in it, or out of it."""

    invited = "invited"
    identified = "identified"
    tested = "tested"
    waiting = "waiting"
    called = "called"
    present = "present"
    reconnecting = "reconnecting"
    left = "left"
    removed = "removed"
    released = "released"


class ConsentStatus(StrEnum):
    """Whether a person agrees to be heard by video, as one rule asks (`consent_state` of data/enums.yaml)."""

    not_asked = "not_asked"
    pending = "pending"
    given = "given"
    refused = "refused"
    withdrawn = "withdrawn"


class OfferStatus(StrEnum):
    """A time one State has offered to the other."""

    offered = "offered"
    accepted = "accepted"
    passed_over = "passed_over"
    taken_back = "taken_back"


_R, _H, _S, _P = RequestStatus, HearingStatus, SittingStatus, PresenceStatus
_REC, _A, _M = RecordingStatus, AgreementStatus, MinutesStatus

REQUEST_MOVES: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    _R.draft: frozenset({_R.submitted, _R.withdrawn}),
    _R.submitted: frozenset({_R.received, _R.withdrawn}),
    _R.received: frozenset({_R.under_review, _R.withdrawn}),
    _R.under_review: frozenset(
        {_R.information_requested, _R.accepted, _R.accepted_with_conditions, _R.postponed, _R.refused, _R.withdrawn}
    ),
    _R.information_requested: frozenset({_R.under_review, _R.withdrawn}),
    _R.accepted: frozenset({_R.executing, _R.withdrawn}),
    _R.accepted_with_conditions: frozenset({_R.executing, _R.withdrawn}),
    _R.postponed: frozenset({_R.under_review, _R.withdrawn}),
    _R.refused: frozenset(),
    _R.withdrawn: frozenset(),
    # Closed without having been executed: the hearing was cancelled or aborted for good.
    _R.executing: frozenset({_R.executed, _R.closed}),
    _R.executed: frozenset({_R.closed}),
    _R.closed: frozenset(),
}

HEARING_MOVES: Mapping[HearingStatus, frozenset[HearingStatus]] = {
    _H.proposed: frozenset({_H.countered, _H.agreed, _H.cancelled}),
    _H.countered: frozenset({_H.proposed, _H.agreed, _H.cancelled}),
    # A State that can no longer keep an agreed time proposes or counters another.
    _H.agreed: frozenset({_H.ready, _H.proposed, _H.countered, _H.cancelled}),
    _H.ready: frozenset({_H.in_progress, _H.agreed, _H.cancelled, _H.aborted}),
    _H.in_progress: frozenset({_H.concluded, _H.part_heard, _H.aborted}),
    _H.concluded: frozenset(),
    # To the next day if it was agreed with the first; else another day is asked for.
    _H.part_heard: frozenset({_H.agreed, _H.proposed, _H.countered, _H.cancelled}),
    _H.cancelled: frozenset(),
    _H.aborted: frozenset(),
}

SITTING_MOVES: Mapping[SittingStatus, frozenset[SittingStatus]] = {
    _S.lobby_open: frozenset({_S.roll_call, _S.closing}),
    _S.roll_call: frozenset({_S.pre_record, _S.closing}),
    # Back to the roll call when somebody essential has left before the start.
    _S.pre_record: frozenset({_S.in_session, _S.roll_call, _S.closing}),
    _S.in_session: frozenset({_S.paused, _S.held, _S.closing}),
    _S.paused: frozenset({_S.in_session, _S.held, _S.closing}),
    _S.held: frozenset({_S.in_session, _S.paused, _S.closing}),
    _S.closing: frozenset({_S.closed}),
    _S.closed: frozenset(),
}

RECORDING_MOVES: Mapping[RecordingStatus, frozenset[RecordingStatus]] = {
    _REC.not_started: frozenset({_REC.starting, _REC.no_recording}),
    _REC.starting: frozenset({_REC.recording, _REC.failing, _REC.stopping, _REC.failed}),
    _REC.recording: frozenset({_REC.failing, _REC.paused, _REC.stopping}),
    _REC.failing: frozenset({_REC.recording, _REC.stopping, _REC.failed}),
    _REC.paused: frozenset({_REC.recording, _REC.failing, _REC.stopping}),
    _REC.stopping: frozenset({_REC.sealed, _REC.failed}),
    _REC.sealed: frozenset(),
    _REC.failed: frozenset(),
    _REC.no_recording: frozenset(),
}

AGREEMENT_MOVES: Mapping[AgreementStatus, frozenset[AgreementStatus]] = {
    _A.drafted: frozenset({_A.proposed, _A.void}),
    _A.proposed: frozenset({_A.countered, _A.agreed, _A.void}),
    _A.countered: frozenset({_A.proposed, _A.agreed, _A.void}),
    _A.agreed: frozenset({_A.tested, _A.void}),
    _A.tested: frozenset({_A.void}),
    _A.void: frozenset(),
}

MINUTES_MOVES: Mapping[MinutesStatus, frozenset[MinutesStatus]] = {
    _M.drafted: frozenset({_M.in_review}),
    _M.in_review: frozenset({_M.drafted, _M.read_back}),
    _M.read_back: frozenset({_M.in_review, _M.signed}),
    _M.signed: frozenset(),
}

_F = ComparisonStatus

COMPARISON_MOVES: Mapping[ComparisonStatus, frozenset[ComparisonStatus]] = {
    _F.open: frozenset({_F.matched, _F.differs, _F.stale}),
    _F.matched: frozenset({_F.differs, _F.stale}),
    # Read again: who had misheard may find it the same.
    _F.differs: frozenset({_F.matched, _F.stale}),
    _F.stale: frozenset(),
}

_C = ConsentStatus

CONSENT_MOVES: Mapping[ConsentStatus, frozenset[ConsentStatus]] = {
    _C.not_asked: frozenset({_C.pending, _C.given, _C.refused}),
    _C.pending: frozenset({_C.given, _C.refused}),
    # Revocable at any time (EJN fiche A.12/277); whoever refused or withdrew may be asked again.
    _C.given: frozenset({_C.withdrawn}),
    _C.refused: frozenset({_C.pending, _C.given}),
    _C.withdrawn: frozenset({_C.pending, _C.given}),
}

_O = OfferStatus

OFFER_MOVES: Mapping[OfferStatus, frozenset[OfferStatus]] = {
    _O.offered: frozenset({_O.accepted, _O.passed_over, _O.taken_back}),
    _O.accepted: frozenset(),
    _O.passed_over: frozenset(),
    _O.taken_back: frozenset(),
}

_OUT = frozenset({_P.left, _P.removed, _P.released})

PRESENCE_MOVES: Mapping[PresenceStatus, frozenset[PresenceStatus]] = {
    # "invited" again at every step: a new link replaces the old one, and whoever held it starts afresh.
    # Straight into the room: somebody at another's device, whom the court has seen there.
    _P.invited: frozenset({_P.identified, _P.present}) | _OUT,
    _P.identified: frozenset({_P.tested, _P.invited}) | _OUT,
    # Straight into the room: those who conduct the hearing do not wait in the lobby.
    _P.tested: frozenset({_P.waiting, _P.present, _P.invited}) | _OUT,
    _P.waiting: frozenset({_P.called, _P.invited}) | _OUT,
    _P.called: frozenset({_P.present, _P.waiting, _P.invited}) | _OUT,
    _P.present: frozenset({_P.reconnecting, _P.waiting, _P.invited}) | _OUT,
    _P.reconnecting: frozenset({_P.present, _P.waiting, _P.invited}) | _OUT,
    # Whoever left by themselves may come back, through the device check and the lobby.
    _P.left: frozenset({_P.tested, _P.present, _P.invited, _P.removed, _P.released}),
    _P.removed: frozenset({_P.invited}),
    _P.released: frozenset({_P.invited}),
}

LIFECYCLES: Mapping[type[StrEnum], Mapping[Any, frozenset[Any]]] = {
    RequestStatus: REQUEST_MOVES,
    HearingStatus: HEARING_MOVES,
    SittingStatus: SITTING_MOVES,
    RecordingStatus: RECORDING_MOVES,
    AgreementStatus: AGREEMENT_MOVES,
    MinutesStatus: MINUTES_MOVES,
    ComparisonStatus: COMPARISON_MOVES,
    PresenceStatus: PRESENCE_MOVES,
    ConsentStatus: CONSENT_MOVES,
    OfferStatus: OFFER_MOVES,
}
"""Every lifecycle: its enum and the statuses that may follow each. An empty set is an end."""
STATUS_FIELDS: Mapping[type[StrEnum], str] = {PresenceStatus: "presence"}
"""The column of a lifecycle, where it is not `status`."""
SINCE: Mapping[type[StrEnum], str] = {
    SittingStatus: "since",
    RecordingStatus: "since",
    ComparisonStatus: "since",
    ConsentStatus: "since",
    PresenceStatus: "presence_since",
}
"""The column with the instant of the last change, if a row has one."""

OPEN_SITTINGS = frozenset(SittingStatus) - {SittingStatus.closed}
LIVE_SITTINGS = frozenset({SittingStatus.in_session, SittingStatus.paused, SittingStatus.held})
"""Statuses in which the recording runs, or should."""
ACCEPTED_REQUESTS = frozenset({RequestStatus.accepted, RequestStatus.accepted_with_conditions})
CARRYING_REQUESTS = ACCEPTED_REQUESTS | {RequestStatus.executing}
"""Statuses of a request in which a hearing may be proposed, prepared and held."""
HEARINGS_OVER = frozenset(status for status, following in HEARING_MOVES.items() if not following)
IN_ROOM = frozenset({PresenceStatus.present, PresenceStatus.reconnecting})
OUT_OF_HEARING = frozenset({PresenceStatus.left, PresenceStatus.removed, PresenceStatus.released})
