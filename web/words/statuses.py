"""Statuses in the reader's language, each with the kind of its chip."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from markupsafe import Markup, escape

from hearings.agreement import facts as agreement_facts
from hearings.hearing.companions import LEFT_WITH_DEVICE
from hearings.hearing.days import HEARING_ENDED
from hearings.hearing.hearing import AGREEMENT_VOID, ROOM_GIVEN_BACK
from hearings.hearing.seats import LINE_LOST
from hearings.models import StatusChange
from hearings.sentences import JOINTS
from hearings.sitting.fingerprints import OTHER_CERTIFICATE
from hearings.sitting.sittings import MEDIA_NOT_STARTED
from hearings.sitting.withdrawals import CONSENT_WITHDRAWN
from web.words.i18n import N_, NP_, _, in_turn

PAUSED_BY_ORDER = N_("Recording paused by order")

CHIPS: dict[str, dict[str, tuple[str, str]]] = {
    "RequestStatus": {
        "draft": ("plain", NP_("request", "Draft")),
        "submitted": ("info", N_("Submitted")),
        "received": ("info", NP_("request", "Received")),
        "under_review": ("info", N_("Under review")),
        "information_requested": ("warn", N_("Information requested")),
        "accepted": ("ok", N_("Accepted")),
        "accepted_with_conditions": ("ok", N_("Accepted with conditions")),
        "postponed": ("warn", N_("Postponed")),
        "refused": ("rec", NP_("request", "Refused")),
        "withdrawn": ("plain", NP_("request", "Withdrawn")),
        "executing": ("info", N_("Being executed")),
        "executed": ("ok", N_("Executed")),
        "closed": ("plain", NP_("request", "Closed")),
    },
    "HearingStatus": {
        "proposed": ("warn", N_("Time proposed")),
        "countered": ("warn", N_("Other time proposed")),
        "agreed": ("info", N_("Time agreed")),
        "ready": ("ok", N_("Ready")),
        "in_progress": ("ok", N_("In progress")),
        "concluded": ("seal", N_("Concluded")),
        "part_heard": ("info", N_("Part heard")),
        "cancelled": ("plain", N_("Cancelled")),
        "aborted": ("rec", N_("Terminated")),
    },
    "OfferStatus": {
        "offered": ("warn", N_("Offered")),
        "accepted": ("ok", N_("Time accepted")),
        "passed_over": ("plain", N_("Not chosen")),
        "taken_back": ("plain", NP_("offer", "Withdrawn")),
    },
    "AgreementStatus": {
        "drafted": ("plain", NP_("technical agreement", "Draft")),
        "proposed": ("warn", N_("Agreement proposed")),
        "countered": ("warn", N_("Other terms proposed")),
        "agreed": ("ok", N_("Signed by both")),
        "tested": ("seal", N_("Signed and tested")),
        "void": ("rec", N_("Void")),
    },
    "SittingStatus": {
        "lobby_open": ("ok", N_("Lobby open")),
        "roll_call": ("ok", N_("Roll call")),
        "pre_record": ("ok", N_("Sound check")),
        "in_session": ("ok", N_("In session")),
        "paused": ("warn", N_("Paused by order")),
        "held": ("warn", N_("On hold")),
        "closing": ("info", N_("Closing")),
        "closed": ("plain", N_("Sitting closed")),
    },
    "RecordingStatus": {
        "not_started": ("plain", N_("Recording not started")),
        "starting": ("info", N_("Recording starting")),
        "recording": ("ok", NP_("going on now", "Recording")),
        "failing": ("rec", N_("Not recording")),
        "paused": ("warn", PAUSED_BY_ORDER),
        "stopping": ("info", N_("Recording being sealed")),
        "sealed": ("seal", N_("Recording sealed")),
        "failed": ("rec", N_("Recording failed")),
        "no_recording": ("plain", N_("No recording")),
    },
    "MinutesStatus": {
        "drafted": ("plain", NP_("minutes", "Draft")),
        "in_review": ("info", N_("In review")),
        "read_back": ("warn", N_("Read back, awaiting signatures")),
        "signed": ("seal", N_("Signed by both")),
    },
    "ComparisonStatus": {
        "open": ("plain", N_("Not compared yet")),
        "matched": ("ok", N_("Compared: the codes match")),
        "differs": ("rec", N_("Compared: the codes differ")),
        "stale": ("warn", N_("To be compared again")),
    },
    "PresenceStatus": {
        "invited": ("plain", N_("Not arrived yet")),
        "identified": ("info", N_("Signed in")),
        "tested": ("info", N_("Equipment checked")),
        "waiting": ("warn", N_("In the lobby")),
        "called": ("info", N_("Called")),
        "present": ("ok", N_("In the room")),
        "reconnecting": ("warn", N_("Reconnecting")),
        "left": ("plain", N_("Left")),
        "removed": ("rec", N_("Removed")),
        "released": ("plain", N_("Released from the hearing")),
    },
    "ConsentStatus": {
        "not_asked": ("plain", N_("Not asked")),
        "pending": ("warn", N_("Asked, no answer yet")),
        "given": ("ok", N_("Consent given")),
        "refused": ("rec", N_("Consent refused")),
        "withdrawn": ("rec", N_("Consent withdrawn")),
    },
}


def word(status: StrEnum) -> str:
    """The text of a status."""
    return _(CHIPS[type(status).__name__][status.value][1])


def chip(status: StrEnum) -> tuple[str, str]:
    """The kind of chip and the text of a status."""
    kind, text = CHIPS[type(status).__name__][status.value]
    return kind, _(text)


TABLES = {
    "hearing_request": "RequestStatus",
    "hearing": "HearingStatus",
    "offer": "OfferStatus",
    "agreement": "AgreementStatus",
    "sitting": "SittingStatus",
    "recording": "RecordingStatus",
    "fingerprint_comparison": "ComparisonStatus",
    "participant": "PresenceStatus",
    "minutes": "MinutesStatus",
    "consent": "ConsentStatus",
}


HEARING_CANCELLED = N_("The hearing was cancelled")
ENDINGS: Mapping[tuple[str, str], str] = {
    ("hearing_request", "withdrawn"): N_("The request was withdrawn"),
    ("hearing_request", "closed"): N_("The request was closed"),
    ("hearing", "cancelled"): HEARING_CANCELLED,
    ("hearing", "aborted"): N_("The hearing was terminated"),
}
"""What has come to an end, by the table and its status; how is said by the reason of the change."""


def ending(history: Sequence[StatusChange], table: str) -> StatusChange | None:
    """The change by which a row of the table came to its end; None while it has not. `history`: oldest first."""
    last = next((change for change in reversed(history) if change.subject == table), None)
    return last if last is not None and (table, last.after) in ENDINGS else None


def ended(change: StatusChange) -> str:
    """What came to its end by a change, as a sentence without a full stop."""
    return _(ENDINGS[change.subject, change.after])


def historic(table: str, value: str) -> str:
    """The text of a status in the history, which stores only its value."""
    return named(TABLES.get(table, ""), value)


def named(kind: str, value: str) -> str:
    """The text of a status by the name of its class; the value itself if it has no text."""
    entry = CHIPS.get(kind, {}).get(value)
    return _(entry[1]) if entry else value


REASONS = (
    N_("delivered"),
    N_("hearing proposed"),
    N_("hearing concluded"),
    MEDIA_NOT_STARTED,
    HEARING_ENDED,
    N_("another time"),
    N_("another was chosen"),
    LEFT_WITH_DEVICE,
    N_("cancelled"),
    AGREEMENT_VOID,
    ROOM_GIVEN_BACK,
    CONSENT_WITHDRAWN,
    N_("line test passed"),
    N_("sitting closed"),
    N_("signed in"),
    N_("link and PIN"),
    N_("link and code"),
    N_("line lost"),
    LINE_LOST,
    OTHER_CERTIFICATE,
)
"""Reasons that `hearings` itself stores in the history, in English; all others were written by people."""


BEGINNINGS = (N_("no basis in force that day"),)
"""Texts that `hearings` itself puts before a person's reason, separated by a colon."""
CHANGED = frozenset(map(str, agreement_facts.CHANGED.values()))
"""The stored reasons why a technical agreement no longer holds; one text may join several."""


def because(reason: str) -> str:
    """The text of a reason stored in the history; a reason a person wrote is isolated and not translated."""
    if reason in REASONS:
        return _(reason)
    if CHANGED.issuperset(parts := reason.split(JOINTS["semicolon"])):
        return in_turn(_(part) for part in parts)
    begins, _colon, words = reason.partition(": ")
    if begins in BEGINNINGS:
        return Markup(escape(_("{field}: {value}"))).format(field=_(begins), value=_typed(words))
    return _typed(reason)


def _typed(words: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(words or "–")
