"""The log of a hearing in words."""

from datetime import UTC, datetime

import pytest

from hearings.actors import SYSTEM
from hearings.events import EventKind
from hearings.minutes.course import FAILING
from hearings.models import HearingEvent, Participant, Recording, StatusChange
from hearings.models.sitting import HoldCode
from hearings.roles import Role
from media.evidence.log import journal_lines
from web.words import event_log as happenings, gaps, recorded_acts
from web.words.court_clocks import CourtClock

NOW = datetime(2026, 12, 3, 7, tzinfo=UTC)
WITNESS = Participant(
    id="w", owner_state="RO", hearing_id="h", role=Role.witness, display_name="W-7", state="TH", speaks="th",
    presence_since=NOW,
)  # fmt: skip


def event(kind: str, actor: str = "w", **data: object) -> HearingEvent:
    return HearingEvent(
        owner_state="RO", hearing_id="h", seq=1, at=NOW, kind=kind, actor=actor, actor_role="", data=data
    )


def test_every_kind_of_event_has_words():
    assert set(happenings.WORDS) == set(EventKind)


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_event_can_be_told_without_its_data(kind):
    told = happenings.log_lines([event(kind.value, "system")], [WITNESS])[0]
    assert (told.what, told.by, told.about) == (happenings.WORDS[kind], "The system", "")


@pytest.mark.parametrize(
    ("kind", "data", "detail"),
    [
        ("microphone", {"on": True}, "on"),
        ("hand", {"up": False}, "off"),
        ("right_answered", {"item": "r07_summons", "answer": "kept"}, "Summons in time"),
        ("right_answered", {"item": "", "answer": "begun"}, "The acts of the hearing wait for the checklist"),
        ("right_objected", {"item": ""}, "Counsel asks that the acts of the hearing wait for the checklist"),
        ("hold", {"reason": "unwell", "cause": "order"}, "unwell"),
        ("break_ended", {"purpose": "rest", "paused_after": 1.4}, "Rest; recording paused 1.4 s after the order"),
        ("break_ended", {"purpose": "rest", "paused_after": None}, "Rest"),
        ("language_chosen", {"lang": "ro"}, "Romanian"),
        ("render_changed", {"lang": ""}, "–"),
        ("pin_failed", {"tries_left": 4}, "tries left: 4"),
        (
            "sound_check",
            {"status": "waiting", "why": "line_made_anew"},
            "no longer valid: the connection was re-established",
        ),
        ("identity_confirmed", {"method": "document_seen"}, "I have seen an identity document"),
        (
            "caption",
            {"lang": "ro", "source": "machine", "text": "Am văzut.", "corrects": 4},
            "replaces entry 4; Romanian; machine, not the record; Am văzut.",
        ),
    ],
)
def test_what_an_event_adds_is_told(kind, data, detail):
    told = happenings.log_lines([event(kind, participant="w", **data)], [WITNESS])[0]
    assert (told.about, told.by, told.detail) == ("W-7", "W-7", detail)


CODES = {
    HoldCode.absent: ("absent:defence", "Reason: somebody had to be in the room and was not: Defence counsel."),
    HoldCode.consent_withdrawn: ("consent_withdrawn", "Reason: the person withdrew the consent to be heard."),
    HoldCode.interpreter_line_poor: (
        "interpreter_line_poor:w",
        "Reason: the line of W-7, who interpreted, was too poor for it three times within ten minutes.",
    ),
    HoldCode.interpreter_lost: (
        "interpreter_lost:ro,th",
        "Reason: nobody interpreted into Romanian, Thai any more.",
    ),
    HoldCode.line_lost: ("line_lost:w", "Reason: the line of W-7 was lost."),
    HoldCode.recording_failing: ("recording_failing:disk_full", "Reason: the recording was not known to be running."),
    HoldCode.replaced: ("replaced:w", "Reason: W-7 had taken somebody's place."),
}
"""By code: the reason of a hold by the service, and what a reader reads of it."""


@pytest.mark.parametrize("code", list(HoldCode))
def test_a_hold_by_the_service_says_why_in_words_in_the_log_and_in_the_history(code):
    reason, words = CODES[code]
    told = happenings.log_lines([event("hold", SYSTEM.id, reason=reason, cause="fault")], [WITNESS])[0]
    assert (told.by, told.detail) == ("The system", words)
    assert happenings.because(change(SYSTEM.id, reason), [WITNESS]) == words


@pytest.mark.parametrize("code", FAILING)
def test_why_a_recording_fails_is_said_in_words(code):
    told = [happenings.log_lines([event(kind, SYSTEM.id, code=code)], [])[0].detail for kind in FAILED]
    assert {*told, happenings.because(change(SYSTEM.id, code), [])} == {str(FAILING[code])}


FAILED = ("recording_failing", "recording_failed")
NAMES = (
    *("cause", "code", "mode", "step", "method", "what", "why", "purpose", "source", "status", "condition", "lang"),
    *("form", "outcome", "ruling", "without_comparison"),
)
"""Fields in which the service keeps codes."""


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in recorded_acts.TITLES])
def test_no_code_of_the_program_is_shown_raw_whatever_the_event(kind):
    """Not one that a later version keeps either."""
    for name in NAMES:
        told = happenings.log_lines([event(kind.value, SYSTEM.id, **{name: "of_a_later_version"})], [WITNESS])[0]
        assert name == "lang" or "of_a_later" not in told.what + told.by + told.about + told.detail, name


def test_what_somebody_wrote_is_no_code_even_if_it_looks_like_one():
    told = happenings.log_lines([event("hold", reason="absent: the counsel", cause="order")], [WITNESS])[0]
    assert told.detail == "absent: the counsel"
    assert happenings.because(change("j", "absent: the counsel"), []) == "<bdi>absent: the counsel</bdi>"
    begun = happenings.because(change(SYSTEM.id, "absent: the counsel"), [])
    assert begun == "Reason noted by the system: absent: the counsel"


def test_a_protected_name_stands_in_no_reason_of_the_log():
    hidden = WITNESS.model_copy(update={"display_name": "Ana Pop", "identity_method": "protected_identity"})
    for kind in (EventKind.hold, EventKind.break_ordered, EventKind.closed_session_begun, EventKind.removed):
        told = happenings.log_lines([event(kind.value, "j", reason="Ana Pop is unwell", cause="order")], [hidden])[0]
        assert "unwell" in told.detail and "Ana Pop" not in told.detail, kind


def test_the_order_of_a_closed_session_names_who_was_excluded_and_who_can_open_it():
    order = event("closed_session_begun", "j", reason="State secrets", out=["w"], recipients=["authority TH"])
    assert happenings.log_lines([order], [WITNESS])[0].detail == (
        "State secrets; W-7 was excluded. Recorded to a key of its own, readable by: authority of Thailand."
    )


def change(actor: str, reason: str) -> StatusChange:
    return StatusChange(
        owner_state="RO", subject="sitting", subject_id="s", before="in_session", after="held", at=NOW, actor=actor,
        actor_label="", reason=reason,
    )  # fmt: skip


RECORDING = Recording(owner_state="RO", sitting_id="s", since=NOW, origin="o", opened_at=NOW)
CLOCKS = [CourtClock("RO", "Bucharest", "Europe/Bucharest"), CourtClock("TH", "Bangkok", "Asia/Bangkok")]


@pytest.mark.parametrize(
    ("data", "about", "detail"),
    [
        ({"track": "witness_1_mic", "participant": "w"}, "W-7", "sound"),
        ({"track": "witness_1_cam", "participant": "w"}, "W-7", "picture"),
        ({"track": "channel_ro", "lang": "ro"}, "", "Interpretation into Romanian"),
        ({"track": "witness_1_mic"}, "", "sound"),
    ],
)
def test_a_gap_tells_what_is_missing_when_and_why(data, about, detail):
    gap = event("gap", "system", from_ms=-5_000, until_ms=-2_500, cause="late", **data)
    (told,) = happenings.log_lines([gap], [WITNESS], recordings=[RECORDING], clocks=CLOCKS)
    at = "\u206608:59:55–08:59:57\u2069 (\u206613:59:55\u2069 in Bangkok)"
    assert (told.about, told.detail) == (about, f"{detail}, {at}: it arrived too late to be kept")
    (told,) = happenings.log_lines([gap], [WITNESS])
    assert told.detail == f"{detail}: it arrived too late to be kept"


def test_every_cause_of_a_gap_has_words():
    assert set(gaps.CAUSES) == journal_lines.CAUSES
