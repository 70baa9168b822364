"""Statuses in the words of the person who reads them, each with the kind of chip that shows it."""

from enum import StrEnum

from markupsafe import Markup, escape

from hearings.agreement import facts as agreement_facts
from hearings.sentences import JOINTS
from web.words.i18n import N_, NP_, _, in_turn

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
        "aborted": ("rec", N_("Broken off")),
    },
    "OfferStatus": {
        "offered": ("warn", N_("Offered")),
        "accepted": ("ok", N_("Time accepted")),
        "passed_over": ("plain", N_("Not chosen")),
        "taken_back": ("plain", N_("Taken back")),
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
        "paused": ("warn", N_("Recording paused by order")),
        "stopping": ("info", N_("Recording being sealed")),
        "sealed": ("seal", N_("Recording sealed")),
        "failed": ("rec", N_("Recording failed")),
        "no_recording": ("plain", N_("No recording")),
    },
    "MinutesStatus": {
        "drafted": ("plain", NP_("minutes", "Draft")),
        "in_review": ("info", N_("In review")),
        "read_back": ("warn", N_("Read back, to be signed")),
        "signed": ("seal", N_("Signed by both")),
    },
    "ComparisonStatus": {
        "open": ("plain", N_("Not compared yet")),
        "matched": ("ok", N_("Compared: the same")),
        "differs": ("rec", N_("Compared: not the same")),
        "stale": ("warn", N_("To be compared again")),
    },
    "PresenceStatus": {
        "invited": ("plain", N_("Not here yet")),
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
    """The status in words."""
    return _(CHIPS[type(status).__name__][status.value][1])


def chip(status: StrEnum) -> tuple[str, str]:
    """Kind of chip and words."""
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


def historic(table: str, value: str) -> str:
    """A status named in the history, where only its word is kept."""
    return named(TABLES.get(table, ""), value)


def named(kind: str, value: str) -> str:
    """A status in words, by the name of its class; the value itself for one that has none."""
    found = CHIPS.get(kind, {}).get(value)
    return _(found[1]) if found else value


REASONS = (
    N_("delivered"),
    N_("hearing proposed"),
    N_("hearing concluded"),
    N_("the media service did not start"),
    N_("the hearing has ended"),
    N_("another time"),
    N_("another was chosen"),
    N_("cancelled"),
    N_("the agreement is void"),
    N_("a consent was withdrawn"),
    N_("line test passed"),
    N_("sitting closed"),
    N_("signed in"),
    N_("link and PIN"),
    N_("line lost"),
    N_("line lost for 60 s"),
    N_("the media worker has another certificate"),
)
"""Reasons that `hearings` itself keeps in the history, in English; all others were written by people."""


BEGINNINGS = (N_("no basis in force that day"),)
"""What `hearings` itself puts before somebody's reason, with a colon between."""
CHANGED = frozenset(map(str, agreement_facts.CHANGED.values()))
"""Why a technical agreement no longer holds, as it is kept: one or several."""


def because(reason: str) -> str:
    """A reason out of the history, for a page."""
    if reason in REASONS:
        return _(reason)
    if CHANGED.issuperset(parts := reason.split(JOINTS["semicolon"])):
        return in_turn(_(one) for one in parts)
    begins, _colon, words = reason.partition(": ")
    if begins in BEGINNINGS:
        return Markup(escape(_("{field}: {value}"))).format(field=_(begins), value=_typed(words))
    return _typed(reason)


def _typed(words: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(words or "–")
