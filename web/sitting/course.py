"""The course of a recorded sitting in words: rows of the timeline and of its table, and the quality of the lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hearings.events import EventKind as K
from hearings.roles import Role
from hearings.signatures.recipients import KINDS
from hearings.sitting import closed_sessions
from media.evidence.log import course
from media.evidence.log.course import Course, Stretch
from media.evidence.log.journal_lines import PAUSE
from web.words import event_log, gaps, roles
from web.words.i18n import N_, _, language_here, listed, one_by_one, state_name
from web.words.sentences import translated

MARKS: dict[K, str] = {
    K.started: "course",
    K.closing: "course",
    K.aborted: "course",
    K.break_ordered: "course",
    K.break_ended: "course",
    K.hold: "course",
    K.resumed: "course",
    K.reconnecting: "course",
    K.recording_failing: "course",
    K.recording_back: "course",
    K.second_copy_lost: "course",
    K.second_copy_back: "course",
    K.closed_session_begun: "course",
    K.closed_session_ended: "course",
    K.unrecorded_begun: "course",
    K.unrecorded_ended: "course",
    K.exhibit_shown: "exhibit",
    K.log_note: "note",
    K.rights_notice: "note",
    K.counsel_waived: "note",
    K.oath: "note",
    K.interpreting: "note",
    K.objection: "note",
    K.privilege_claim: "note",
    K.objection_withdrawn: "note",
    K.ruling: "note",
    K.intervention: "note",
    K.remark: "note",
    K.entry_withdrawn: "note",
    K.counsel_asked: "note",
    K.card_adopted: "note",
    K.card_read: "note",
    K.card_rendered: "note",
    K.card_answered: "note",
}
"""The entries of the log that the timeline marks, and the shape of each mark."""
STEPS = 120
"""The most intervals into which the quality of the lines is divided."""
SEGMENT = 2_000
"""Milliseconds of a segment: no interval is shorter."""
WEAK = 5.0
"""Per cent of packets lost in an interval from which a line counts as weak (docs/player.md)."""


@dataclass(frozen=True)
class TimelineRow:
    """A row of the picture: what was recorded, and what is missing from it. `kind`: seat, language, pause, closed or
    hold."""

    label: str
    kind: str
    recorded: Sequence[Stretch]
    missing: Sequence[Stretch]


@dataclass(frozen=True)
class CourseLine:
    """A row of the table: from when to when (ms), who, what, and why something is missing or by whom it was done."""

    t0: int
    t1: int | None
    who: str
    what: str
    detail: str
    gap: bool = False


@dataclass(frozen=True)
class LineQuality:
    """The packets of one person's tracks, by even intervals."""

    label: str
    shares: Sequence[course.LossShare]
    lost_ms: int
    """For how long nothing came: gaps of cause `network`, of the sound."""

    @property
    def received(self) -> int:
        """Packets that arrived."""
        return sum(share.received for share in self.shares)

    @property
    def lost(self) -> int:
        """Packets that did not."""
        return sum(share.lost for share in self.shares)

    @property
    def percent(self) -> float:
        """Lost of all that were sent."""
        sent = self.received + self.lost
        return 100 * self.lost / sent if sent else 0.0

    @property
    def worst(self) -> course.LossShare | None:
        """The interval with the largest loss; None where nothing was lost."""
        measured = [share for share in self.shares if share.percent]
        return max(measured, key=lambda share: share.percent or 0, default=None)


def instant(sitting: Course, t: int) -> datetime:
    """The instant of a time of the recording, UTC."""
    return datetime.fromtimestamp(sitting.zero // 1_000_000_000, UTC) + timedelta(milliseconds=t)


def person(sitting: Course, track: course.TrackCourse, at: int = 0) -> str:
    """`Witness (Thailand)`, by the seat; where the journal names nobody, the role of the track."""
    seated = sitting.seated(track.name, at)
    if seated is None:
        return roles.label(track.role.split(" ")[0])
    return _("{role} ({state})").format(role=roles.label(seated.role), state=state_name(seated.state))


def rows(sitting: Course) -> list[TimelineRow]:
    """The rows of the picture: a microphone a seat, then languages, breaks, and holds. Pictures have none."""
    found = []
    for kind, tracks in (("seat", "floor-audio"), ("language", "language")):
        for track in sitting.tracks.values():
            if track.kind == tracks:
                label = channel(track) if kind == "language" else person(sitting, track)
                found.append(TimelineRow(label, kind, track.recorded, [gap for gap in track.gaps if gap.missing]))
    holds = sitting.holds()
    breaks = [Stretch(pause.t0, sitting.end if pause.t1 is None else pause.t1) for pause in sitting.pauses]
    found += [TimelineRow(_("Break"), "pause", breaks, [])] if breaks else []
    closed = [Stretch(one.t0, sitting.end if one.t1 is None else one.t1) for one in sitting.closed]
    found += [TimelineRow(_("Closed session"), "closed", closed, [])] if closed else []
    return [*found, *([TimelineRow(_(event_log.WORDS[K.hold]), "hold", holds, [])] if holds else [])]


def closed_stretches(sitting: Course) -> list[CourseLine]:
    """What was recorded in closed sessions, and who alone can open it."""
    return [
        CourseLine(
            one.t0,
            sitting.end if one.t1 is None else one.t1,
            "",
            _("Closed session: recorded to a key of its own"),
            _("Readable by: {readers}").format(readers=readers(one.recipients)),
        )
        for one in sitting.closed
    ]


def readers(recipients: Sequence[str]) -> str:
    """Recipients as the journal names them, in words; one of another form unchanged."""
    return one_by_one(dict.fromkeys(map(_reader, recipients)))


def _reader(name: str) -> str:
    kind, _space, state = name.rpartition(" ")
    return translated(closed_sessions.reader(kind, state)) if kind in KINDS else name


def interruptions(sitting: Course) -> list[CourseLine]:
    """What is missing, one line for all that is missing at one time with one cause."""
    return [
        CourseLine(
            gap.t0,
            gap.t1,
            listed(dict.fromkeys(person(sitting, track, gap.t0) for track in tracks)),
            listed(dict.fromkeys(gaps.what(_gap(track, gap)) for track in tracks)),
            gaps.cause({"cause": gap.cause}),
            True,
        )
        for gap, tracks in sitting.interruptions()
    ]


def _gap(track: course.TrackCourse, gap: Stretch) -> dict[str, str]:
    lang = track.lang if track.kind == "language" else ""
    return {"track": track.name, "cause": gap.cause, "lang": lang}


def marks(sitting: Course) -> list[course.Entry]:
    """The entries that the timeline marks."""
    return [entry for entry in sitting.entries if entry.kind in MARKS]


def table(sitting: Course) -> list[CourseLine]:
    """Everything the picture has, and the gaps of pictures, in order of time."""
    lines = [*_stretches(sitting), *closed_stretches(sitting), *_entries(sitting)]
    return sorted(lines, key=lambda line: (line.t0, line.t1 or 0))


def _stretches(sitting: Course) -> Iterator[CourseLine]:
    for track in sitting.tracks.values():
        voice = track.kind == "language"
        for stretch in track.recorded if track.kind in {"floor-audio", "language"} else ():
            what = channel(track) if voice else _(MICROPHONE)
            yield CourseLine(stretch.t0, stretch.t1, person(sitting, track, stretch.t0), what, "")
        for gap in track.gaps:
            data = _gap(track, gap)
            what = _("Not recorded: {what}").format(what=gaps.what(data))
            cause = break_by(sitting.paused_by(gap.t0)) if gap.cause == PAUSE else gaps.cause(data)
            yield CourseLine(gap.t0, gap.t1, person(sitting, track, gap.t0), what, cause, gap.missing)
    for pause in sitting.pauses:
        end = sitting.end if pause.t1 is None else pause.t1
        yield CourseLine(pause.t0, end, "", _("Break: by order, nothing was recorded"), break_by(pause.by))
    for hold in sitting.holds():
        yield CourseLine(hold.t0, hold.t1, "", _("Hold: the floor was closed"), "")


def break_by(role: str) -> str:
    """Who ordered a break in which the recording was paused, by the role that the journal names."""
    if role == Role.presiding_judge:
        return _("break ordered by the presiding judge")
    if role:
        return _("break ordered by: {role}").format(role=roles.label(role))
    return gaps.cause({"cause": PAUSE})


def _entries(sitting: Course) -> Iterator[CourseLine]:
    for entry in marks(sitting):
        about = next((each for each in sitting.people if each.seat == entry.seat), None)
        who = roles.label(entry.who) if entry.who else _("The system")
        detail = roles.label(about.role) if about else ""
        yield CourseLine(entry.t, None, who, _(event_log.WORDS[K(entry.kind)]), detail)


MICROPHONE = N_("Microphone on, recorded")


def channel(track: course.TrackCourse) -> str:
    """`Interpretation into Thai`, of a language's track."""
    return _("Interpretation into {language}").format(language=language_here(track.lang))


def step_of(sitting: Course) -> int:
    """The length of an interval, ms: whole segments, at most `STEPS` of them to the end."""
    return max(1, -(-sitting.end // (STEPS * SEGMENT))) * SEGMENT


def quality(sitting: Course) -> list[LineQuality]:
    """The line of each person, from the packets of microphone and camera. Channels have no line of their own."""
    seats: dict[str, list[course.TrackCourse]] = {}
    for track in sitting.tracks.values():
        if track.kind in {"floor-audio", "floor-video", "screen"}:
            seats.setdefault(track.role, []).append(track)
    step = step_of(sitting)
    return [
        LineQuality(
            person(sitting, tracks[0]),
            course.losses(tracks, end=sitting.end, step=step),
            sum(
                gap.t1 - gap.t0
                for track in tracks
                if track.kind == "floor-audio"
                for gap in track.gaps
                if gap.cause == "network"
            ),
        )
        for tracks in seats.values()
    ]
