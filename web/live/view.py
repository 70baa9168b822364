"""The view of a live hearing for one person: rows in, a complete `View` out. Pure, except for the language in force.

All data of a live page come from here; the page itself makes no decision about permissions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from hearings.agreement.room_rules import BEFORE_START
from hearings.events import EventKind
from hearings.hearing import floor
from hearings.languages import signed
from hearings.law import scripts
from hearings.models import Participant, SoundCheck
from hearings.models.sitting import CheckStatus, HoldCode
from hearings.permissions import LIFTS, Decision, may
from hearings.requests import conditions
from hearings.roles import CONDUCTING, Role
from hearings.sitting import (
    booths,
    breaks,
    cards,
    closed_sessions,
    messages_to_court,
    objections,
    recorded_acts,
    sittings,
)
from hearings.sitting.cards import CardProgress
from hearings.sitting.sound_checks import LINE_ANEW
from hearings.status import IN_ROOM, PresenceStatus, SittingStatus
from media import messages
from web.live import recorded_form
from web.live.acts import ACTS
from web.live.indicator import RecordingFacts, indicator
from web.live.notices import NOT_RECORDING
from web.live.rows import Rows
from web.words import court_clocks, recorded_acts as recorded_words, roles, sentences
from web.words.i18n import (
    _,
    city_here,
    language_here,
    language_name,
    one_by_one,
    pgettext,
    state_name,
    state_word,
)
from web.words.refusals import ONLY_ROLES

LOBBY = frozenset({PresenceStatus.waiting, PresenceStatus.called})
LATEST = 30
"""Maximum number of recorded acts in a view."""
GONE = frozenset({PresenceStatus.removed, PresenceStatus.released})

SEEN_AND_HEARD = (
    "speak_floor",
    "speak_in_channel",
    "show_picture",
    "hear_floor",
    "see_floor",
    "record_remark",
)


def page_actions() -> list[str]:
    """Actions a page offers; the answer for each, with its reason, is part of every view."""
    return [*dict.fromkeys(act.right for act in ACTS.values() if act.right), *SEEN_AND_HEARD]


@dataclass
class Liveness:
    """Current state of a seat's connection, from the worker and from the page itself."""

    connected: bool = False
    media: str = ""
    certificate: str = ""
    """Fingerprint of the page's certificate, from the worker's DTLS handshake with it."""
    report: messages.LineReport | None = None
    troubles: tuple[messages.Trouble, ...] = ()
    """What the page has found wrong with its devices."""
    lost_since: int | None = None
    fault: messages.Fault = ""
    """The worker's code of the reason why the page's connection cannot be made."""


@dataclass
class Scene:
    """Input of a view: the rows, and the live state."""

    rows: Rows
    facts: RecordingFacts
    generation: int
    media_up: bool
    liveness: Mapping[str, Liveness] = field(default_factory=dict)

    @cached_property
    def cards(self) -> list[CardProgress]:
        """The script cards of this part of the hearing, the same for every viewer."""
        rows = self.rows
        room = cards.CardRoom(
            hearing=rows.hearing,
            sitting=rows.sitting,
            people=rows.participants,
            entries=rows.entries,
            capacity=rows.capacity,
        )
        return cards.progress(scripts.current(), room)


NO_TURNS = messages.FloorView(
    mode="open",
    holder="",
    next="",
    uninterpreted="",
    interpreter="",
    since=None,
    asking=[],
    may_speak=False,
    why_not="",
)
"""What somebody outside the room sees of the floor: nothing."""


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
    """Quality of a person's connection in one word; weak from 3 % loss, 300 ms round trip or 30 ms jitter on."""
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
    """Whether this person may do this now; called before every act."""
    return may(
        action,
        viewer.role,
        own_state=viewer.state,
        target_state=target.state if target else viewer.state,
        own=target is None or target.id == viewer.id,
        granted=floor.granted(action, viewer, scene.rows.sitting.status),
        hold_cause=scene.rows.sitting.hold_cause,
        recording_healthy=True,  # `sittings.start` examines the sound checks
        presence=viewer.presence,
    )


def person(participant: Participant, viewer: Participant, scene: Scene) -> messages.PersonView:
    """A participant, with the data that `viewer` may see."""
    live = scene.liveness.get(participant.id)
    sees_line = participant.id == viewer.id or decide("line_statistics", viewer, scene, participant).allowed
    microphone = "muted_by_court" if participant.muted_by_court else "on" if participant.microphone else "off"
    return messages.PersonView(
        participant=participant.id,
        you=participant.id == viewer.id,
        name=participant.display_name,
        role=participant.role,
        role_label=roles.label(participant.role),
        state=participant.state,
        city=city_here(participant.city),
        speaks=participant.speaks,
        presence=participant.presence.value,
        microphone=microphone,  # type: ignore[arg-type]
        camera=participant.camera,
        hand=participant.hand_at is not None,
        help=participant.help_at is not None,
        wants_break=participant.break_asked_at is not None,
        help_answered_by=name_of(scene, participant.help_answered_by),
        identity_confirmed=participant.identity_confirmed_at is not None,
        needs_identity=participant.needs_identity,
        line=line(live) if participant.presence in IN_ROOM else "unknown",  # type: ignore[arg-type]
        renders=participant.renders,
        device_of=participant.device_of_id or "",
        lost_since=live.lost_since if live else None,
        fault=live.fault if live and sees_line and participant.presence in IN_ROOM else "",
        troubles=list(live.troubles) if live and live.connected and sees_line else [],
    )


def name_of(scene: Scene, participant_id: str) -> str:
    """The displayed name of somebody of the hearing; empty for nobody."""
    found = scene.rows.participant(participant_id)
    return found.display_name if found else ""


def calls_view(viewer: Participant, scene: Scene) -> list[messages.CallView]:
    """The calls of others that the viewer may answer, the longest waiting first: for help, and in the room for a break
    also those that only the presiding judge decides, told to all who conduct.
    """
    found: list[tuple[datetime, messages.CallView]] = []
    helps = decide("answer_help", viewer, scene).allowed
    conducts = viewer.role in CONDUCTING and viewer.presence in IN_ROOM
    for participant in scene.rows.participants:
        if participant.id == viewer.id:
            continue
        about: dict[str, str] = {
            "participant": participant.id,
            "name": participant.display_name,
            "role_label": roles.label(participant.role),
            "state": state_name(participant.state),
        }
        if helps and (at := participant.help_at) is not None:
            answered = name_of(scene, participant.help_answered_by)
            found.append((at, messages.CallView(kind="help", since=nanoseconds(at), answered_by=answered, **about)))
        if conducts and (at := participant.break_asked_at) is not None:
            reason = participant.break_reason
            found.append((at, messages.CallView(kind="break", since=nanoseconds(at), reason=reason, **about)))
    return [call for _at, call in sorted(found, key=lambda call: call[0])]


def recording_view(facts: RecordingFacts, now: int) -> messages.RecordingView:
    """The indicator in words of the viewer's language."""
    status, since = indicator(facts, now)
    words = {
        "not_started": _("Not recording yet"),
        "starting": _("Recording is starting"),
        "recording": pgettext("going on now", "Recording"),
        "slow": _("Recording. Sealing is slow."),
        "failing": _(NOT_RECORDING),
        "stopping": _("Recording is being sealed"),
        "sealed": _("Recording sealed"),
        "failed": _("No recording"),
    }
    return messages.RecordingView(
        status=status, since=since, sealed=facts.sealed, last_sealed_at=facts.last_sealed_at, text=words[status]
    )


def hold_view(scene: Scene) -> messages.HoldView | None:
    """Why the floor is closed, since when, and who may open it."""
    sitting = scene.rows.sitting
    if sitting.hold_cause is None or sitting.hold_since is None:
        return None
    author = next(
        (
            participant
            for participant in scene.rows.participants
            if sitting.hold_by in (participant.id, participant.person_id)
        ),
        None,
    )
    pause = sittings.break_of(sitting) or {}
    return messages.HoldView(
        cause=sitting.hold_cause.value,
        by=author.display_name if author else "",
        by_label=roles.label(author.role) if author else _("The system"),
        reason=hold_reason(sitting.hold_reason, scene),
        since=nanoseconds(sitting.hold_since),
        who_may_lift=roles.any_of(LIFTS[sitting.hold_cause]),
        consent_withdrawn=any(hold["reason"] == HoldCode.consent_withdrawn for hold in sitting.holds),
        purpose=_(purpose) if (purpose := breaks.PURPOSES.get(str(pause.get("purpose")))) else "",
        until=nanoseconds(datetime.fromisoformat(pause["until"])) if pause else None,
    )


def hold_reason(reason: str, scene: Scene) -> str:
    """A reason given by the system is a code and is translated; a person's own words stand as they are."""
    code, _separator, who = reason.partition(":")
    if code == HoldCode.recording_failing:
        return _("The recording is failing. What is said now is not recorded.")
    if code == HoldCode.consent_withdrawn:
        return _("The person has withdrawn the consent to be heard. The presiding judge decides how to proceed.")
    if code == HoldCode.replaced:
        successor = scene.rows.participant(who)
        name = successor.display_name if successor else ""
        return _("{name} has taken somebody's place. The presiding judge opens the floor again.").format(name=name)
    if code == HoldCode.interpreter_lost:
        missing = one_by_one(language_here(lang) for lang in who.split(","))
        text = _("Nobody interprets into this language any more: {languages}. Please do not speak.")
        return text.format(languages=missing)
    if code == HoldCode.line_lost:
        lost = scene.rows.participant(who)
        name = lost.display_name if lost else ""
        return _("The line to {name} is lost. Please do not speak.").format(name=name)
    return reason


def floor_view(viewer: Participant, scene: Scene) -> messages.FloorView:
    """Whose turn it is, and whether the viewer may open the microphone."""
    rows = scene.rows
    whose = floor.turn(rows.sitting, rows.participants)
    decision = floor.speaks(viewer, whose)
    waits = whose.uninterpreted and rows.sitting.uninterpreted_since
    hands = [(row.hand_at, row.id) for row in rows.participants if row.hand_at and row.presence in IN_ROOM]
    return messages.FloorView(
        mode=whose.mode.value,
        holder=whose.holder,
        next=whose.next,
        uninterpreted=whose.uninterpreted,
        interpreter=whose.interpreter,
        since=nanoseconds(waits) if waits else None,
        asking=[participant for _at, participant in sorted(hands)],
        may_speak=decision.allowed,
        why_not=right(decision).reason,
    )


def conditions_view(viewer: Participant, scene: Scene) -> list[messages.ConditionView]:
    """The conditions of the requested State, and whether the viewer can confirm each now."""
    confirms = viewer.role is Role.requested_authority and scene.rows.sitting.status in BEFORE_START
    return [
        messages.ConditionView(
            kind=condition.kind.value,
            text=sentences.translated(conditions.sentence(condition)),
            treatment=sentences.translated(conditions.treated(condition)),
            confirmed=condition.kind.value in scene.rows.confirmed if condition in scene.rows.rules.confirm else None,
            confirmable=confirms
            and condition in scene.rows.rules.confirm
            and condition.kind.value not in scene.rows.confirmed,
        )
        for condition in scene.rows.rules.conditions
    ]


def recorded_view(viewer: Participant, scene: Scene) -> list[messages.RecordedView]:
    """The latest recorded acts, newest first. They are material for the minutes: people who may read those see all, and
    people who may record remarks see their own.
    """
    entries = scene.rows.entries
    if not decide("read_minutes", viewer, scene).allowed:
        entries = [entry for entry in entries if recorded_acts.made_by(entry, viewer)]
    names = recorded_words.name_rules(scene.rows.participants, scene.rows.person_name)
    gone = recorded_acts.replaced(scene.rows.entries)
    views: list[messages.RecordedView] = []
    for event in reversed(entries[-LATEST:]):
        correctable = recorded_form.correctable(event, entries, viewer.role)
        views.append(
            messages.RecordedView(
                seq=event.seq,
                at=nanoseconds(event.at),
                kind=event.kind,
                title=_(recorded_words.TITLES[EventKind(event.kind)]),
                text=recorded_words.detail(event, names),
                by=recorded_words.by(event, names),
                timecode_ms=event.data.get("timecode_ms"),
                corrects=event.data.get("corrects"),
                replaced_by=gone.get(event.seq),
                correctable=correctable,
                values=recorded_form.values(event, names) if correctable else {},
            )
        )
    return views


def objections_view(viewer: Participant, scene: Scene) -> list[messages.ObjectionView]:
    """The queue of objections and claims that are not decided, for everybody in the room."""
    names = recorded_words.name_rules(scene.rows.participants, scene.rows.person_name)
    views: list[messages.ObjectionView] = []
    for each in objections.undecided(scene.rows.entries):
        data, kind = each.event.data, EventKind(each.event.kind)
        raiser = scene.rows.participant(str(data.get("participant", "")))
        views.append(
            messages.ObjectionView(
                entry=each.entry,
                at=nanoseconds(each.raised.at),
                title=_(recorded_words.TITLES[kind]),
                by=names.names.get(str(data.get("participant", "")), ""),
                by_label=roles.label(raiser.role) if raiser else "",
                ground=_(ground) if (ground := recorded_words.CHOICES.get(str(data.get("ground")))) else "",
                text=names.quoted(str(data.get("text", ""))),
                law=state_name(data["law"]) if data.get("law") else "",
                reserved=each.reserved,
                mine=objections.raised_by(each, viewer),
            )
        )
    return views


def messages_view(viewer: Participant, scene: Scene) -> list[messages.MessageView]:
    """The messages to the court, and answers, that the viewer may read, oldest first."""
    people = scene.rows.participants
    names = recorded_words.name_rules(people, scene.rows.person_name)
    own = (viewer.id, viewer.person_id)
    return [
        messages.MessageView(
            entry=event.seq,
            at=nanoseconds(event.at),
            text=names.quoted(str(event.data["text"])),
            by=names.names.get(event.actor, ""),
            by_label=roles.label(event.actor_role) if event.actor_role else "",
            to=names.names.get(str(event.data["participant"]), "") if event.kind == EventKind.court_answer else "",
            mine=event.actor in own,
            answerable=event.kind == EventKind.court_message
            and event.actor not in own
            and decide("answer_message", viewer, scene, scene.rows.participant(event.data["participant"])).allowed,
        )
        for event in scene.rows.court_messages
        if messages_to_court.readable(event, viewer, people)
    ]


def unrecorded_view(viewer: Participant, scene: Scene) -> messages.UnrecordedView | None:
    """The decision to go on without a recording, or the proposal, for everybody on the live page."""
    decided = scene.rows.sitting.without_recording
    if not decided:
        return None

    def who(participant_id: str) -> str:
        found = scene.rows.participant(participant_id)
        return f"{found.display_name}, {roles.in_words(found)}" if found else ""

    in_force = sittings.unrecorded(scene.rows.sitting)
    other = viewer.id != decided["by"] and viewer.state != decided["state"] and viewer.role != decided["role"]
    return messages.UnrecordedView(
        in_force=in_force,
        by=who(decided["by"]),
        confirmed_by=who(decided.get("confirmed_by", "")),
        reason=decided["reason"],
        since=nanoseconds(datetime.fromisoformat(decided.get("confirmed_at") or decided["at"])),
        confirmable=not in_force and other and decide("continue_unrecorded", viewer, scene).allowed,
    )


def closed_session_view(viewer: Participant, scene: Scene) -> messages.ClosedSessionView | None:
    """The closed session in force, for the room and for who waits outside."""
    sitting = scene.rows.sitting
    out = sitting.excludes(viewer)
    if not sitting.closed_session or not (out or viewer.presence in IN_ROOM):
        return None
    return messages.ClosedSessionView(
        since=nanoseconds(datetime.fromisoformat(sitting.closed_session["since"])),
        by=name_of(scene, sitting.closed_session["by"]),
        reason=sitting.closed_session["reason"],
        out=out,
    )


def raisable_view(viewer: Participant, scene: Scene) -> list[messages.RaisableView]:
    """What the viewer may raise now, with its short grounds."""
    return [
        messages.RaisableView(
            kind=kind.value,  # type: ignore[arg-type]
            title=_(recorded_words.TITLES[kind]),
            grounds=[
                messages.ChoiceView(value=ground, label=_(recorded_words.CHOICES[ground]))
                for ground in recorded_acts.KINDS[kind].fields["ground"].choices
            ],
        )
        for kind, action in objections.RIGHTS.items()
        if decide(action, viewer, scene).allowed and recorded_acts.takes(scene.rows.sitting)
    ]


def cards_view(viewer: Participant, scene: Scene) -> list[messages.CardView]:
    """The script cards of this part of the hearing: all for who reads them out; for an interpreter and for those they
    are read to, the ones that were read and are not answered.
    """
    reads = decide("read_card", viewer, scene).allowed
    renders = not reads and decide("render_card", viewer, scene).allowed
    return [
        messages.CardView(
            card=one.card.id,
            title=_(cards.CARDS[one.card.id]),
            law=one.law,
            law_label=_("Law {state:of}").format(state=state_word(one.law)),
            whom=one.person.id if one.person else "",
            name=one.person.display_name if one.person else "",
            due=one.due,
            done=one.done,
            read=one.read.seq if one.read else None,
            rendered=one.rendered is not None,
            answer=one.answer,
            counsel=one.counsel is not None,
            buttons=cards.offered(one, viewer),
            answers=list(one.card.answers) if reads else ["yes", "no"],
        )
        for one in scene.cards
        if reads or cards.follows(one, viewer, renders=renders)
    ]


def fingerprints_view(viewer: Participant, scene: Scene) -> messages.FingerprintsView:
    """Status of the comparison of fingerprints, and the fingerprints that the viewer's own page must compute."""
    live, comparison = scene.liveness.get(viewer.id), scene.rows.comparison
    return messages.FingerprintsView(
        required=scene.rows.rules.fingerprints,
        status=comparison.status.value,  # type: ignore[arg-type]
        again=comparison.again,
        said=[
            messages.SideSaid(state=state_name(state), matched=comparison.said.get(state))
            for state in (scene.rows.hearing.requesting_state, scene.rows.hearing.requested_state)
        ],
        server=comparison.certificate,
        own=live.certificate if live else "",
    )


def check_view(check: SoundCheck, scene: Scene) -> messages.SoundCheckView:
    """One line of the sound check."""
    who = scene.rows.participant(check.participant_id)
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
    """The result of a sound check, and advice."""
    if check.status is CheckStatus.waiting and check.text == LINE_ANEW:
        return _("The connection was re-established after this check. Check again.")
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
    hearing, sitting = scene.rows.hearing, scene.rows.sitting
    status = sitting.status
    here = phase(viewer, status)
    visible_people = [participant for participant in scene.rows.participants if visible(participant, viewer, here)]
    now_into = rendered(scene)
    manages = decide("sound_check", viewer, scene).allowed and here == "room"
    return messages.View(
        seq=seq,
        me=viewer.id,
        generation=scene.generation,
        media_up=scene.media_up,
        case=hearing.case_number if here == "room" else "",
        status=status.value,
        phase=here,  # type: ignore[arg-type]
        people=[person(other, viewer, scene) for other in visible_people],
        audience=[
            roles.in_words(participant)
            for participant in scene.rows.participants
            if participant.id != viewer.id
            and participant.vacated_at is None
            and any(floor.hears(participant, at).allowed for at in SittingStatus)
        ],
        places=[
            messages.PlaceView(state=state_name(place.state), city=city_here(place.city), zone=place.zone)
            for place in court_clocks.of_hearing(hearing)
        ],
        starts_at=nanoseconds(hearing.starts_at),
        hold=hold_view(scene) if here == "room" else None,
        floor=floor_view(viewer, scene) if here == "room" else NO_TURNS,
        conditions=conditions_view(viewer, scene) if here == "room" else [],
        fingerprints=fingerprints_view(viewer, scene) if here == "room" else None,
        recording=recording_view(scene.facts, now),
        sound_checks=[
            check_view(check, scene) for check in scene.rows.checks if manages or check.participant_id == viewer.id
        ],
        languages=[
            language_view(lang, viewer, scene, now_into)
            for lang in (() if scene.rows.rules.consecutive else scene.rows.languages)
        ],
        hears=floor.channel(viewer, scene.rows.languages),
        original=viewer.original,
        booth=booth_view(viewer, scene),
        rights={action: right(decide(action, viewer, scene)) for action in page_actions()},
        cards=cards_view(viewer, scene) if here == "room" else [],
        recorded=recorded_view(viewer, scene) if here == "room" else [],
        objections=objections_view(viewer, scene) if here == "room" else [],
        raisable=raisable_view(viewer, scene) if here == "room" else [],
        laws=[
            messages.ChoiceView(value=state, label=state_name(state))
            for state in (hearing.requesting_state, hearing.requested_state)
        ],
        purposes=[
            messages.ChoiceView(value=purpose, label=_(words))
            for purpose, words in breaks.PURPOSES.items()
            if here == "room" and decide("order_break", viewer, scene).allowed
        ],
        messages=messages_view(viewer, scene) if here in ("lobby", "room") else [],
        unrecorded=unrecorded_view(viewer, scene) if here in ("lobby", "room") else None,
        closed_session=closed_session_view(viewer, scene) if here in ("lobby", "room") else None,
        excludable=[
            participant.id
            for participant in scene.rows.participants
            if here == "room"
            and decide("close_session", viewer, scene).allowed
            and participant.vacated_at is None
            and participant.role not in closed_sessions.STAYS
        ],
        calls=calls_view(viewer, scene) if here in ("lobby", "room") else [],
    )


def booth_view(viewer: Participant, scene: Scene) -> messages.BoothView | None:
    """The booth of an interpreter; None for others."""
    booked, people = scene.rows.languages, scene.rows.participants
    name = booths.key(viewer, booked)
    if not name:
        return None
    booth = booths.from_json(scene.rows.sitting.booths.get(name, {}))
    team = [person for person in booths.members(people, booked)[name] if person.id != viewer.id]
    live = scene.rows.participant(booth.live)
    pressed = [who == viewer.id for who in booth.asked]
    until = booth.lost_at + booths.TAKE_OVER_WITHIN if booth.lost_at and booth.lost != viewer.id else None
    return messages.BoothView(
        partners=[person.display_name for person in team],
        live=live.display_name if live else "",
        mine=booth.live == viewer.id,
        since=nanoseconds(booth.since) if booth.since else None,
        relief=booth.told,
        asked="" if not pressed else "both" if len(pressed) > 1 else "me" if pressed[0] else "partner",
        change_at=nanoseconds(booth.change_at) if booth.change_at else None,
        take_over_until=nanoseconds(until) if until else None,
        into=list(floor.renders_into(viewer, booked)),
        relay=viewer.hears,
        relay_heard=bool(viewer.hears) and viewer.hears in rendered(scene),
    )


def rendered(scene: Scene) -> Mapping[str, Participant]:
    """The interpreter who interprets into each language now."""
    rows = scene.rows
    quiet = booths.silenced(rows.participants, rows.languages, rows.sitting.booths)
    return {
        person.renders: person
        for person in reversed(rows.participants)
        if person.role is Role.interpreter
        and person.presence in IN_ROOM
        and person.renders
        and person.id not in quiet
        and (person.camera if signed(person.renders) else person.microphone)
    }


def language_view(
    lang: str, viewer: Participant, scene: Scene, now: Mapping[str, Participant]
) -> messages.LanguageView:
    """A language of the hearing, who interprets into it now, from what, and since when nobody does."""
    by, since = now.get(lang), scene.rows.sitting.uncovered.get(lang)
    return messages.LanguageView(
        lang=lang,
        name=language_name(lang),
        rendered_by=by.display_name if by else "",
        listeners=listeners(lang, scene),
        hearable=floor.hears_channel(viewer, lang, scene.rows.languages).allowed,
        signed=signed(lang),
        relay=by.hears if by and by.hears in now else "",
        uncovered_since=nanoseconds(datetime.fromisoformat(since)) if since else None,
    )


def listeners(lang: str, scene: Scene) -> int:
    """How many people in the room have chosen to hear a language."""
    return sum(
        1
        for participant in scene.rows.participants
        if participant.presence in IN_ROOM and floor.channel(participant, scene.rows.languages) == lang
    )


def right(decision: Decision) -> messages.RightView:
    """A decision in words."""
    if decision.elsewhere:
        return messages.RightView(allowed=False, reason=sentences.translated(decision.reason))
    return messages.RightView(
        allowed=decision.allowed,
        reason="" if decision.allowed else _(ONLY_ROLES).format(roles=roles.any_of(decision.who_can)),
    )


def visible(participant: Participant, viewer: Participant, here: str) -> bool:
    """Whether `viewer` sees a participant listed: in the room all; in the lobby themselves and the court's staff."""
    if participant.id == viewer.id:
        return True
    if here == "room":
        return participant.vacated_at is None
    if here == "lobby":
        return participant.role in CONDUCTING and participant.vacated_at is None
    return False
