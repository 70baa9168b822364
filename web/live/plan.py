"""From rows to grants: the desired state of a media room, as messages to worker and recorder. Pure.

`hearings` decides who is admitted and what they speak and hear; `media` forwards packets. Neither imports the other;
this module translates. `grants` returns forwarding and recording as one value: in a sitting no source is forwarded
without a recorded track, except by a right that `UNRECORDED` names.
"""

import secrets
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hearings.agreement import profiles
from hearings.agreement.room_rules import RoomRules
from hearings.hearing import floor
from hearings.interpreting import booths, interpreters
from hearings.languages import signed
from hearings.models import HearingEvent, Participant, Sitting
from hearings.roles import CONDUCTING, HEARD, SHORT, Role, channel_track
from hearings.sitting import breaks, closed_sessions, recordings, sittings
from hearings.status import IN_ROOM, LIVE_SITTINGS, SittingStatus
from media import messages
from web.live.scene import nanoseconds

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
"""Statuses of a sitting in which frames are sent to the recorder. It keeps them only in a sound check or a
recording."""


def as_agreed(session: Mapping[str, Any]) -> list[str]:
    """Arguments of a media worker for the agreed SRTP protection, bit rates and audio bandwidth.

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
    "two_keys": "Presiding judge and requested authority have both decided, by name and with a reason, to go on "
    "while the recording fails (`hearings.sitting.unrecorded`): two people of two States, never one.",
}
"""The rights by which a source may be forwarded without a track that records it. There are no others, and no private
rooms."""
BEFORE_START = frozenset({SittingStatus.lobby_open, SittingStatus.roll_call, SittingStatus.pre_record})
RECORDED = LIVE_SITTINGS | {SittingStatus.closing}
"""Statuses in which a source is forwarded only if the recorder has a track for it."""
LISTENING = BEFORE_START | LIVE_SITTINGS
"""Statuses in which people hear and see one another. While the end is being sealed, only the recorder receives."""

FIRST = CONDUCTING | HEARD | {Role.interpreter}
"""Roles that have a place before others when there are more people than places: who conducts, is examined or
interprets."""
Kind = Literal["mic", "cam"]
KINDS: tuple[Kind, ...] = ("mic", "cam")


class Setting(Protocol):
    """Input from which the grants of a room are derived; `Rows` implements it."""

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
    """A microphone or camera that may be forwarded: the track that records it, or the right by which none does."""

    track: str
    unrecorded: messages.Unrecorded


CLOSED = Source("", "")


@dataclass(frozen=True, slots=True)
class Grants:
    """What the worker may forward and the recorder records, derived together so that they cannot differ."""

    plan: messages.Plan
    tracks: list[messages.TrackPlan]
    """Every track the recording may hold. The people who must be seen and heard, and each channel, are required."""


def grants(
    setting: Setting, *, opened: Collection[str] = (), recording_open: bool = False, waits: bool = False
) -> Grants:
    """Who may send and receive what, and the tracks that record it. `opened`: tracks that the recorder has confirmed.
    In a sitting, a source is not forwarded before the recorder has confirmed its track. `waits`: it has not confirmed
    yet what is ordered of the recording (`web.live.recorder.RecordingOrders`), and the floor is closed until then."""
    status, rules = setting.sitting.status, setting.rules
    people = [participant for participant in setting.participants if participant.device_of_id is None]
    heard_at = {row.device_of_id for row in setting.participants if row.role in HEARD and row.device_of_id}
    at = roles_at_devices(setting.participants)
    sources = {(row.id, kind): source(row, kind, rules, at[row.id]) for row in people for kind in KINDS}
    booked = [lang for lang in setting.languages if not signed(lang)] if rules.channels else []
    two_keys = sittings.unrecorded(setting.sitting)
    now = {key: _now(planned, status, opened, two_keys) for key, planned in sources.items()}
    whose = floor.turn(setting.sitting, setting.participants)
    quiet = set(booths.silenced(people, setting.languages, setting.sitting.booths or {})) - {whose.interpreter}
    plan = messages.Plan(
        version=0,
        floor_open=setting.sitting.floor_open
        and not setting.sitting.holds
        and status is not SittingStatus.closed
        and (not waits or two_keys),
        feed=status in FEEDING,
        expect_seals=recording_open and status in LIVE_SITTINGS and not two_keys,
        without_recording=two_keys,
        seats=[
            _seat(participant, now[participant.id, "mic"], now[participant.id, "cam"], setting, heard_at, whose, quiet)
            for participant in people
        ],
        channels=[
            messages.ChannelPlan(lang=lang, track=channel_track(lang))
            for lang in booked
            if _now(Source(channel_track(lang), ""), status, opened, two_keys).track
        ],
    )
    tracks = [
        _person_track(participant, kind, track)
        for participant in people
        for kind in KINDS
        if (track := sources[participant.id, kind].track)
    ]
    return Grants(plan, tracks + [_channel_track(lang) for lang in booked])


def roles_at_devices(participants: Iterable[Participant]) -> Mapping[str, Collection[Role]]:
    """By the id of who has a device, the roles of everybody who sits at it."""
    at: dict[str, set[Role]] = {}
    for row in participants:
        if row.device_of_id is None or row.vacated_at is None:
            at.setdefault(row.device_of_id or row.id, set()).add(row.role)
    return at


def source(participant: Participant, kind: Kind, rules: RoomRules, at: Collection[Role]) -> Source:
    """The source of a person's microphone or camera: the track that records it, or the right by which it is not
    recorded; `CLOSED` for a person who may not use it. `at`: the roles of everybody at the device; what must not be
    recorded of one of them is not."""
    able = floor.has_voice(participant.role) if kind == "mic" else floor.shows(participant).allowed
    if not able:
        return CLOSED
    if all(rules.records(role, kind) for role in at):
        return Source(participant.mic_track if kind == "mic" else participant.cam_track, "")
    return Source("", "condition" if any((role, kind) in rules.unrecorded for role in at) else "sound_only")


def _now(planned: Source, status: SittingStatus, opened: Collection[str], two_keys: bool) -> Source:
    """The source as it may be forwarded in the present status of the sitting. `two_keys`: without a recording; it goes
    to the recorder all the same, if that has its track."""
    if planned == CLOSED or planned.unrecorded:
        return planned if status in BEFORE_START | RECORDED else CLOSED
    if status in BEFORE_START:
        return Source(planned.track, "before_start")
    if two_keys and status in LIVE_SITTINGS:
        return Source(planned.track if planned.track in opened else "", "two_keys")
    return planned if status in RECORDED and planned.track in opened else CLOSED


def _seat(
    participant: Participant,
    mic: Source,
    cam: Source,
    setting: Setting,
    heard_at: Collection[str],
    whose: floor.Turn,
    quiet: Collection[str],
) -> messages.SeatPlan:
    """One person's grant. `heard_at`: those at whose device a person heard sits; `whose` turn it is to speak to the
    floor; `quiet`: interpreters whose turn in their booth it is not (`booths.silenced`)."""
    status = setting.sitting.status
    listens = status in LISTENING
    return messages.SeatPlan(
        seat=participant.id,
        present=participant.presence in IN_ROOM,
        speaks=participant.speaks,
        hears=floor.channel(participant, setting.languages) if listens else "",
        original=participant.original,
        interpreter=participant.role is Role.interpreter,
        renders=participant.renders,
        to_floor=floor.to_floor(participant, whose),
        booth=booths.key(participant, setting.languages),
        microphone=participant.microphone
        and participant.id not in quiet
        and not participant.muted_by_court
        and mic != CLOSED
        and floor.speaks(participant, whose).allowed,
        muted_by_order=participant.muted_by_court,
        camera=participant.camera and cam != CLOSED,
        mic_track=mic.track,
        cam_track=cam.track,
        mic_unrecorded=mic.unrecorded,
        cam_unrecorded=cam.unrecorded,
        hears_floor=listens and floor.hears(participant, status).allowed,
        sees=listens and floor.sees(participant, status).allowed,
        first=participant.role in FIRST or participant.id in heard_at,
        essential=status in LIVE_SITTINGS and _essential(participant, setting, heard_at),
        pinned=participant.pinned_id,
    )


def _essential(participant: Participant, setting: Setting, heard_at: Collection[str]) -> bool:
    """Whether the floor is closed at once when the line of a person is lost. Not that of an interpreter whose partner
    in the booth is there, or, in consecutive interpreting, whose languages nobody needs or somebody else there has."""
    people, booked = setting.participants, setting.languages
    if booths.has_partner(participant, people, booked):
        return False
    if participant.id in heard_at:
        return True
    in_turn = interpreters.consecutive(setting.sitting, setting.rules)
    return participant.essential and bool(interpreters.reason_of_loss(participant, people, booked, in_turn=in_turn))


def _person_track(participant: Participant, kind: Kind, track: str) -> messages.TrackPlan:
    return messages.TrackPlan(
        track=track,
        role=f"{SHORT[participant.role]} {participant.number}",
        kind="floor-audio" if kind == "mic" else "floor-video",
        lang=participant.speaks if kind == "mic" else "",
        required=participant.essential and participant.role is not Role.interpreter,
        pseudonym=False,
    )


def _channel_track(lang: str) -> messages.TrackPlan:
    return messages.TrackPlan(
        track=channel_track(lang), role="interpreter", kind="language", lang=lang, required=True, pseudonym=False
    )


def recording_pause(sitting: Sitting) -> messages.OrderedPause | None:
    """The pause of the recording that is in force by the rows, as the recorder journals it."""
    pause = breaks.recording_pause(sitting)
    return None if pause is None else messages.OrderedPause(by=pause.by, reason=pause.purpose)


def recording_stretch(sitting: Sitting) -> list[messages.NamedRecipient]:
    """Who alone can open what is recorded now, by the rows; empty: the recipients of the recording."""
    return [messages.NamedRecipient(name=name, recipient=key) for name, key in closed_sessions.stretch(sitting)]


def seated(participants: Iterable[Participant]) -> list[messages.SeatedPerson]:
    """The people by seat, as the journal records them: with a hash instead of the name."""
    return [
        messages.SeatedPerson(
            seat=recordings.seat(participant),
            role=participant.role.value,
            state=participant.state,
            sha256=recordings.sha256(recordings.person(participant)),
        )
        for participant in participants
    ]


def logged(events: Iterable[HearingEvent], participants: Sequence[Participant]) -> list[messages.LoggedEntry]:
    """Entries of the hearing's log, as the journal records them."""
    return [
        messages.LoggedEntry(
            entry=event.seq,
            kind=event.kind,
            at=nanoseconds(event.at),
            who=event.actor_role,
            seat=recordings.seat_of(event, participants),
            sha256=recordings.sha256(recordings.entry(event)),
        )
        for event in events
    ]


def with_version(wanted: messages.Plan, version: int) -> messages.Plan:
    """The same plan under another version number: the worker refuses one older than its own."""
    return messages.Plan(
        version=version,
        floor_open=wanted.floor_open,
        feed=wanted.feed,
        expect_seals=wanted.expect_seals,
        without_recording=wanted.without_recording,
        seats=wanted.seats,
        channels=wanted.channels,
    )


def free_udp_port(host: str, ports: tuple[int, int]) -> int:
    """A UDP port of the range that is free now. Raises OSError when all are in use."""
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
