"""The log of a hearing in words: what happened, to whom, by whom, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hearings.events import EventKind
from hearings.models import HearingEvent, Participant, Recording
from hearings.sitting import fingerprints, gaps, sealed_facts
from hearings.sitting.sound_checks import LINE_ANEW
from web.words import gaps as gap_words, recorded_acts as recorded_words, roles
from web.words.i18n import N_, _, language_here
from web.words.places import Place
from web.words.recorded_acts import Shown

WORDS: dict[EventKind, str] = {
    EventKind.lobby_opened: N_("Lobby opened"),
    EventKind.roll_call: N_("Roll call begun"),
    EventKind.pre_record: N_("Sound check begun"),
    EventKind.link_issued: N_("Link made"),
    EventKind.link_replaced: N_("Link replaced by a new one"),
    EventKind.link_revoked: N_("Link revoked"),
    EventKind.link_used: N_("Link used"),
    EventKind.link_dead: N_("Link dead after wrong PINs"),
    EventKind.pin_failed: N_("Wrong PIN"),
    EventKind.notice_acknowledged: N_("Recording notice acknowledged"),
    EventKind.devices_checked: N_("Equipment checked"),
    EventKind.identity_confirmed: N_("Identity confirmed"),
    EventKind.admitted: N_("Admitted to the room"),
    EventKind.entered: N_("Entered the room"),
    EventKind.returned_to_lobby: N_("Returned to the lobby"),
    EventKind.removed: N_("Removed from the hearing"),
    EventKind.released: N_("Released from the hearing"),
    EventKind.joined: N_("Came"),
    EventKind.left: N_("Left"),
    EventKind.reconnecting: N_("Line lost"),
    EventKind.seat_taken_over: N_("Went on in another window"),
    EventKind.muted: N_("Muted by the court"),
    EventKind.microphone: N_("Microphone"),
    EventKind.camera: N_("Camera"),
    EventKind.hand: N_("Hand"),
    EventKind.help: N_("Help"),
    EventKind.language_chosen: N_("Language to hear"),
    EventKind.render_changed: N_("Interpreting into"),
    EventKind.sound_check: N_("Sound check"),
    EventKind.start_ordered: N_("Start ordered"),
    EventKind.started: N_("Sitting begun"),
    EventKind.hold: N_("Hold"),
    EventKind.resumed: N_("Resumed"),
    EventKind.media_lost: N_("Sound and picture lost"),
    EventKind.media_back: N_("Sound and picture back"),
    EventKind.recording_opened: N_("Recording begun"),
    EventKind.recording_failing: N_("Recording failing"),
    EventKind.recording_back: N_("Recording runs again"),
    EventKind.recording_sealed: N_("Recording sealed"),
    EventKind.recording_failed: N_("Recording failed"),
    EventKind.gap: N_("Gap in the recording"),
    EventKind.closing: N_("Closing ordered"),
    EventKind.closed: N_("Sitting closed"),
    EventKind.aborted: N_("Broken off"),
    EventKind.condition_confirmed: N_("Condition confirmed"),
    EventKind.fingerprints_compared: N_("Fingerprints compared aloud"),
    EventKind.fingerprints_stale: N_("The server has another certificate: to be compared again"),
    EventKind.time_limit_reached: N_("Time limit of the requested State used up"),
    EventKind.break_due: N_("Pause due by the conditions"),
    EventKind.data_lost: N_("Data were lost: an older state was put back"),
    **recorded_words.TITLES,
}
METHODS = {
    "document_seen": N_("I have seen an identity document"),
    "known_to_authority": N_("The person is known to the authority"),
    "database": N_("Compared with an official register"),
    "protected_identity": N_("Protected identity, checked apart"),
}


@dataclass(frozen=True)
class Happening:
    """One line of the log."""

    seq: int
    at: datetime
    what: str
    about: str
    by: str
    detail: str
    sha256: str
    """Under this hash it stands in the journals of the hearing's recordings."""


def told(
    events: Sequence[HearingEvent],
    people: Sequence[Participant],
    person_name: str = "",
    *,
    recordings: Sequence[Recording] = (),
    clocks: Sequence[Place] = (),
) -> list[Happening]:
    """The events in words, in their order. `person_name`: of the person heard, as the request has it. `clocks`: by
    which the time of a gap in one of the `recordings` is told, the reader's own first.
    """
    shown = recorded_words.shown(people, person_name)
    found = []
    for event in events:
        one = _tell(event, shown)
        if event.kind == EventKind.gap:
            one = replace(one, detail=gap_words.in_log(event.data, gaps.zero_of(event, recordings), clocks))
        found.append(one)
    return found


def _tell(event: HearingEvent, shown: Shown) -> Happening:
    kind, names = EventKind(event.kind), shown.names
    by = names.get(event.actor, "") or (roles.label(event.actor_role) if event.actor_role else _("The system"))
    recorded = kind in recorded_words.TITLES
    return Happening(
        seq=event.seq,
        at=event.at,
        what=_(WORDS[kind]),
        about=names.get(str(event.data.get("participant", "")), ""),
        by=by,
        detail=recorded_words.detail(event, shown, participant=False) if recorded else _detail(kind, event.data),
        sha256=sealed_facts.sha256(sealed_facts.entry(event)),
    )


def _detail(kind: EventKind, data: Mapping[str, object]) -> str:
    """What the event adds to its name, as far as a person can use it."""
    if "on" in data or "up" in data:
        return _("on") if data.get("on", data.get("up")) else _("off")
    if kind is EventKind.identity_confirmed:
        return _(METHODS.get(str(data.get("method", "")), ""))
    if kind in (EventKind.language_chosen, EventKind.render_changed):
        return language_here(str(data["lang"])) if data.get("lang") else "–"
    if kind is EventKind.fingerprints_compared and data.get("certificate"):
        said = _("the same: {code}") if data.get("matched") else _("not the same as {code}")
        return said.format(code=fingerprints.code(str(data["certificate"])))
    if data.get("why") == LINE_ANEW:
        return _("no longer counts: the connection was made anew")
    if kind is EventKind.pin_failed:
        return _("tries left: {n}").format(n=data.get("tries_left"))
    return str(data.get("reason") or "")
