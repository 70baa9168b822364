"""From rows to grants: the wanted state of a media room, as worker and recorder understand it. Pure.

`hearings` decides who is admitted, what they speak and hear; `media` forwards packets. Neither knows the other;
this module translates. `grants` makes what is forwarded and what is recorded as one value: nothing is forwarded in a
sitting that has no recorded track, except by a right that `UNRECORDED` names.
"""

import secrets
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hearings.agreement import profiles
from hearings.agreement.room_rules import RoomRules
from hearings.hearing import floor
from hearings.models import HearingEvent, Participant, Sitting
from hearings.roles import SHORT, Role, channel_track
from hearings.sitting import sealed_facts
from hearings.status import IN_ROOM, LIVE_SITTINGS, SittingStatus
from media import messages
from web.live.view import nanoseconds

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


UNRECORDED: Mapping[messages.Unrecorded, str] = {
    "before_start": "Roll call and sound check come before the sitting: nothing said there is evidence (docs/live.md).",
    "condition": "A condition of the requested State, `no_recording_of` (docs/conditions.md); its law governs how the "
    "request is carried out: UNTOC 18(17), UNCAC 46(17).",
    "sound_only": "The technical agreement, signed by both States, records no picture (docs/agreement.md).",
    "line_test": "A line test is between technicians, before there is a hearing (`web.live.line_rooms`).",
}
"""By what right a source is forwarded that no track records. There is no other; a private room is not built."""
BEFORE_START = frozenset({SittingStatus.lobby_open, SittingStatus.roll_call, SittingStatus.pre_record})
RECORDED = LIVE_SITTINGS | {SittingStatus.closing}
"""Statuses in which only what the recorder has a track for is sent on."""
LISTENING = BEFORE_START | LIVE_SITTINGS
"""Statuses in which people hear and see one another. While the end is being sealed, the recorder alone does."""

Kind = Literal["mic", "cam"]
KINDS: tuple[Kind, ...] = ("mic", "cam")


class Setting(Protocol):
    """What the grants of a room follow from: `Rows` and `Scene` are such."""

    @property
    def sitting(self) -> Sitting: ...
    @property
    def participants(self) -> Sequence[Participant]: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def rules(self) -> RoomRules: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A microphone or camera that may be forwarded: the track that records it, or by what right none does."""

    track: str
    unrecorded: messages.Unrecorded


CLOSED = Source("", "")


@dataclass(frozen=True, slots=True)
class Grants:
    """What the worker may forward, and what the recorder records: made together, so that the one is in the other."""

    plan: messages.Plan
    tracks: list[messages.TrackPlan]
    """Every track the recording may hold. The people who must be seen and heard, and each channel, are required."""


def grants(setting: Setting, *, opened: Collection[str] = (), recording_open: bool = False) -> Grants:
    """Who may send and receive what, and the tracks that record it. `opened`: tracks the recorder has said it has.

    A source that the recorder has no track for is not forwarded in a sitting, until it has one.
    """
    status, rules = setting.sitting.status, setting.rules
    sources = {(one.id, kind): source(one, kind, rules) for one in setting.participants for kind in KINDS}
    booked = setting.languages if rules.records_channels else []
    now = {key: _now(found, status, opened) for key, found in sources.items()}
    plan = messages.Plan(
        version=0,
        floor_open=setting.sitting.floor_open and not setting.sitting.holds and status is not SittingStatus.closed,
        feed=status in FEEDING,
        expect_seals=recording_open and status in LIVE_SITTINGS,
        seats=[_seat(one, now[one.id, "mic"], now[one.id, "cam"], setting) for one in setting.participants],
        channels=[
            messages.ChannelPlan(lang=lang, track=channel_track(lang))
            for lang in booked
            if _now(Source(channel_track(lang), ""), status, opened).track
        ],
    )
    people = [
        _person_track(one, kind, track)
        for one in setting.participants
        for kind in KINDS
        if (track := sources[one.id, kind].track)
    ]
    return Grants(plan, people + [_channel_track(lang) for lang in booked])


def source(one: Participant, kind: Kind, rules: RoomRules) -> Source:
    """Where a person's microphone or camera is recorded, or why it need not be; nowhere for who may not use it."""
    able = floor.has_voice(one.role) if kind == "mic" else floor.shows(one).allowed
    if not able:
        return CLOSED
    if rules.records(one.role, kind):
        return Source(one.mic_track if kind == "mic" else one.cam_track, "")
    return Source("", "condition" if (one.role, kind) in rules.unrecorded else "sound_only")


def _now(found: Source, status: SittingStatus, opened: Collection[str]) -> Source:
    """A source as it may be forwarded now."""
    if found == CLOSED or found.unrecorded:
        return found if status in BEFORE_START | RECORDED else CLOSED
    if status in BEFORE_START:
        return Source(found.track, "before_start")
    return found if status in RECORDED and found.track in opened else CLOSED


def _seat(one: Participant, mic: Source, cam: Source, setting: Setting) -> messages.SeatPlan:
    """One person's grant."""
    status = setting.sitting.status
    listens = status in LISTENING
    return messages.SeatPlan(
        seat=one.id,
        present=one.presence in IN_ROOM,
        speaks=one.speaks,
        hears=floor.channel(one, setting.languages) if listens else "",
        original=one.original,
        interpreter=one.role is Role.interpreter,
        renders=one.renders,
        microphone=one.microphone and not one.muted_by_court and mic != CLOSED and floor.speaks(one).allowed,
        muted_by_order=one.muted_by_court,
        camera=one.camera and cam != CLOSED,
        mic_track=mic.track,
        cam_track=cam.track,
        mic_unrecorded=mic.unrecorded,
        cam_unrecorded=cam.unrecorded,
        hears_floor=listens and floor.hears(one, status).allowed,
        sees=listens and floor.sees(one, status).allowed,
    )


def _person_track(one: Participant, kind: Kind, track: str) -> messages.TrackPlan:
    return messages.TrackPlan(
        track=track,
        role=f"{SHORT[one.role]} {one.number}",
        kind="floor-audio" if kind == "mic" else "floor-video",
        lang=one.speaks if kind == "mic" else "",
        required=one.essential and one.role is not Role.interpreter,
        pseudonym=False,
    )


def _channel_track(lang: str) -> messages.TrackPlan:
    return messages.TrackPlan(
        track=channel_track(lang), role="interpreter", kind="language", lang=lang, required=True, pseudonym=False
    )


def seated(participants: Iterable[Participant]) -> list[messages.SeatedPerson]:
    """Who sits where, as a recording's journal has it: with a hash, without a name."""
    return [
        messages.SeatedPerson(
            seat=sealed_facts.seat(one),
            role=one.role.value,
            state=one.state,
            sha256=sealed_facts.sha256(sealed_facts.person(one)),
        )
        for one in participants
    ]


def logged(events: Iterable[HearingEvent], participants: Sequence[Participant]) -> list[messages.LoggedEntry]:
    """Entries of the hearing's log as a recording's journal has them."""
    return [
        messages.LoggedEntry(
            entry=one.seq,
            kind=one.kind,
            at=nanoseconds(one.at),
            who=one.actor_role,
            seat=sealed_facts.seat_of(one, participants),
            sha256=sealed_facts.sha256(sealed_facts.entry(one)),
        )
        for one in events
    ]


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
