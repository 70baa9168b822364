"""What one person may see of a live hearing: rows in, a complete `View` out. Pure, except for the language in force.

Everything a page shows comes from here; a page never decides by itself what a person may know or do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hearings.agreement.room_rules import BEFORE_START, NO_RULES, RoomRules
from hearings.events import EventKind
from hearings.hearing import floor
from hearings.models import Hearing, HearingEvent, Participant, Sitting, SoundCheck
from hearings.models.sitting import CheckStatus, HoldCode
from hearings.permissions import LIFTS, Decision, may
from hearings.roles import CONDUCTING, Role
from hearings.sitting import recorded_acts
from hearings.sitting.fingerprints import NOTHING, Standing
from hearings.sitting.sound_checks import LINE_ANEW
from hearings.status import IN_ROOM, PresenceStatus, SittingStatus
from media import messages
from web.live import recorded_form
from web.live.indicator import RecordingFacts, indicator
from web.words import conditions as conditions_words, recorded_acts as recorded_words, roles, sentences
from web.words.i18n import _, language_name, pgettext, state_name

LOBBY = frozenset({PresenceStatus.waiting, PresenceStatus.called})
LATEST = 30
"""Recorded acts a page is shown."""
GONE = frozenset({PresenceStatus.removed, PresenceStatus.released})

PAGE_ACTIONS = (
    "roll_call",
    "confirm_identity",
    "admit",
    "return_to_lobby",
    "remove",
    "mute_other",
    "sound_check",
    "start",
    "hold",
    "lift_hold",
    "close",
    "break_off",
    "compare_fingerprints",
    "speak_floor",
    "speak_in_channel",
    "show_picture",
    "hear_floor",
    "see_floor",
    "record_act",
    "record_remark",
)
"""Actions a page offers; the answer for each, with its reason, is part of every view."""


@dataclass
class Liveness:
    """What is known of a seat's line right now, from the worker and from the page itself."""

    connected: bool = False
    media: str = ""
    certificate: str = ""
    """The page's own, as the worker saw it in the handshake."""
    report: messages.LineReport | None = None
    lost_since: int | None = None
    fault: messages.Fault = ""
    """Why the page's line cannot be made, as the worker has found."""


@dataclass
class Scene:
    """The rows and the live facts a view is made of."""

    hearing: Hearing
    sitting: Sitting
    participants: Sequence[Participant]
    checks: Sequence[SoundCheck]
    languages: Sequence[str]
    facts: RecordingFacts
    generation: int
    media_up: bool
    liveness: Mapping[str, Liveness] = field(default_factory=dict)
    rules: RoomRules = NO_RULES
    confirmed: frozenset[str] = frozenset()
    entries: Sequence[HearingEvent] = ()
    """Recorded acts, oldest first."""
    person_name: str = ""
    """Of the person heard, as the request has it."""
    comparison: Standing = NOTHING

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with this id."""
        return next((one for one in self.participants if one.id == participant_id), None)


def nanoseconds(at: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime."""
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000


def phase(participant: Participant, status: SittingStatus) -> str:
    """Which part of the live page a person is in."""
    if status is SittingStatus.closed or participant.presence in GONE:
        return "ended"
    if participant.presence in IN_ROOM:
        return "room"
    if participant.presence in LOBBY:
        return "lobby"
    return "prepare"


def line(liveness: Liveness | None) -> str:
    """A person's line in one word; weak from 3 % loss, 300 ms round trip or 30 ms jitter on."""
    if liveness is None:
        return "unknown"
    if liveness.media in ("lost", "quiet") or not liveness.connected:
        return "lost"
    report = liveness.report
    if report is None:
        return "unknown" if not liveness.media else "good"
    weak = report.loss_percent >= 3 or report.rtt_ms > 300 or report.jitter_ms > 30
    return "weak" if weak else "good"


def decide(action: str, viewer: Participant, scene: Scene, target: Participant | None = None) -> Decision:
    """The one question asked before every act: may this person do this, here and now?"""
    return may(
        action,
        viewer.role,
        own_state=viewer.state,
        target_state=target.state if target else viewer.state,
        own=target is None or target.id == viewer.id,
        granted=floor.granted(action, viewer, scene.sitting.status),
        hold_cause=scene.sitting.hold_cause,
        recording_healthy=True,  # `sittings.start` looks at the sound checks
        presence=viewer.presence,
    )


def person(one: Participant, viewer: Participant, scene: Scene) -> messages.PersonView:
    """A participant as `viewer` may know them."""
    live = scene.liveness.get(one.id)
    told = one.id == viewer.id or decide("line_statistics", viewer, scene, one).allowed
    microphone = "muted_by_court" if one.muted_by_court else "on" if one.microphone else "off"
    return messages.PersonView(
        participant=one.id,
        you=one.id == viewer.id,
        name=one.display_name,
        role=one.role,
        role_label=roles.label(one.role),
        state=one.state,
        city=one.city,
        speaks=one.speaks,
        presence=one.presence.value,
        microphone=microphone,  # type: ignore[arg-type]
        camera=one.camera,
        hand=one.hand_at is not None,
        help=one.help_at is not None,
        identity_confirmed=one.identity_confirmed_at is not None,
        needs_identity=one.needs_identity,
        line=line(live) if one.presence in IN_ROOM else "unknown",  # type: ignore[arg-type]
        renders=one.renders,
        lost_since=live.lost_since if live else None,
        fault=live.fault if live and told and one.presence in IN_ROOM else "",
    )


def recording_view(facts: RecordingFacts, now: int) -> messages.RecordingView:
    """The indicator in words of the viewer's language."""
    status, since = indicator(facts, now)
    words = {
        "not_started": _("Not recording yet"),
        "starting": _("Recording is starting"),
        "recording": pgettext("going on now", "Recording"),
        "slow": _("Recording. Sealing is slow."),
        "failing": _("NOT RECORDING. The floor is closed."),
        "stopping": _("Recording is being sealed"),
        "sealed": _("Recording sealed"),
        "failed": _("No recording"),
    }
    return messages.RecordingView(
        status=status, since=since, sealed=facts.sealed, last_sealed_at=facts.last_sealed_at, text=words[status]
    )


def hold_view(scene: Scene) -> messages.HoldView | None:
    """Why the floor is closed, since when, and who may open it."""
    sitting = scene.sitting
    if sitting.hold_cause is None or sitting.hold_since is None:
        return None
    author = next((one for one in scene.participants if sitting.hold_by in (one.id, one.person_id)), None)
    return messages.HoldView(
        cause=sitting.hold_cause.value,
        by=author.display_name if author else "",
        by_label=roles.label(author.role) if author else _("The system"),
        reason=hold_reason(sitting.hold_reason, scene),
        since=nanoseconds(sitting.hold_since),
        who_may_lift=roles.any_of(LIFTS[sitting.hold_cause]),
        consent_withdrawn=any(one["reason"] == HoldCode.consent_withdrawn for one in sitting.holds),
    )


def hold_reason(reason: str, scene: Scene) -> str:
    """A reason given by the system is a code and is translated; a person's own words stand as they are."""
    code, _separator, who = reason.partition(":")
    if code == HoldCode.recording_failing:
        return _("The recording is failing. What is said now is not recorded.")
    if code == HoldCode.consent_withdrawn:
        return _("The person has withdrawn the consent to be heard. The presiding judge decides how to go on.")
    if code == HoldCode.line_lost:
        lost = scene.participant(who)
        name = lost.display_name if lost else ""
        return _("The line to {name} is lost. Please do not speak.").format(name=name)
    return reason


def conditions_view(viewer: Participant, scene: Scene) -> list[messages.ConditionView]:
    """The conditions of the requested State, and what of them the viewer can confirm now."""
    confirms = viewer.role is Role.requested_authority and scene.sitting.status in BEFORE_START
    return [
        messages.ConditionView(
            kind=one.kind.value,
            text=conditions_words.sentence(one),
            treatment=conditions_words.treated(one),
            confirmed=one.kind.value in scene.confirmed if one in scene.rules.confirm else None,
            confirmable=confirms and one in scene.rules.confirm and one.kind.value not in scene.confirmed,
        )
        for one in scene.rules.conditions
    ]


def recorded_view(viewer: Participant, scene: Scene) -> list[messages.RecordedView]:
    """The latest recorded acts, newest first. They are for the minutes: whoever may read these sees them, and who may
    put a remark of their own there sees that.
    """
    entries = scene.entries
    if not decide("read_minutes", viewer, scene).allowed:
        entries = [one for one in entries if recorded_acts.made_by(one, viewer)]
    shown = recorded_words.shown(scene.participants, scene.person_name)
    gone = recorded_acts.replaced(scene.entries)
    found: list[messages.RecordedView] = []
    for event in reversed(entries[-LATEST:]):
        correctable = recorded_form.correctable(event, entries, viewer.role)
        found.append(
            messages.RecordedView(
                seq=event.seq,
                at=nanoseconds(event.at),
                kind=event.kind,
                title=_(recorded_words.TITLES[EventKind(event.kind)]),
                text=recorded_words.detail(event, shown),
                by=recorded_words.by(event, shown),
                timecode_ms=event.data.get("timecode_ms"),
                corrects=event.data.get("corrects"),
                replaced_by=gone.get(event.seq),
                correctable=correctable,
                values=recorded_form.values(event, shown) if correctable else {},
            )
        )
    return found


def fingerprints_view(viewer: Participant, scene: Scene) -> messages.FingerprintsView:
    """How far the courts are with comparing fingerprints, and what the viewer's own page must find."""
    live, found = scene.liveness.get(viewer.id), scene.comparison
    return messages.FingerprintsView(
        required=scene.rules.fingerprints,
        status=found.status.value,  # type: ignore[arg-type]
        again=found.again,
        said=[
            messages.SideSaid(state=state_name(state), matched=found.said.get(state))
            for state in (scene.hearing.requesting_state, scene.hearing.requested_state)
        ],
        server=found.certificate,
        own=live.certificate if live else "",
    )


def check_view(check: SoundCheck, scene: Scene) -> messages.SoundCheckView:
    """One line of the sound check."""
    who = scene.participant(check.participant_id)
    name = who.display_name if who else ""
    label = _("{name}, into {language}").format(name=name, language=language_name(check.lang)) if check.lang else name
    return messages.SoundCheckView(
        participant=check.participant_id,
        lang=check.lang,
        label=label,
        required=check.required,
        status=check.status.value,
        level=check.level,
        picture=check.picture,
        advice=check_advice(check),
    )


def check_advice(check: SoundCheck) -> str:
    """What was found, and what to try."""
    if check.status is CheckStatus.waiting and check.text == LINE_ANEW:
        return _("The connection was made anew after this check. Check again.")
    if check.status is not CheckStatus.failed:
        return ""
    if check.level is None:
        return _("Nothing came back from the recorder. Try again.")
    if not check.audio_ok:
        return _("No sound was recorded. Open the microphone, speak louder, or choose another microphone.")
    if check.picture is False:
        return _("No picture was recorded. Switch the camera on, or choose another camera.")
    return _("The check did not pass. Try again.")


def view_for(viewer: Participant, scene: Scene, *, seq: int, now: int) -> messages.View:
    """The complete view of one person, in the language in force."""
    hearing, sitting = scene.hearing, scene.sitting
    status = sitting.status
    here = phase(viewer, status)
    shown = [one for one in scene.participants if visible(one, viewer, here)]
    renderers = {
        one.renders: one.display_name
        for one in scene.participants
        if one.role is Role.interpreter and one.presence in IN_ROOM and one.renders and one.microphone
    }
    manages = decide("sound_check", viewer, scene).allowed and here == "room"
    return messages.View(
        seq=seq,
        me=viewer.id,
        generation=scene.generation,
        media_up=scene.media_up,
        case=hearing.case_number if here == "room" else "",
        status=status.value,
        phase=here,  # type: ignore[arg-type]
        people=[person(one, viewer, scene) for one in shown],
        audience=[
            roles.in_words(one)
            for one in scene.participants
            if one.id != viewer.id and any(floor.hears(one, at).allowed for at in SittingStatus)
        ],
        places=[
            messages.PlaceView(
                state=state_name(hearing.requesting_state),
                city=hearing.requesting_city,
                zone=hearing.requesting_zone,
            ),
            messages.PlaceView(
                state=state_name(hearing.requested_state), city=hearing.requested_city, zone=hearing.requested_zone
            ),
        ],
        starts_at=nanoseconds(hearing.starts_at),
        hold=hold_view(scene) if here == "room" else None,
        conditions=conditions_view(viewer, scene) if here == "room" else [],
        fingerprints=fingerprints_view(viewer, scene) if here == "room" else None,
        recording=recording_view(scene.facts, now),
        sound_checks=[
            check_view(check, scene) for check in scene.checks if manages or check.participant_id == viewer.id
        ],
        languages=[
            messages.LanguageView(
                lang=lang,
                name=language_name(lang),
                rendered_by=renderers.get(lang, ""),
                listeners=listeners(lang, scene),
                hearable=floor.hears_channel(viewer, lang, scene.languages).allowed,
            )
            for lang in scene.languages
        ],
        hears=floor.channel(viewer, scene.languages),
        original=viewer.original,
        rights={action: right(decide(action, viewer, scene)) for action in PAGE_ACTIONS},
        recorded=recorded_view(viewer, scene) if here == "room" else [],
    )


def listeners(lang: str, scene: Scene) -> int:
    """How many people in the room have chosen to hear a language."""
    return sum(
        1 for one in scene.participants if one.presence in IN_ROOM and floor.channel(one, scene.languages) == lang
    )


def right(decision: Decision) -> messages.RightView:
    """A decision in words."""
    if decision.elsewhere:
        return messages.RightView(allowed=False, reason=sentences.told(decision.reason))
    return messages.RightView(
        allowed=decision.allowed,
        reason="" if decision.allowed else _("Only {roles} can do this.").format(roles=roles.any_of(decision.who_can)),
    )


def visible(one: Participant, viewer: Participant, here: str) -> bool:
    """Whom a person sees listed: everyone in the room; in the lobby themselves and the court's staff."""
    if one.id == viewer.id:
        return True
    if here == "room":
        return True
    if here == "lobby":
        return one.role in CONDUCTING
    return False
