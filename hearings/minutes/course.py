"""Sections on the course of the hearing: times, events, interruptions, interventions of the authority, recordings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from hearings.actors import SYSTEM
from hearings.events import EventKind
from hearings.languages import language_name, state_name
from hearings.minutes import acts as minutes_acts, spans
from hearings.minutes.facts import DraftContext, Passage, PassageLine, lasted, line, log, open_line, passage
from hearings.minutes.people import CAPACITIES, CONSENTS
from hearings.models import HearingEvent, Recording
from hearings.models.sitting import HoldCause, HoldCode
from hearings.requests.consent_answers import OUTSTANDING, OUTSTANDING_UNSURE, PERSON_TO_BE_HEARD
from hearings.roles import LABELS, Role
from hearings.sentences import N_, Sentence, Series, tell, tell_n
from hearings.sitting import breakdowns, closed_sessions, gaps
from hearings.sitting.breaks import PURPOSES
from hearings.status import RecordingStatus

K = EventKind


def times(draft: DraftContext) -> Iterator[Passage]:
    """The places of both courts; begin and end of each sitting, by both courts' clocks and in UTC."""
    hearing = draft.facts.hearing
    yield passage(
        "times.places",
        line(
            N_("Requesting court: {city} ({state}), time zone {zone}."),
            "row:hearing.requesting_city",
            city=hearing.requesting_city,
            state=state_name(hearing.requesting_state),
            zone=hearing.requesting_zone,
        ),
        line(
            N_("Requested authority: {city} ({state}), time zone {zone}."),
            "row:hearing.requested_city",
            city=hearing.requested_city,
            state=state_name(hearing.requested_state),
            zone=hearing.requested_zone,
        ),
        line(
            N_("Fixed for: {time}; time-zone data {version}."),
            "row:hearing.starts_at",
            time=draft.exactly(hearing.starts_at),
            version=hearing.tzdb_version,
        ),
    )
    for number, sitting in enumerate(draft.facts.sittings, 1):
        source = f"row:sitting.{number}"
        lines = [line(N_("Sitting {number}: lobby opened {time}."), source, number=number, time=_opened(draft, number))]
        if sitting.started_at:
            lines.append(line(N_("In session from {time}."), source, time=draft.exactly(sitting.started_at)))
        else:
            lines.append(line(N_("It was not in session."), source))
        if sitting.closed_at:
            lines.append(line(N_("Closed {time}."), source, time=draft.exactly(sitting.closed_at)))
        else:
            lines.append(line(N_("Not closed when this was drafted."), source))
        yield passage(f"times.sitting_{number}", *lines)


def _opened(draft: DraftContext, number: int) -> Any:
    opened = [event for event in draft.facts.events if event.kind == K.lobby_opened]
    return draft.when(opened[number - 1].at) if len(opened) >= number else "–"


FLOOR_MODES: Mapping[str, str] = {
    "open": N_("    From then on everybody spoke without being given the floor."),
    "by_turn": N_("    From then on the floor was given by turn."),
    "consecutive": N_("    From then on the floor was given by turn, and interpreted after each speaker."),
}
"""How people came to speak, by `FloorMode`."""


Saying = tuple[str, Callable[[DraftContext, HearingEvent], Mapping[str, Any]]]


def _nothing(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    return {}


def _actor(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    return {"who": draft.who(event)}


def _person(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    return {"who": draft.who(event), "person": draft.about(event)}


def _two(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    return {
        "by": draft.names.get(event.data["by"], "–"),
        "confirmed": draft.names.get(event.data["confirmed_by"], "–"),
    }


def _step(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    return {"who": draft.who(event), "step": breakdowns.words(event.data["step"])}


def _break(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    until = event.data.get("until")
    known = {"until": draft.when(datetime.fromisoformat(until))} if until else {}
    purpose = PURPOSES[event.data["purpose"]]
    return {"who": draft.who(event), "purpose": tell(purpose), **known}


def _left(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    left = (CAUSES[HoldCause(cause)] for cause in dict.fromkeys(event.data["left"]))
    return {"who": draft.who(event), "causes": Series.of(left)}


def _replaced(draft: DraftContext, event: HearingEvent) -> Mapping[str, Any]:
    successor = draft.names.get(str(event.data["by"]), "–")
    return {**_person(draft, event), "successor": successor, "reason": draft.quoted(str(event.data["reason"]))}


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
    K.replaced: (N_("{time}: {who} put {successor} in the place of {person}. Reason: “{reason}”"), _replaced),
    K.taken_off: (N_("{time}: {who} took {person} off the list."), _person),
    K.muted: (N_("{time}: {who} muted {person}."), _person),
    K.floor_mode: (N_("{time}: {who} changed how people speak."), _actor),
    K.unrecorded_proposed: (N_("{time}: {who} proposed to go on without a recording."), _actor),
    K.unrecorded_begun: (
        N_("{time}: {by} and {confirmed} decided to go on without a recording. What was said is not recorded."),
        _two,
    ),
    K.unrecorded_ended: (N_("{time}: going on without a recording ended."), _nothing),
    K.closed_session_begun: (N_("{time}: {who} ordered a closed session."), _actor),
    K.closed_session_ended: (N_("{time}: {who} ended the closed session."), _actor),
    K.breakdown_step: (N_("{time}: {who} noted a step of the agreed rule for a broken line: {step}."), _step),
    K.break_ordered: (N_("{time}: {who} ordered a break until {until}. Purpose: {purpose}."), _break),
    K.break_ended: (N_("{time}: the break ended. Purpose: {purpose}."), _break),
    K.break_refused: (N_("{time}: {who} refused the break that {person} had asked for."), _person),
    K.hold: (N_("{time}: {who} closed the floor."), _actor),
    K.resumed: (N_("{time}: {who} resumed the sitting."), _actor),
    "time_limit_reached": (N_("{time}: the time limit set by the requested State was reached."), _nothing),
    "break_due": (N_("{time}: a pause was due under the conditions of the requested State."), _nothing),
    "data_lost": (N_("{time}: data of the hearing were lost, and an earlier state was restored."), _nothing),
    K.closing: (N_("{time}: {who} closed the sitting."), _actor),
    K.closed: (N_("{time}: the sitting was closed and everyone left the room."), _nothing),
    K.aborted: (N_("{time}: {who} terminated the hearing."), _actor),
}
"""The sentence of each event that is written in the course, and the function that gives its values."""
PARTLY: Saying = (N_("{time}: {who} lifted a hold; the floor stayed closed ({causes})."), _left)
"""Of `resumed`, where other holds are left."""
ELSEWHERE: frozenset[str] = frozenset(
    {K.identity_confirmed, K.notice_acknowledged, K.devices_checked, K.sound_check, K.render_changed, K.entered}
    | {K.languages_booked, K.interpreter_assigned, K.handed_over, K.interpreting_figures}
    | {K.joined, K.left, K.reconnecting, K.media_lost, K.media_back, K.gap, K.recording_opened, K.recording_failing}
    | {K.second_copy_lost, K.second_copy_back}
    | {K.recording_back, K.recording_sealed, K.recording_failed, "condition_confirmed"}
    | {
        K.rights_notice,
        K.counsel_waived,
        K.oath,
        K.interpreting,
        K.objection,
        K.privilege_claim,
        K.objection_withdrawn,
        K.ruling,
        K.exhibit_shown,
    }
    | {K.intervention, K.counsel_waived}
    | {K.fingerprints_compared, K.fingerprints_stale, K.caption}
    | {K.relay_chosen, K.signal, K.uncovered, K.floor_given}
    | {K.right_answered, K.right_objected, K.summons_recorded}
)
"""Events that another section writes."""
UNTOLD: frozenset[str] = frozenset(
    {K.link_issued, K.link_replaced, K.link_revoked, K.link_used, K.link_dead, K.pin_failed, K.seat_taken_over}
    | {K.floor_next, K.interpreting_begun, K.interpreting_ended, K.cost_term_put}
    | {
        K.microphone,
        K.camera,
        K.hand,
        K.help,
        K.help_answered,
        K.break_asked,
        K.court_message,
        K.court_answer,
        K.language_chosen,
        K.entry_withdrawn,
        K.drill_inject,
    }
)
"""Events that no section writes; they stay in the log of the hearing."""
NOTES: frozenset[str] = frozenset(
    {K.log_note, K.remark} | {K.counsel_asked, K.card_adopted, K.card_read, K.card_rendered, K.card_answered}
)
"""Recorded acts written in the course; a correction replaces the entry it corrects."""


PHASES: Mapping[str, str] = {
    K.lobby_opened: N_("Opening"),
    K.started: N_("Hearing"),
    K.closing: N_("Closing"),
    K.aborted: N_("Closing"),
}
"""The events with which a part of a sitting begins, and its heading."""


def course(draft: DraftContext) -> Iterator[Passage]:
    """The events in order, one passage a sitting, under the headings of its parts; who had the floor by turn at its
    end. An event without a sentence is written with its code.
    """
    number, sitting = 0, list[HearingEvent]()
    for event in draft.facts.events:
        if event.kind == K.lobby_opened:
            yield from _sitting(draft, max(number, 1), sitting)
            number, sitting = number + 1, []
        sitting.append(event)
    yield from _sitting(draft, max(number, 1), sitting)


def _sitting(draft: DraftContext, number: int, events: Sequence[HearingEvent]) -> Iterator[Passage]:
    notes = {entry.first.seq: entry for entry in minutes_acts.recorded(draft, *map(EventKind, NOTES))}
    told = [
        event
        for event in events
        if event.seq in notes or not (event.kind in ELSEWHERE or event.kind in UNTOLD or event.kind in NOTES)
    ]
    lines, phase = list[PassageLine](), ""
    for event, together in _together(told):
        if PHASES.get(event.kind, phase) != phase:
            phase = PHASES[event.kind]
            lines.append(line(phase, f"event:{event.seq}"))
        lines += minutes_acts.said(draft, notes[event.seq]) if event.seq in notes else _event_lines(draft, *together)
    if lines:
        yield passage(f"course.sitting_{number}", *lines)
    if turns := list(_turns(draft, events)):
        yield passage(f"course.turns_{number}", *turns)


TOGETHER = frozenset({K.admitted, K.released, K.muted})
"""Events told in one sentence when one person does the same to several people, one after the other."""


def _together(told: Sequence[HearingEvent]) -> Iterator[tuple[HearingEvent, list[HearingEvent]]]:
    """The events, each with those told in the same sentence."""

    def alike(place: int, event: HearingEvent) -> object:
        bare = event.kind in TOGETHER and not event.data.keys() - {"participant"}
        return (event.kind, event.actor) if bare else place

    for _key, found in groupby(enumerate(told), key=lambda numbered: alike(*numbered)):
        group = [event for _place, event in found]
        yield group[0], group


def _turns(draft: DraftContext, events: Sequence[HearingEvent]) -> Iterator[PassageLine]:
    """Who had the floor by turn, in the order of their first turns, how often and how long."""
    given = spans.turns(events)
    turns: dict[object, tuple[str, list[float]]] = {}
    for event, seconds in given:
        turns.setdefault(event.data.get("participant"), (draft.about(event), []))[1].append(seconds)
    if turns:
        people = [
            tell_n("{person} ({n} turn, {length})", "{person} ({n} turns, {length})", len(lengths), person=name,
                   length=lasted(sum(lengths)))
            for name, lengths in turns.values()
        ]  # fmt: skip
        sources = [f"event:{event.seq}" for event, _seconds in given]
        yield line(N_("Examination by turns, by who was given the floor: {people}."), *sources,
                   people=Series.of(people, "semicolon"))  # fmt: skip


def _event_lines(draft: DraftContext, event: HearingEvent, *alike: HearingEvent) -> Iterator[PassageLine]:
    source, sources = f"event:{event.seq}", [f"event:{one.seq}" for one in (event, *alike)]
    if event.kind in TOLD:
        message, values = PARTLY if event.kind == K.resumed and not spans.opens(event) else TOLD[event.kind]
        given = dict(values(draft, event))
        if alike:
            each = {one.data.get("participant"): draft.about(one) for one in (event, *alike)}
            given["person"] = Series.of(each.values())
        yield line(message, *sources, time=draft.when(event.at, (event, *alike)[-1].at), **given)
    else:
        message = N_("{time}: an entry “{what}” in the log, by {who}.")
        yield line(message, source, time=draft.when(event.at), what=event.kind, who=draft.who(event))
    without = [draft.names.get(one_id, "–") for one_id in event.data.get("without_camera", ())]
    for person in without:
        yield line(N_("    Without a picture of {person}."), source, person=person)
    for one_id in event.data.get("out", ()):
        yield line(EXCLUDED, source, person=draft.names.get(one_id, "–"))
    if event.data.get("recipients"):
        yield line(OWN_KEY, source, readers=readers(event))
    for one_id in event.data.get("away", ()):
        yield line(N_("    {person} was not back."), source, person=draft.names.get(one_id, "–"))
    if "paused_after" in event.data:
        after = event.data["paused_after"]
        message = NOT_PAUSED if after is None else PAUSED_AFTER
        yield line(message, source, seconds="" if after is None else f"{after:g}")
    if uncompared := str(event.data.get("without_comparison") or ""):
        yield line(WITHOUT_COMPARISON[uncompared], source)
    for lacking in event.data.get("without_consent", ()):
        rule = draft.quoted(lacking) if isinstance(lacking, str) else _consent(draft, lacking)
        yield line(N_("    Without the consent that is needed: {rule}."), source, rule=rule)
    if event.kind == K.floor_mode:
        yield line(FLOOR_MODES[str(event.data["mode"])], source)
        if event.data.get("why") == HoldCode.interpreter_line_poor:
            poor = N_("    The line of {person}, who interpreted, was too poor for simultaneous interpreting.")
            yield line(poor, source, person=draft.about(event))
    if (seconds := _stopped(draft, event)) is not None:
        yield line(N_("    It lasted {length}."), source, length=lasted(seconds))
    if event.kind == K.hold:
        yield line(N_("    Cause: {cause}."), source, cause=CAUSES[HoldCause(event.data["cause"])])
    reason = str(event.data.get("reason") or event.data.get("text") or "")
    if event.kind == K.hold and event.actor == SYSTEM.id:
        yield PassageLine(says=why_held(reason, draft.names, draft.quoted), sources=(source,))
    elif reason:
        yield line(N_("    Reason given: “{text}”"), source, text=draft.quoted(reason))


def _stopped(draft: DraftContext, event: HearingEvent) -> float | None:
    """The seconds for which the floor was closed, of the event that opened it; those of a break, of the one that ended
    it."""
    events, found = draft.facts.events, None
    if event.kind == K.break_ended:
        found = spans.of_break(events, event)
    elif spans.opens(event):
        found = next((span for span in spans.closed(events) if span.ended is event), None)
    return found.seconds if found else None


PAUSED_AFTER = N_(
    "    The recording was paused {seconds} s after the order; until then it went on, with the floor closed."
)
NOT_PAUSED = N_("    The recorder did not confirm that the recording was paused.")
EXCLUDED = N_("    {person} was excluded.")
OWN_KEY = N_("    Recorded to a key of its own, readable by: {readers}.")


def readers(event: HearingEvent) -> Series:
    """Who alone can open what is recorded in the closed session that an event began."""
    return Series.of(closed_sessions.reader(*str(name).rsplit(" ", 1)) for name in event.data.get("recipients", ()))


def _consent(draft: DraftContext, lacking: Mapping[str, Any]) -> Sentence:
    """A consent that was not given, as `Outstanding.kept` put it in the log; earlier versions kept an English text."""
    message = OUTSTANDING if lacking["known"] else OUTSTANDING_UNSURE
    who, status = CAPACITIES.get(lacking["who"], PERSON_TO_BE_HEARD), CONSENTS[lacking["status"]]
    return tell(message, who=tell(who), provision=draft.quoted(lacking["provision"]), status=tell(status))


def why_held(reason: str, names: Mapping[str, str], quoted: Callable[[str], str]) -> Sentence:
    """The sentence of why the service itself closed the floor, by the code it gave, indented as in the minutes; an
    unknown code is `quoted`. `names` are those of participants, by id.
    """
    code, _separator, about = reason.partition(":")
    if code not in HELD or (code == HoldCode.absent and about not in set(Role)):
        return tell("    Reason noted by the system: {text}", text=quoted(reason))
    languages = Series.of(language_name(tag) for tag in about.split(",") if code == HoldCode.interpreter_lost)
    role = tell(LABELS[Role(about)]) if code == HoldCode.absent else ""
    return tell(HELD[code], person=names.get(about, "–"), languages=languages, role=role)


WITHOUT_COMPARISON: Mapping[str, str] = {
    "open": N_("    Without the agreed comparison of security codes."),
    "differs": N_("    Although the security codes read aloud did not match."),
}
HELD: Mapping[str, str] = {
    HoldCode.absent: N_("    Reason: somebody had to be in the room and was not: {role}."),
    HoldCode.consent_withdrawn: N_("    Reason: the person withdrew the consent to be heard."),
    HoldCode.interpreter_line_poor: N_(
        "    Reason: the line of {person}, who interpreted, was too poor for it three times within ten minutes."
    ),
    HoldCode.interpreter_lost: N_("    Reason: nobody interpreted into {languages} any more."),
    HoldCode.line_lost: N_("    Reason: the line of {person} was lost."),
    HoldCode.recording_failing: N_("    Reason: the recording was not known to be running."),
    HoldCode.replaced: N_("    Reason: {person} had taken somebody's place."),
}
"""Why the service closes the floor, by the code it gives."""
CAUSES: Mapping[HoldCause, Sentence] = {
    HoldCause.order: tell("order of the court"),
    HoldCause.intervention: tell("intervention of the requested authority"),
    HoldCause.fault: tell("a fault"),
    HoldCause.recording: tell("failure of the recording"),
}
ENDS: Mapping[str, frozenset[str]] = {
    K.reconnecting: frozenset({K.joined, K.left, K.closed, K.removed, K.returned_to_lobby}),
    K.media_lost: frozenset({K.media_back, K.closed}),
    K.recording_failing: frozenset({K.recording_back, K.recording_failed, K.closed}),
}
"""The events that end each kind of interruption."""
BROKEN: Mapping[str, str] = {
    K.reconnecting: N_("{time}, for {length}: the line of {person} was lost."),
    K.media_lost: N_("{time}, for {length}: sound and picture of everyone were lost."),
    K.recording_failing: N_("{time}, for {length}: the recording was not known to be running ({code})."),
}
UNENDED: Mapping[str, str] = {
    K.reconnecting: N_("From {time}: the line of {person} was lost; its restoration is not recorded."),
    K.media_lost: N_("From {time}: sound and picture of everyone were lost; their restoration is not recorded."),
    K.recording_failing: N_(
        "From {time}: the recording was not known to be running ({code}); its resumption is not recorded."
    ),
}


FAILING: Mapping[str, Sentence] = {
    "disk_full": tell("no storage space was left"),
    "io_error": tell("it could not be written to its store"),
    "overrun": tell("more data arrived than could be sealed"),
    "seal_lost": tell("the seal process did not answer"),
    "seal_refused": tell("the seal refused to sign it"),
    "internal": tell("the recorder failed with an internal error"),
    "recorder_failing": tell("the recorder reported a failure"),
    "recorder_lost": tell("the recorder did not answer"),
    "no_seal": tell("nothing had been sealed for twenty seconds"),
}
"""Why a recording is not known to run, by the code of the recorder or of the process that waits for it."""
GAPS: Mapping[str, Sentence] = {
    "network": tell("nothing was received on the line"),
    "sender_off": tell("switched off by the sender"),
    "order": tell("switched off by order of the court"),
    "pause": tell("paused by order of the court"),
    "server": tell("the court's server did not respond"),
    "worker": tell("the media server failed"),
    "recorder": tell("the recorder failed"),
    "disk": tell("it could not be stored"),
    "recovered": tell("an incomplete part was recovered"),
    "late": tell("it arrived too late"),
    "other": tell("other cause"),
}
"""Why something is missing in a recording, by the cause in its journal (docs/recording-format.md)."""
NO_SOUND = N_("No sound of {person} {span}: {cause}.")
NO_PICTURE = N_("No picture of {person} {span}: {cause}.")
NO_INTERPRETATION = N_("No interpretation into {language} {span}: {cause}.")
CLOCKS = N_("{time} ({code})")
TIME_CODE = N_("from {from_time} to {until} of the recording")
"""The span of a gap: by both courts' clocks where these are known, and by the recording's time code."""


def why_failing(code: str) -> str:
    """Why a recording is not known to run, by its code; an unknown code itself."""
    return FAILING.get(code, code)


def interruptions(draft: DraftContext) -> Iterator[Passage]:
    """Every loss of a line, of sound and picture, of the recording, with its end."""
    lines = [
        _interruption(draft, event, place) for place, event in enumerate(draft.facts.events) if event.kind in BROKEN
    ]
    if not lines:
        lines = [line(N_("None in the log of the hearing."), log(draft))]
    yield passage("interruptions.all", *lines)


def _interruption(draft: DraftContext, event: HearingEvent, place: int) -> PassageLine:
    whose = event.data.get("participant")
    end = next(
        (
            later
            for later in draft.facts.events[place + 1 :]
            if later.kind in ENDS[event.kind] and (later.kind == K.closed or later.data.get("participant") == whose)
        ),
        None,
    )
    values: dict[str, Any] = {"time": draft.when(event.at)}
    if event.kind == K.reconnecting:
        values["person"] = draft.about(event)
    if event.kind == K.recording_failing:
        values["code"] = why_failing(str(event.data.get("code", "")))
    if end is None:
        return line(UNENDED[event.kind], f"event:{event.seq}", **values)
    values |= {"time": draft.when(event.at, end.at), "length": lasted((end.at - event.at).total_seconds())}
    return line(BROKEN[event.kind], f"event:{event.seq}", f"event:{end.seq}", **values)


def interventions(draft: DraftContext) -> Iterator[Passage]:
    """Interventions of the requested authority (ETS 182 art. 9(2), Directive 2014/41/EU art. 24(5)(a)): holds and how
    they ended, and those recorded without a hold.
    """
    lines: list[PassageLine] = []
    entries = {entry.first.seq: entry for entry in minutes_acts.recorded(draft, K.intervention)}
    for event in draft.facts.events:
        if event.seq in entries:
            lines += minutes_acts.said(draft, entries[event.seq])
        source = f"event:{event.seq}"
        values = {"time": draft.when(event.at), "text": draft.quoted(str(event.data.get("reason", "")))}
        if event.kind == K.hold and event.data.get("cause") == HoldCause.intervention:
            intervention = line(N_("{time}: {who} intervened: “{text}”"), source, who=draft.who(event), **values)
            lines.append(intervention)
        elif event.kind == K.resumed and HoldCause.intervention in event.data.get("causes", ()):
            lines.append(line(N_("{time}: {who} lifted it: “{text}”"), source, who=draft.who(event), **values))
    yield passage("interventions.all", *(lines or [line(N_("None in the log of the hearing."), log(draft))]))


def recording(draft: DraftContext) -> Iterator[Passage]:
    """Each recording: its id, origin, times, root, and what is missing in it."""
    recorded = 0
    for number, sitting in enumerate(draft.facts.sittings, 1):
        row = draft.facts.recordings.get(sitting.id)
        if row is None or row.status is RecordingStatus.no_recording:
            yield passage(
                f"recording.sitting_{number}",
                line(N_("Sitting {number}: no recording."), "row:recording.status", number=number),
            )
            continue
        recorded += 1
        yield passage(f"recording.sitting_{number}", *_recorded(draft, row, number))
    lines = list(_gaps(draft))
    if recorded:
        yield passage("recording.gaps", *(lines or [line(N_("No gap in the log of the hearing."), log(draft))]))


def _gaps(draft: DraftContext) -> Iterator[PassageLine]:
    """Each gap that is alone of its kind; several of one track and cause in one line, with their number and length."""
    found: dict[tuple[str, str, str], list[HearingEvent]] = {}
    for event in draft.facts.events:
        if event.kind == K.gap:
            subject = (str(event.data.get(name, "")) for name in ("track", "participant", "cause"))
            track, whose, cause = subject
            found.setdefault((track, whose, cause), []).append(event)
    for events in found.values():
        first = _gap(draft, events[0])
        if len(events) == 1:
            yield first
            continue
        spans = [(one.data.get("from_ms"), one.data.get("until_ms")) for one in events]
        seconds = sum(end - start for start, end in spans if isinstance(start, int) and isinstance(end, int)) / 1000
        sources = tuple(f"event:{event.seq}" for event in events)
        more = tell_n("With {n} further of this cause: {length} in all.", "With {n} further of this cause: "
                      "{length} in all.", len(events) - 1, length=lasted(seconds))  # fmt: skip
        yield PassageLine(says=Series.of((first.says, more), "space"), sources=sources)


def _gap(draft: DraftContext, event: HearingEvent) -> PassageLine:
    """One gap: whose track, the span by both courts' clocks and the time code, and the cause."""
    data = event.data
    code = {"from_time": _clock(data.get("from_ms")), "until": _clock(data.get("until_ms"))}
    instants = gaps.span(data, gaps.zero_of(event, draft.facts.recordings.values()))
    span = tell(TIME_CODE, **code)
    if instants is not None:
        span = tell(CLOCKS, time=draft.when(*instants), code=span)
    values = {"span": span, "cause": GAPS.get(data.get("cause", ""), data.get("cause", "–"))}
    source = f"event:{event.seq}"
    if data.get("participant"):
        message = NO_PICTURE if gaps.is_picture(data) else NO_SOUND
        return line(message, source, person=draft.about(event), **values)
    if data.get("lang"):
        return line(NO_INTERPRETATION, source, language=language_name(data["lang"]), **values)
    return line(N_("Gap in {track} {span}: {cause}."), source, track=data.get("track", "–"), **values)


def _recorded(draft: DraftContext, row: Recording, number: int) -> Iterator[PassageLine]:
    yield line(N_("Sitting {number}: recording {id}."), "row:recording.id", number=number, id=row.id)
    yield line(N_("Origin: {origin}."), "row:recording.origin", origin=row.origin)
    if row.opened_at:
        yield line(N_("Started {time}."), "row:recording.opened_at", time=draft.when(row.opened_at))
    if row.closed_at:
        yield line(N_("Ended {time}."), "row:recording.closed_at", time=draft.when(row.closed_at))
    if row.status is RecordingStatus.sealed:
        yield line(N_("Sealed: {size} entries, root {root}."), "row:recording.root", size=row.size, root=row.root)
    elif row.status is RecordingStatus.failed:
        yield line(
            N_("It could not be closed properly ({code})."),
            "row:recording.status",
            code=why_failing(row.failing_code),
        )
    else:
        yield line(N_("Not sealed when this was drafted."), "row:recording.status")


def _clock(milliseconds: object) -> str:
    if not isinstance(milliseconds, int):
        return "–"
    return str(timedelta(milliseconds=milliseconds))[:11]


def statement_lines(draft: DraftContext) -> Iterator[PassageLine]:
    """References to the recordings that contain questions and answers; the minutes have no transcript."""
    for number, sitting in enumerate(draft.facts.sittings, 1):
        row = draft.facts.recordings.get(sitting.id)
        if row is not None and row.opened_at:
            message = N_(
                "For questions and answers see the recording of sitting {number}, started {time}; "
                "its time code counts from there."
            )
            yield line(message, "row:recording.opened_at", number=number, time=draft.when(row.opened_at))
    if not any(row.opened_at for row in draft.facts.recordings.values()):
        yield open_line("clerk")
