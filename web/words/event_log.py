"""The log of a hearing in the reader's language: event, person concerned, author and reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hearings.actors import SYSTEM
from hearings.events import EventKind
from hearings.minutes.course import EXCLUDED, FAILING, HELD, OWN_KEY, readers, why_failing, why_held
from hearings.minutes.people import SIGNALS
from hearings.models import HearingEvent, Participant, Recording, StatusChange
from hearings.rights import checklist as rights_checklist
from hearings.sentences import tell
from hearings.sitting import breakdowns, fingerprints, gaps, messages_to_court, recordings
from hearings.sitting.breaks import PURPOSES
from hearings.sitting.sound_checks import LINE_ANEW
from web.words import gaps as gap_words, recorded_acts as recorded_words, roles, sentences, statuses
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, in_turn, language_here, one_by_one
from web.words.recorded_acts import NameRules

WORDS: dict[EventKind, str] = {
    EventKind.lobby_opened: N_("Lobby opened"),
    EventKind.roll_call: N_("Roll call started"),
    EventKind.pre_record: N_("Sound check started"),
    EventKind.link_issued: N_("Link issued"),
    EventKind.link_replaced: N_("Link replaced by a new one"),
    EventKind.link_revoked: N_("Link revoked"),
    EventKind.link_used: N_("Link used"),
    EventKind.link_dead: N_("Link locked after wrong PINs"),
    EventKind.pin_failed: N_("Wrong PIN"),
    EventKind.notice_acknowledged: N_("Recording notice acknowledged"),
    EventKind.devices_checked: N_("Equipment checked"),
    EventKind.identity_confirmed: N_("Identity confirmed"),
    EventKind.admitted: N_("Admitted to the room"),
    EventKind.entered: N_("Entered the room"),
    EventKind.returned_to_lobby: N_("Returned to the lobby"),
    EventKind.removed: N_("Removed from the hearing"),
    EventKind.replaced: N_("Replaced by another person"),
    EventKind.taken_off: N_("Taken off the list of the hearing"),
    EventKind.released: statuses.CHIPS["PresenceStatus"]["released"][1],
    EventKind.joined: N_("Arrived in the lobby"),
    EventKind.left: N_("Left"),
    EventKind.reconnecting: N_("Line lost"),
    EventKind.seat_taken_over: N_("Continued in another window"),
    EventKind.muted: N_("Muted by the court"),
    EventKind.microphone: N_("Microphone"),
    EventKind.camera: N_("Camera"),
    EventKind.hand: N_("Hand"),
    EventKind.help: N_("Help"),
    EventKind.floor_mode: N_("How people speak"),
    EventKind.floor_given: N_("Floor given"),
    EventKind.floor_next: N_("Next to speak"),
    EventKind.interpreting_begun: N_("Interpreting to the floor"),
    EventKind.interpreting_ended: N_("Interpreted"),
    EventKind.help_answered: N_("Call for help answered"),
    EventKind.break_asked: N_("Break asked for"),
    EventKind.break_refused: N_("Break refused"),
    EventKind.break_ordered: N_("Break ordered"),
    EventKind.break_ended: N_("Break ended"),
    EventKind.court_message: N_("Message to the court"),
    EventKind.court_answer: N_("Answer of the court"),
    EventKind.language_chosen: N_("Language to hear"),
    EventKind.render_changed: N_("Interpreting into"),
    EventKind.languages_booked: N_("Languages booked"),
    EventKind.interpreter_assigned: N_("Languages of an interpreter"),
    EventKind.handed_over: N_("Turn in the booth passed to"),
    EventKind.relay_chosen: N_("Interprets by relay from"),
    EventKind.signal: N_("Signal"),
    EventKind.uncovered: N_("Without an interpreter"),
    EventKind.interpreting_figures: N_("Figures of interpreting"),
    EventKind.sound_check: N_("Sound check"),
    EventKind.start_ordered: N_("Start ordered"),
    EventKind.started: N_("Sitting started"),
    # Translators: the floor is closed for everyone, the recording goes on; not a stay
    EventKind.hold: N_("Hold"),
    EventKind.resumed: N_("Resumed"),
    EventKind.media_lost: N_("Sound and picture lost"),
    EventKind.media_back: N_("Sound and picture restored"),
    EventKind.recording_opened: N_("Recording started"),
    EventKind.recording_failing: N_("Recording failing"),
    EventKind.recording_back: N_("Recording running again"),
    EventKind.second_copy_lost: N_("Second copy of the recording lost"),
    EventKind.second_copy_back: N_("Second copy of the recording back"),
    EventKind.unrecorded_proposed: N_("Proposed to go on without a recording"),
    EventKind.unrecorded_begun: N_("Goes on without a recording, decided by two"),
    EventKind.unrecorded_ended: N_("No longer goes on without a recording"),
    EventKind.recording_sealed: N_("Recording sealed"),
    EventKind.recording_failed: N_("Recording failed"),
    EventKind.gap: N_("Gap in the recording"),
    EventKind.closed_session_begun: N_("Closed session ordered"),
    EventKind.closed_session_ended: N_("Closed session ended"),
    EventKind.breakdown_step: N_("Step of the rule for a broken line"),
    EventKind.closing: N_("Closing ordered"),
    EventKind.closed: N_("Sitting closed"),
    EventKind.aborted: N_("Terminated"),
    EventKind.condition_confirmed: N_("Condition confirmed"),
    EventKind.fingerprints_compared: N_("Security code read aloud"),
    EventKind.fingerprints_stale: N_("Server certificate changed: compare the codes again"),
    EventKind.time_limit_reached: N_("Time limit of the requested State reached"),
    EventKind.break_due: N_("Pause due by the conditions"),
    EventKind.data_lost: N_("Data lost: an earlier state was restored"),
    EventKind.caption: N_("Caption"),
    EventKind.right_answered: N_("Item of the rights checklist answered"),
    EventKind.right_objected: N_("Objection to an item of the rights checklist"),
    EventKind.summons_recorded: N_("Service of the summons recorded"),
    EventKind.cost_term_put: N_("Said about the costs"),
    EventKind.drill_inject: N_("Training: something was made to happen"),
    **recorded_words.TITLES,
}
CAPTION_SOURCES: Mapping[str, str] = {"stenographer": N_("stenographer"), "machine": N_("machine, not the record")}
"""Who has written captions, by `CaptionSource`."""
OF_THE_LIST: Mapping[EventKind, str] = {
    EventKind.right_answered: N_("The acts of the hearing wait for the checklist"),
    EventKind.right_objected: N_("Counsel asks that the acts of the hearing wait for the checklist"),
}
"""What is said to the rights checklist as a whole, and to none of its items."""
METHODS = {
    "document_seen": N_("I have seen an identity document"),
    "known_to_authority": N_("The person is known to the authority"),
    "database": N_("Compared with an official register"),
    "protected_identity": N_("Protected identity, checked separately"),
}


@dataclass(frozen=True)
class LogLine:
    """One line of the log."""

    seq: int
    at: datetime
    what: str
    about: str
    by: str
    detail: str
    sha256: str
    """The hash of the event in the journals of the hearing's recordings."""


def log_lines(
    events: Sequence[HearingEvent],
    people: Sequence[Participant],
    person_name: str = "",
    *,
    recordings: Sequence[Recording] = (),
    clocks: Sequence[CourtClock] = (),
) -> list[LogLine]:
    """The lines of the log, in the order of the events. `person_name` is the name of the person heard in the request.
    `clocks` are those in which the time of a gap in one of the `recordings` is displayed, the reader's own first."""
    rules = recorded_words.name_rules(people, person_name)
    lines = []
    for event in events:
        line = _tell(event, rules)
        if event.kind == EventKind.gap:
            line = replace(line, detail=gap_words.in_log(event.data, gaps.zero_of(event, recordings), clocks))
        lines.append(line)
    return lines


def _tell(event: HearingEvent, rules: NameRules) -> LogLine:
    kind, names = EventKind(event.kind), rules.names
    by = names.get(event.actor, "") or (roles.label(event.actor_role) if event.actor_role else _("The system"))
    if kind in messages_to_court.KINDS:
        detail = rules.quoted(str(event.data.get("text", "")))
    elif kind is EventKind.caption:
        detail = in_turn(_caption(event.data, rules))
    elif kind is EventKind.hold and event.actor == SYSTEM.id:
        detail = _why(str(event.data.get("reason", "")), rules)
    elif kind is EventKind.closed_session_begun:
        parts = (rules.quoted(str(event.data.get("reason") or "")), " ".join(_closed(event, rules)))
        detail = in_turn(part for part in parts if part)
    elif kind in recorded_words.TITLES:
        detail = recorded_words.detail(event, rules, participant=False)
    else:
        detail = _detail(kind, event.data, rules)
    return LogLine(
        seq=event.seq,
        at=event.at,
        what=_(WORDS[kind]),
        about=names.get(str(event.data.get("participant", "")), ""),
        by=by,
        detail=detail,
        sha256=recordings.sha256(recordings.entry(event)),
    )


def _caption(data: Mapping[str, Any], rules: NameRules) -> Iterator[str]:
    if data.get("corrects"):
        yield _(recorded_words.REPLACES).format(n=data["corrects"])
    source = CAPTION_SOURCES.get(data.get("source", ""))
    if source is not None:
        yield language_here(data["lang"])
        yield _(source)
        yield rules.quoted(data["text"])


def _why(reason: str, rules: NameRules) -> str:
    """Why the service closed the floor, as the minutes say it, from the code that it gave."""
    return sentences.translated(why_held(reason, rules.names, rules.quoted)).strip() if reason else ""


def _closed(event: HearingEvent, rules: NameRules) -> Iterator[str]:
    """The order of a closed session in sentences: who was excluded, and who alone can open what is recorded."""
    for one_id in event.data.get("out", ()):
        yield sentences.translated(tell(EXCLUDED, person=rules.names.get(one_id, "–"))).strip()
    if event.data.get("recipients"):
        yield sentences.translated(tell(OWN_KEY, readers=readers(event))).strip()


def because(change: StatusChange, people: Sequence[Participant]) -> str:
    """The reason of a change in the history of a hearing, its sittings and its recordings: as `statuses.because`, and
    codes of the service in words. `people` are those of the hearing."""
    if change.actor == SYSTEM.id and change.reason.partition(":")[0] in HELD:
        names = recorded_words.name_rules(people).names
        return sentences.translated(why_held(change.reason, names, str)).strip()
    if change.actor == SYSTEM.id and change.reason in FAILING:
        return sentences.translated(why_failing(change.reason))
    return statuses.because(change.reason)


MODES = {
    "open": N_("Everybody may speak"),
    "by_turn": N_("By turn"),
    "consecutive": N_("By turn, interpreted after each speaker"),
}
"""How people come to speak, by `FloorMode`."""


def _detail(kind: EventKind, data: Mapping[str, object], rules: NameRules) -> str:
    """The details of the event that are of use to a reader; no code of the program is among them."""
    reason = rules.quoted(str(data.get("reason") or ""))
    if "on" in data or "up" in data:
        return _("on") if data.get("on", data.get("up")) else _("off")
    if kind is EventKind.floor_mode:
        return _(MODES.get(str(data.get("mode")), ""))
    if kind is EventKind.interpreting_ended:
        return _("skipped") if data.get("skipped") else _("{n} s").format(n=data.get("seconds"))
    if kind in (EventKind.break_ordered, EventKind.break_ended):
        purpose = PURPOSES.get(str(data.get("purpose")))
        after = data.get("paused_after")
        paused = _("recording paused {n} s after the order").format(n=after) if isinstance(after, float) else ""
        return in_turn(part for part in (_(purpose) if purpose else "", reason, paused) if part)
    step = str(data.get("step") or "")
    if kind is EventKind.breakdown_step and (step in breakdowns.WAYS or step.startswith("redial_")):
        return sentences.translated(breakdowns.words(step))
    if kind is EventKind.help_answered:
        return _("after {n} s").format(n=data.get("after", 0))
    if kind is EventKind.identity_confirmed:
        return _(METHODS.get(str(data.get("method", "")), ""))
    if kind is EventKind.signal and data.get("what") in SIGNALS:
        return _(SIGNALS[str(data["what"])])
    if kind is EventKind.uncovered and data.get("lang"):
        into = language_here(str(data["lang"]))
        return _("into {language}, for {n} seconds").format(language=into, n=data.get("seconds"))
    if kind in (EventKind.language_chosen, EventKind.render_changed, EventKind.relay_chosen, EventKind.handed_over):
        return language_here(str(data["lang"])) if data.get("lang") else "–"
    if kind in (EventKind.languages_booked, EventKind.interpreter_assigned):
        tags = data.get("languages")
        return one_by_one(language_here(str(tag)) for tag in tags if tag) if isinstance(tags, list) and tags else "–"
    if kind is EventKind.fingerprints_compared and data.get("certificate"):
        text = _("matches: {code}") if data.get("matched") else _("does not match {code}")
        return text.format(code=fingerprints.code(str(data["certificate"])))
    if kind in (EventKind.right_answered, EventKind.right_objected) and "item" in data:
        item = rights_checklist.item(str(data["item"]))
        return _(item.title if item is not None else OF_THE_LIST[kind])
    if data.get("why") == LINE_ANEW:
        return _("no longer valid: the connection was re-established")
    if kind is EventKind.pin_failed:
        return _("tries left: {n}").format(n=data.get("tries_left"))
    if kind in (EventKind.recording_failing, EventKind.recording_failed):
        return sentences.translated(FAILING.get(str(data.get("code")), ""))
    return reason
