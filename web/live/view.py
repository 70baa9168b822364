"""The view of a live hearing for one person: rows in, a complete `View` out. Pure, except for the language in force.

All data of a live page come from here; the page itself makes no decision about permissions.
"""

from collections.abc import Mapping
from datetime import datetime

from hearings.agreement import room_rules
from hearings.agreement.room_rules import BEFORE_START
from hearings.hearing import floor
from hearings.interpreting import booths
from hearings.languages import signed
from hearings.models import Participant, SoundCheck
from hearings.models.sitting import CheckStatus, HoldCode
from hearings.permissions import LIFTS
from hearings.requests import conditions
from hearings.roles import CONDUCTING, Role
from hearings.sitting import breaks, sittings
from hearings.sitting.sound_checks import LINE_ANEW
from hearings.status import IN_ROOM, SittingStatus
from media import messages
from media.live.routing import FULL, opened
from web.live.act_views import (
    breakdowns_view,
    calls_view,
    cards_view,
    closed_session_view,
    excludable,
    laws_view,
    messages_view,
    objections_view,
    purposes_view,
    raisable_view,
    readers_view,
    recorded_view,
    unrecorded_view,
)
from web.live.acts import ACTS
from web.live.notices import CLOSED_FLOOR, NOT_RECORDING
from web.live.scene import (
    RecordingFacts,
    Scene,
    decide,
    indicator,
    line,
    name_of,
    nanoseconds,
    phase,
    right,
)
from web.words import court_clocks, roles, sentences
from web.words.i18n import (
    _,
    city_here,
    language_here,
    language_name,
    one_by_one,
    pgettext,
    state_name,
)
from web.words.statuses import PAUSED_BY_ORDER

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
        essential=participant.essential
        or participant.role in room_rules.absent_roles(scene.rows.rules, scene.rows.participants, scene.rows.entries),
        line=line(live) if participant.presence in IN_ROOM else "unknown",  # type: ignore[arg-type]
        renders=participant.renders,
        device_of=participant.device_of_id or "",
        lost_since=live.lost_since if live else None,
        fault=live.fault if live and sees_line and participant.presence in IN_ROOM else "",
        troubles=list(live.troubles) if live and live.connected and sees_line else [],
        hears_now=hears_now(participant, scene) if viewer.role in CONDUCTING else "",
        heard_by=heard_by(participant, scene) if viewer.role in CONDUCTING else "",
    )


def hears_now(participant: Participant, scene: Scene) -> str:
    """Whom somebody in the room hears by the plan in force and why, or why nobody."""
    if participant.presence not in IN_ROOM or scene.plan is None:
        return ""
    if participant.device_of_id:
        return _("Hears what is heard at the device of {name}.").format(name=name_of(scene, participant.device_of_id))
    sounds = scene.sounds.get(participant.id, ())
    words = [
        _("Hears {name} interpret into {language}.").format(
            name=name_of(scene, route.origin), language=language_here(route.lang)
        )
        for route in sounds
        if route.kind == "channel"
    ]
    for gain in sorted({route.gain for route in sounds if route.kind == "floor"}, reverse=True):
        names = one_by_one(
            name_of(scene, route.origin) for route in sounds if (route.kind, route.gain) == ("floor", gain)
        )
        text = _("Hears {names} as spoken.") if gain == FULL else _("Hears {names} as spoken, at {percent} % under it.")
        words.append(text.format(names=names, percent=gain))
    return " ".join(words or (_("Hears nobody."), _why_silent(participant, scene)))


def _why_silent(participant: Participant, scene: Scene) -> str:
    decision = floor.hears(participant, scene.rows.sitting.status)
    if not decision.allowed:
        return right(decision).reason
    if scene.plan is None or not scene.plan.floor_open:
        return _(CLOSED_FLOOR)
    return _("No other microphone is open to the floor.")


def heard_by(participant: Participant, scene: Scene) -> str:
    """Who hears somebody in the room by the plan in force, or why nobody does."""
    if participant.presence not in IN_ROOM or scene.plan is None or participant.device_of_id:
        return ""
    listeners = [
        seat for seat, sounds in scene.sounds.items() if any(route.origin == participant.id for route in sounds)
    ]
    if listeners:
        return _("Is heard by {names}.").format(names=one_by_one(name_of(scene, seat) for seat in listeners))
    return " ".join((_("Is heard by nobody."), _why_unheard(participant, scene, scene.plan)))


def _why_unheard(participant: Participant, scene: Scene, plan: messages.Plan) -> str:
    decision = floor.speaks(participant, floor.turn(scene.rows.sitting, scene.rows.participants))
    if not decision.allowed:
        return right(decision).reason
    if participant.muted_by_court:
        return _("The court has muted the microphone.")
    if not participant.microphone:
        return _("Their microphone is off.")
    seat = next((seat for seat in plan.seats if seat.seat == participant.id), None)
    if seat is None or not (seat.mic_track or seat.mic_unrecorded):
        return _("The recorder has not confirmed the track yet.")
    if not opened(plan, seat):
        return _("It is another interpreter's turn in the booth.")
    if not plan.floor_open:
        return _(CLOSED_FLOOR)
    return _("Nobody in the room listens to it now.")


def recording_view(facts: RecordingFacts, now: int) -> messages.RecordingView:
    """The indicator in words of the viewer's language."""
    status, since = indicator(facts, now)
    words = {
        "not_started": _("Not recording yet"),
        "starting": _("Recording is starting"),
        "recording": pgettext("going on now", "Recording"),
        "slow": _("Recording. Sealing is slow."),
        "paused": _(PAUSED_BY_ORDER),
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
    if code == HoldCode.absent:
        text = _("Somebody must be in the room and is not: {role}. Please do not speak.")
        return text.format(role=roles.label(Role(who)))
    if code == HoldCode.interpreter_line_poor:
        poor = scene.rows.participant(who)
        text = _("The line of {name}, who interprets, is too poor. The presiding judge decides how to proceed.")
        return text.format(name=poor.display_name if poor else "")
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
        audience=audience(viewer, scene),
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
        laws=laws_view(scene),
        purposes=purposes_view(viewer, scene) if here == "room" else [],
        messages=messages_view(viewer, scene) if here in ("lobby", "room") else [],
        unrecorded=unrecorded_view(viewer, scene) if here in ("lobby", "room") else None,
        closed_session=closed_session_view(viewer, scene) if here in ("lobby", "room") else None,
        excludable=excludable(viewer, scene) if here == "room" else [],
        readers=readers_view(viewer, scene) if here == "room" else [],
        breakdowns=breakdowns_view(viewer, scene) if here == "room" else [],
        calls=calls_view(viewer, scene) if here in ("lobby", "room") else [],
        rights_due=[_(item.title) for item in scene.rows.rights_due]
        if here == "room" and viewer.role in CONDUCTING
        else [],
    )


def audience(viewer: Participant, scene: Scene) -> list[str]:
    """Who, by role and State, may ever hear the viewer on the floor."""
    return [
        roles.in_words(participant)
        for participant in scene.rows.participants
        if participant.id != viewer.id
        and participant.vacated_at is None
        and any(floor.hears(participant, at).allowed for at in SittingStatus)
    ]


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


def visible(participant: Participant, viewer: Participant, here: str) -> bool:
    """Whether `viewer` sees a participant listed: in the room all; in the lobby themselves and the court's staff."""
    if participant.id == viewer.id:
        return True
    if here == "room":
        return participant.vacated_at is None
    if here == "lobby":
        return participant.role in CONDUCTING and participant.vacated_at is None
    return False
