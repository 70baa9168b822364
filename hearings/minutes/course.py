"""What the minutes say happened: times, course, interruptions, interventions of the authority, and the recording."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from hearings.actors import SYSTEM
from hearings.events import EventKind
from hearings.minutes import acts as minutes_acts
from hearings.minutes.facts import Line, Passage, Telling, line, log, open_line, passage
from hearings.minutes.people import CAPACITIES, CONSENTS
from hearings.minutes.phrases import N_, Land, Phrase, Term, Tongue, phrase
from hearings.models import HearingEvent, Recording
from hearings.models.sitting import HoldCause, HoldCode
from hearings.sitting import gaps
from hearings.status import RecordingStatus

K = EventKind


def times(told: Telling) -> Iterator[Passage]:
    """Where, and when each sitting began and ended, by both courts' clocks and in UTC."""
    hearing = told.facts.hearing
    yield passage(
        "times.places",
        line(
            N_("Requesting court: {city} ({state}), time zone {zone}."),
            "row:hearing.requesting_city",
            city=hearing.requesting_city,
            state=Land(hearing.requesting_state),
            zone=hearing.requesting_zone,
        ),
        line(
            N_("Requested authority: {city} ({state}), time zone {zone}."),
            "row:hearing.requested_city",
            city=hearing.requested_city,
            state=Land(hearing.requested_state),
            zone=hearing.requested_zone,
        ),
        line(
            N_("Fixed for: {time}; time-zone data {version}."),
            "row:hearing.starts_at",
            time=told.when(hearing.starts_at),
            version=hearing.tzdb_version,
        ),
    )
    for number, sitting in enumerate(told.facts.sittings, 1):
        source = f"row:sitting.{number}"
        lines = [line(N_("Sitting {number}: lobby opened {time}."), source, number=number, time=_opened(told, number))]
        if sitting.started_at:
            lines.append(line(N_("In session from {time}."), source, time=told.when(sitting.started_at)))
        else:
            lines.append(line(N_("It was not in session."), source))
        if sitting.closed_at:
            lines.append(line(N_("Closed {time}."), source, time=told.when(sitting.closed_at)))
        else:
            lines.append(line(N_("Not closed when this was drafted."), source))
        yield passage(f"times.sitting_{number}", *lines)


def _opened(told: Telling, number: int) -> Any:
    opened = [event for event in told.facts.events if event.kind == K.lobby_opened]
    return told.when(opened[number - 1].at) if len(opened) >= number else "–"


Saying = tuple[str, Callable[[Telling, HearingEvent], Mapping[str, Any]]]


def _nothing(told: Telling, event: HearingEvent) -> Mapping[str, Any]:
    return {}


def _actor(told: Telling, event: HearingEvent) -> Mapping[str, Any]:
    return {"who": told.who(event)}


def _person(told: Telling, event: HearingEvent) -> Mapping[str, Any]:
    return {"who": told.who(event), "person": told.about(event)}


TOLD: Mapping[str, Saying] = {
    K.lobby_opened: (N_("{time}: {who} opened the lobby."), _actor),
    K.roll_call: (N_("{time}: {who} began the roll call."), _actor),
    K.pre_record: (N_("{time}: sound checks began."), _nothing),
    K.start_ordered: (N_("{time}: {who} ordered the start."), _actor),
    K.started: (N_("{time}: the sitting was in session."), _nothing),
    K.admitted: (N_("{time}: {who} admitted {person} to the room."), _person),
    K.returned_to_lobby: (N_("{time}: {who} sent {person} back to the lobby."), _person),
    K.removed: (N_("{time}: {who} removed {person} from the hearing."), _person),
    K.released: (N_("{time}: {who} released {person} from the hearing."), _person),
    K.muted: (N_("{time}: {who} muted {person}."), _person),
    K.hold: (N_("{time}: {who} closed the floor."), _actor),
    K.resumed: (N_("{time}: {who} went on with the sitting."), _actor),
    "time_limit_reached": (N_("{time}: the time the requested State had set was used up."), _nothing),
    "break_due": (N_("{time}: a pause was due by the conditions of the requested State."), _nothing),
    "data_lost": (N_("{time}: data of the hearing were lost, and an older state was put back."), _nothing),
    K.closing: (N_("{time}: {who} closed the sitting."), _actor),
    K.closed: (N_("{time}: the sitting was closed and everybody left the room."), _nothing),
    K.aborted: (N_("{time}: {who} broke the hearing off."), _actor),
}
"""What stands in the course of the hearing."""
ELSEWHERE: frozenset[str] = frozenset(
    {K.identity_confirmed, K.notice_acknowledged, K.devices_checked, K.sound_check, K.render_changed, K.entered}
    | {K.joined, K.left, K.reconnecting, K.media_lost, K.media_back, K.gap, K.recording_opened, K.recording_failing}
    | {K.recording_back, K.recording_sealed, K.recording_failed, "condition_confirmed"}
    | {K.rights_notice, K.oath, K.interpreting, K.objection, K.privilege_claim, K.ruling, K.exhibit_shown}
    | {K.intervention}
    | {K.fingerprints_compared, K.fingerprints_stale}
)
"""Told in another section."""
UNTOLD: frozenset[str] = frozenset(
    {K.link_issued, K.link_replaced, K.link_revoked, K.link_used, K.link_dead, K.pin_failed, K.seat_taken_over}
    | {K.microphone, K.camera, K.hand, K.help, K.language_chosen, K.entry_withdrawn}
)
"""Not for the minutes: they stay in the log of the hearing."""
NOTES: frozenset[str] = frozenset({K.log_note, K.remark})
"""Told in the course as they stand: corrections take the place of what they correct."""


def course(told: Telling) -> Iterator[Passage]:
    """What happened, in order, a passage for each sitting. An act this table does not know is told by its code."""
    number, lines = 0, list[Line]()
    notes = {entry.first.seq: entry for entry in minutes_acts.recorded(told, K.log_note, K.remark)}
    for event in told.facts.events:
        if event.kind == K.lobby_opened and lines:
            yield passage(f"course.sitting_{max(number, 1)}", *lines)
            lines = []
        number += event.kind == K.lobby_opened
        if event.seq in notes:
            lines += minutes_acts.said(told, notes[event.seq])
        elif event.kind not in ELSEWHERE and event.kind not in UNTOLD and event.kind not in NOTES:
            lines += _told(told, event)
    if lines:
        yield passage(f"course.sitting_{max(number, 1)}", *lines)


def _told(told: Telling, event: HearingEvent) -> Iterator[Line]:
    source = f"event:{event.seq}"
    if event.kind in TOLD:
        message, values = TOLD[event.kind]
        yield line(message, source, time=told.when(event.at), **values(told, event))
    else:
        message = N_("{time}: an entry “{what}” in the log, by {who}.")
        yield line(message, source, time=told.when(event.at), what=event.kind, who=told.who(event))
    without = [told.names.get(one_id, "–") for one_id in event.data.get("without_camera", ())]
    for person in without:
        yield line(N_("    Without a picture of {person}."), source, person=person)
    if uncompared := str(event.data.get("without_comparison") or ""):
        yield line(WITHOUT_COMPARISON[uncompared], source)
    for lacking in event.data.get("without_consent", ()):
        rule = told.quoted(lacking) if isinstance(lacking, str) else _consent(told, lacking)
        yield line(N_("    Without the consent that is needed: {rule}."), source, rule=rule)
    if event.kind == K.hold:
        yield line(N_("    Cause: {cause}."), source, cause=CAUSES[HoldCause(event.data["cause"])])
    reason = str(event.data.get("reason") or event.data.get("text") or "")
    if event.kind == K.hold and event.actor == SYSTEM.id:
        yield _why(told, source, reason)
    elif reason:
        yield line(N_("    Reason given: “{text}”"), source, text=told.quoted(reason))


def _consent(told: Telling, lacking: Mapping[str, Any]) -> Phrase:
    """A consent that was not given, as `Outstanding.kept` put it in the log; earlier versions kept an English text."""
    return phrase(
        N_("{who}, {provision}: {status}") if lacking["known"] else UNSURE,
        who=Term(CAPACITIES.get(lacking["who"], N_("person to be heard"))),
        provision=told.quoted(lacking["provision"]),
        status=Term(CONSENTS[lacking["status"]]),
    )


UNSURE = N_("{who}, {provision}: {status}, and it is not known whether this rule asks, so it counts as if it did")


def _why(told: Telling, source: str, reason: str) -> Line:
    """The reason of a hold by the service: a code, said in words. One this table does not know is told as it is."""
    code, _separator, about = reason.partition(":")
    if code not in HELD:
        return line(N_("    Reason noted by the system: {text}"), source, text=told.quoted(reason))
    return line(HELD[code], source, person=told.names.get(about, "–"))


WITHOUT_COMPARISON: Mapping[str, str] = {
    "open": N_("    Without the comparison of fingerprints that was agreed."),
    "differs": N_("    Although the fingerprints compared aloud were not the same."),
}
HELD: Mapping[str, str] = {
    HoldCode.consent_withdrawn: N_("    Reason: the person withdrew the consent to be heard."),
    HoldCode.line_lost: N_("    Reason: the line of {person} was lost."),
    HoldCode.recording_failing: N_("    Reason: the recording was not known to run."),
}
"""Why the service closes the floor, by the code it gives."""
CAUSES: Mapping[HoldCause, Term] = {
    HoldCause.order: Term(N_("order of the court")),
    HoldCause.intervention: Term(N_("intervention of the requested authority")),
    HoldCause.fault: Term(N_("a fault")),
    HoldCause.recording: Term(N_("failure of the recording")),
}
ENDS: Mapping[str, frozenset[str]] = {
    K.reconnecting: frozenset({K.joined, K.left, K.closed, K.removed, K.returned_to_lobby}),
    K.media_lost: frozenset({K.media_back, K.closed}),
    K.recording_failing: frozenset({K.recording_back, K.recording_failed, K.closed}),
}
"""What ends an interruption."""
BROKEN: Mapping[str, str] = {
    K.reconnecting: N_("From {time} until {end} ({seconds} s): the line of {person} was lost."),
    K.media_lost: N_("From {time} until {end} ({seconds} s): sound and picture of everybody were lost."),
    K.recording_failing: N_("From {time} until {end} ({seconds} s): the recording was not known to run ({code})."),
}
UNENDED: Mapping[str, str] = {
    K.reconnecting: N_("From {time}: the line of {person} was lost, and nothing says that it came back."),
    K.media_lost: N_("From {time}: sound and picture of everybody were lost, and nothing says that they came back."),
    K.recording_failing: N_(
        "From {time}: the recording was not known to run ({code}); nothing says that it did again."
    ),
}


FAILING: Mapping[str, Term] = {
    "disk_full": Term(N_("no room was left to store it")),
    "io_error": Term(N_("it could not be written to its store")),
    "overrun": Term(N_("more came in than could be sealed")),
    "seal_lost": Term(N_("the seal process did not answer")),
    "seal_refused": Term(N_("the seal refused to sign it")),
    "internal": Term(N_("the recorder failed on an error of its own")),
    "recorder_failing": Term(N_("the recorder said that it failed")),
    "recorder_lost": Term(N_("the recorder did not answer")),
    "no_seal": Term(N_("nothing had been sealed for twenty seconds")),
}
"""Why a recording is not known to run, by the code of the recorder or of who waits for it."""
GAPS: Mapping[str, Term] = {
    "network": Term(N_("nothing arrived on the line")),
    "sender_off": Term(N_("switched off by the sender")),
    "order": Term(N_("switched off by order of the court")),
    "server": Term(N_("the court's server stood still")),
    "worker": Term(N_("the media server failed")),
    "recorder": Term(N_("the recorder failed")),
    "disk": Term(N_("it could not be stored")),
    "recovered": Term(N_("a part that was cut off was recovered")),
    "late": Term(N_("it arrived too late")),
    "other": Term(N_("another cause")),
}
"""Why something is missing in a recording, by the cause in its journal (docs/recording-format.md)."""
NO_SOUND = N_("No sound of {person} {span}: {cause}.")
NO_PICTURE = N_("No picture of {person} {span}: {cause}.")
NO_INTERPRETATION = N_("No interpretation into {language} {span}: {cause}.")
CLOCKS = N_("from {time} until {end} ({code})")
TIME_CODE = N_("from {from_time} to {until} of the recording")
"""What is missing, and when it was: by the clocks where they are known, and by the recording's time code."""


def _why_failing(code: str) -> Term | str:
    """In words; a code the table does not know is told as it is."""
    return FAILING.get(code, code)


def interruptions(told: Telling) -> Iterator[Passage]:
    """Every loss of a line, of sound and picture, of the recording, with its end."""
    lines = [_interruption(told, event, place) for place, event in enumerate(told.facts.events) if event.kind in BROKEN]
    if not lines:
        lines = [line(N_("None in the log of the hearing."), log(told))]
    yield passage("interruptions.all", *lines)


def _interruption(told: Telling, event: HearingEvent, place: int) -> Line:
    whose = event.data.get("participant")
    end = next(
        (
            later
            for later in told.facts.events[place + 1 :]
            if later.kind in ENDS[event.kind] and (later.kind == K.closed or later.data.get("participant") == whose)
        ),
        None,
    )
    values: dict[str, Any] = {"time": told.when(event.at)}
    if event.kind == K.reconnecting:
        values["person"] = told.about(event)
    if event.kind == K.recording_failing:
        values["code"] = _why_failing(str(event.data.get("code", "")))
    if end is None:
        return line(UNENDED[event.kind], f"event:{event.seq}", **values)
    seconds = round((end.at - event.at).total_seconds())
    sources = (f"event:{event.seq}", f"event:{end.seq}")
    return line(BROKEN[event.kind], *sources, end=told.when(end.at), seconds=seconds, **values)


def interventions(told: Telling) -> Iterator[Passage]:
    """Interventions of the requested authority (ETS 182 art. 9(2), Directive 2014/41/EU art. 24(5)(a)): holds and how
    they ended, and those recorded without a hold.
    """
    lines: list[Line] = []
    entries = {entry.first.seq: entry for entry in minutes_acts.recorded(told, K.intervention)}
    for event in told.facts.events:
        if event.seq in entries:
            lines += minutes_acts.said(told, entries[event.seq])
        source = f"event:{event.seq}"
        values = {"time": told.when(event.at), "text": told.quoted(str(event.data.get("reason", "")))}
        if event.kind == K.hold and event.data.get("cause") == HoldCause.intervention:
            said = line(N_("{time}: {who} intervened: “{text}”"), source, who=told.who(event), **values)
            lines.append(said)
        elif event.kind == K.resumed and HoldCause.intervention in event.data.get("causes", ()):
            lines.append(line(N_("{time}: {who} lifted it: “{text}”"), source, who=told.who(event), **values))
    yield passage("interventions.all", *(lines or [line(N_("None in the log of the hearing."), log(told))]))


def recording(told: Telling) -> Iterator[Passage]:
    """Each recording: its id, origin, times, root, and what is missing in it."""
    kept = 0
    for number, sitting in enumerate(told.facts.sittings, 1):
        found = told.facts.recordings.get(sitting.id)
        if found is None or found.status is RecordingStatus.no_recording:
            yield passage(
                f"recording.sitting_{number}",
                line(N_("Sitting {number}: no recording."), "row:recording.status", number=number),
            )
            continue
        kept += 1
        yield passage(f"recording.sitting_{number}", *_recorded(told, found, number))
    lines = [_gap(told, event) for event in told.facts.events if event.kind == K.gap]
    if kept:
        yield passage("recording.gaps", *(lines or [line(N_("No gap in the log of the hearing."), log(told))]))


def _gap(told: Telling, event: HearingEvent) -> Line:
    """What is missing of whom, from when to when by both courts' clocks and the recording's own, and why."""
    data = event.data
    code = {"from_time": _clock(data.get("from_ms")), "until": _clock(data.get("until_ms"))}
    found = gaps.span(data, gaps.zero_of(event, told.facts.recordings.values()))
    span = phrase(TIME_CODE, **code)
    if found is not None:
        span = phrase(CLOCKS, time=told.when(found[0]), end=told.when(found[1]), code=span)
    values = {"span": span, "cause": GAPS.get(data.get("cause", ""), data.get("cause", "–"))}
    source = f"event:{event.seq}"
    if data.get("participant"):
        message = NO_PICTURE if gaps.is_picture(data) else NO_SOUND
        return line(message, source, person=told.about(event), **values)
    if data.get("lang"):
        return line(NO_INTERPRETATION, source, language=Tongue(data["lang"]), **values)
    return line(N_("Gap in {track} {span}: {cause}."), source, track=data.get("track", "–"), **values)


def _recorded(told: Telling, found: Recording, number: int) -> Iterator[Line]:
    yield line(N_("Sitting {number}: recording {id}."), "row:recording.id", number=number, id=found.id)
    yield line(N_("Origin: {origin}."), "row:recording.origin", origin=found.origin)
    if found.opened_at:
        yield line(N_("Begun {time}."), "row:recording.opened_at", time=told.when(found.opened_at))
    if found.closed_at:
        yield line(N_("Ended {time}."), "row:recording.closed_at", time=told.when(found.closed_at))
    if found.status is RecordingStatus.sealed:
        yield line(N_("Sealed: {size} entries, root {root}."), "row:recording.root", size=found.size, root=found.root)
    elif found.status is RecordingStatus.failed:
        yield line(
            N_("It could not be closed properly ({code})."),
            "row:recording.status",
            code=_why_failing(found.failing_code),
        )
    else:
        yield line(N_("Not sealed when this was drafted."), "row:recording.status")


def _clock(milliseconds: object) -> str:
    if not isinstance(milliseconds, int):
        return "–"
    return str(timedelta(milliseconds=milliseconds))[:11]


def statement_lines(told: Telling) -> Iterator[Line]:
    """Where in the recordings questions and answers are; nobody transcribes them here."""
    for found in told.facts.recordings.values():
        if found.opened_at:
            yield line(
                N_(
                    "For questions and answers see recording {id}, which began {time}; its time code counts from there."
                ),
                "row:recording.opened_at",
                id=found.id,
                time=told.when(found.opened_at),
            )
    if not any(found.opened_at for found in told.facts.recordings.values()):
        yield open_line("clerk")
