"""From rows to grants: the wanted state of a media room, as the worker understands it. Pure.

`hearings` decides who is admitted, what they speak and hear; `media` forwards packets. Neither knows the other;
this module translates.
"""

import secrets
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from hearings.agreement import profiles
from hearings.agreement.room_rules import NO_RULES, RoomRules
from hearings.models import Participant
from hearings.roles import SHORT, Role, channel_track
from hearings.status import IN_ROOM, LIVE_SITTINGS, SittingStatus
from media import messages

FEEDING = frozenset(
    {
        SittingStatus.roll_call,
        SittingStatus.pre_record,
        SittingStatus.in_session,
        SittingStatus.paused,
        SittingStatus.held,
        SittingStatus.closing,
    }
)
"""Statuses of a sitting in which frames go to the recorder. It keeps them only in a sound check or a recording."""


def as_agreed(session: Mapping[str, Any]) -> list[str]:
    """Arguments of a media worker by which it protects media as agreed and asks pages for the agreed rates and band.

    None without an agreement; no protection in terms made before it was negotiated.
    """
    if not session:
        return []
    protection = session.get("srtp_profiles", [])
    headroom = 100 + profiles.table()["headroom_percent"]
    return [
        *(["--srtp", *protection] if protection else []),
        *("--bitrate", str((session["video_kbps"] + session["audio_kbps"]) * 10 * headroom)),
        *("--voice-hz", str(profiles.audio_hz()[session["audio_codec"]])),
        *("--voice-bitrate", str(session["audio_kbps"] * 1_000)),
    ]


VOICELESS = frozenset({Role.technician, Role.central_authority, Role.custodian, Role.auditor})
"""Roles that are never recorded: they have no voice in a hearing."""


def seat_plan(participant: Participant, rules: RoomRules = NO_RULES) -> messages.SeatPlan:
    """One participant's grant. What the rules keep out of the recording has no track: it never reaches the recorder."""
    return messages.SeatPlan(
        seat=participant.id,
        present=participant.presence in IN_ROOM,
        speaks=participant.speaks,
        hears=participant.hears,
        original=participant.original,
        interpreter=participant.role is Role.interpreter,
        renders=participant.renders,
        microphone=participant.microphone and not participant.muted_by_court,
        camera=participant.camera,
        mic_track=participant.mic_track if rules.records(participant.role, "mic") else "",
        cam_track=participant.cam_track if rules.records(participant.role, "cam") else "",
    )


def room_plan(
    *,
    version: int,
    participants: Iterable[Participant],
    languages: Iterable[str],
    status: SittingStatus,
    floor_open: bool,
    recording_open: bool,
    rules: RoomRules = NO_RULES,
) -> messages.Plan:
    """The whole wanted state of the room."""
    return messages.Plan(
        version=version,
        floor_open=floor_open and status is not SittingStatus.closed,
        feed=status in FEEDING,
        expect_seals=recording_open and status in LIVE_SITTINGS,
        seats=[seat_plan(participant, rules) for participant in participants],
        channels=[messages.ChannelPlan(lang=lang, track=channel_track(lang)) for lang in _recorded(languages, rules)],
    )


def _recorded(languages: Iterable[str], rules: RoomRules) -> list[str]:
    """The channels that are recorded: all, or none when interpreters' voices are not to be."""
    return list(languages) if rules.records_channels else []


def recorded_tracks(
    participants: Iterable[Participant], languages: Iterable[str], rules: RoomRules = NO_RULES
) -> list[messages.TrackPlan]:
    """Every track a recording may hold. Required: the people who must be seen and heard, and each channel.

    What is not to be recorded by agreement has no track at all; it is no gap.
    """
    tracks: list[messages.TrackPlan] = []
    for participant in participants:
        if participant.role in VOICELESS:
            continue
        for kind, track in (("mic", participant.mic_track), ("cam", participant.cam_track)):
            if rules.records(participant.role, kind):
                tracks.append(
                    messages.TrackPlan(
                        track=track,
                        role=f"{SHORT[participant.role]} {participant.number}",
                        kind="floor-audio" if kind == "mic" else "floor-video",
                        lang=participant.speaks if kind == "mic" else "",
                        required=participant.essential and participant.role is not Role.interpreter,
                        pseudonym=False,
                    )
                )
    tracks.extend(
        messages.TrackPlan(
            track=channel_track(lang), role="interpreter", kind="language", lang=lang, required=True, pseudonym=False
        )
        for lang in _recorded(languages, rules)
    )
    return tracks


def with_version(wanted: messages.Plan, version: int) -> messages.Plan:
    """The same plan under another number: the worker takes no older one than it has."""
    return messages.Plan(
        version=version,
        floor_open=wanted.floor_open,
        feed=wanted.feed,
        expect_seals=wanted.expect_seals,
        seats=wanted.seats,
        channels=wanted.channels,
    )


def free_udp_port(host: str, ports: tuple[int, int]) -> int:
    """A UDP port of the range that nobody holds now. Raises OSError when all are taken."""
    first, last = ports
    candidates = list(range(first, last + 1))
    start = secrets.randbelow(len(candidates))
    for port in candidates[start:] + candidates[:start]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"no UDP port is free from {first} to {last}; widen VIVAVOCE_UDP_PORTS")
