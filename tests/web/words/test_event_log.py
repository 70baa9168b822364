"""The log of a hearing in words."""

from datetime import UTC, datetime

import pytest

from hearings.events import EventKind
from hearings.models import HearingEvent, Participant, Recording
from hearings.roles import Role
from media.evidence.log import journal_lines
from web.words import event_log as happenings, gaps
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
        ("hold", {"reason": "unwell", "cause": "order"}, "unwell"),
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
