"""The plan of a room: what the rules keep out of the recording has no track, for the worker and for the recorder."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from hearings.agreement import room_rules
from hearings.models import Participant
from hearings.requests import conditions
from hearings.roles import Role
from hearings.status import PresenceStatus, SittingStatus
from media import messages
from media.live import routing
from web.live import plan


def seat(role: Role, speaks: str = "th", renders: str = "") -> Participant:
    return Participant(
        id=role.value,
        owner_state="RO",
        hearing_id="-",
        role=role,
        display_name="-",
        state="TH",
        speaks=speaks,
        renders=renders,
        presence=PresenceStatus.present,
        presence_since=datetime.now(UTC),
        microphone=True,
        camera=True,
        essential=True,
    )


PEOPLE = [seat(Role.presiding_judge, "ro"), seat(Role.witness), seat(Role.interpreter, renders="ro")]
LANGUAGES = ["ro", "th"]


def made(*items: dict[str, str]) -> tuple[list[str], dict[str, routing.Tracks]]:
    """Tracks the recorder is told of, and tracks each seat's media go to."""
    rules = room_rules.of(None, conditions.parse(items))
    wanted = plan.room_plan(
        version=1,
        participants=PEOPLE,
        languages=LANGUAGES,
        status=SittingStatus.in_session,
        floor_open=True,
        recording_open=True,
        rules=rules,
    )
    passed: messages.Plan = messages_of(wanted)
    return [one.track for one in plan.recorded_tracks(PEOPLE, LANGUAGES, rules)], routing.recorded(passed)


def messages_of(wanted: messages.Plan) -> messages.Plan:
    """As the worker decodes it: an empty name of a track must pass its checks."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(wanted), type=messages.Plan)


def test_without_rules_everybody_and_every_channel_is_recorded() -> None:
    tracks, recorded = made()
    assert tracks == [
        "judge_1_mic", "judge_1_cam", "witness_1_mic", "witness_1_cam", "interpreter_1_mic", "interpreter_1_cam",
        "channel_ro", "channel_th",
    ]  # fmt: skip
    assert recorded["interpreter"] == routing.Tracks(("interpreter_1_mic", "channel_ro"), ("interpreter_1_cam",))


def test_a_picture_that_must_not_be_recorded_goes_nowhere() -> None:
    tracks, recorded = made({"kind": "no_recording_of", "who": "witness", "what": "picture"})
    assert "witness_1_cam" not in tracks
    assert recorded["witness"] == routing.Tracks(("witness_1_mic",), ())
    assert recorded["presiding_judge"] == routing.Tracks(("judge_1_mic",), ("judge_1_cam",))


def test_without_the_interpreters_voice_there_are_no_channels_either() -> None:
    tracks, recorded = made({"kind": "no_recording_of", "who": "interpreter", "what": "sound"})
    assert tracks == ["judge_1_mic", "judge_1_cam", "witness_1_mic", "witness_1_cam", "interpreter_1_cam"]
    assert recorded["interpreter"] == routing.Tracks((), ("interpreter_1_cam",))


SESSION = {"srtp_profiles": ["SRTP_AEAD_AES_256_GCM"], "audio_codec": "opus-wb", "audio_kbps": 24, "video_kbps": 4_355}


@pytest.mark.parametrize(
    ("session", "arguments"),
    [
        ({}, ""),
        (
            SESSION,
            "--srtp SRTP_AEAD_AES_256_GCM --bitrate 4816900 --voice-hz 8000 --voice-bitrate 24000",
        ),
        (SESSION | {"srtp_profiles": []}, "--bitrate 4816900 --voice-hz 8000 --voice-bitrate 24000"),
    ],
)
def test_a_worker_is_told_what_was_agreed(session: dict[str, Any], arguments: str) -> None:
    """The rate is that of a camera and a voice, and a tenth for what goes with them."""
    assert plan.as_agreed(session) == arguments.split()
