"""What a page shows of the acts in the room: calls, objections, messages, cards, what was recorded. Pure, except for
the language in force."""

from datetime import datetime

from hearings.events import EventKind
from hearings.interpreting import captions
from hearings.models import HearingEvent, Participant
from hearings.roles import CONDUCTING
from hearings.sitting import (
    breakdowns,
    breaks,
    cards,
    closed_sessions,
    messages_to_court,
    objections,
    recorded_acts,
    sittings,
)
from hearings.status import IN_ROOM
from media import messages
from web.live import recorded_form
from web.live.scene import Scene, decide, name_of, nanoseconds
from web.words import recorded_acts as recorded_words, roles, sentences, technical
from web.words.event_log import CAPTION_SOURCES
from web.words.i18n import (
    _,
    in_turn,
    language_here,
    state_name,
    state_word,
)

LATEST = 30
"""Maximum number of recorded acts in a view."""


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


def recorded_view(viewer: Participant, scene: Scene) -> list[messages.RecordedView]:
    """The latest recorded acts, newest first, and where each feed of captions began. They are material for the minutes:
    people who may read those see all, and people who may record remarks see their own.
    """
    entries, feeds = scene.rows.entries, scene.feeds
    if not decide("read_minutes", viewer, scene).allowed:
        entries, feeds = [entry for entry in entries if recorded_acts.made_by(entry, viewer)], ()
    names = recorded_words.name_rules(scene.rows.participants, scene.rows.person_name)
    gone = recorded_acts.replaced(scene.rows.entries)
    views: list[messages.RecordedView] = []
    for event in sorted([*entries, *feeds], key=lambda event: -event.seq)[:LATEST]:
        if event.kind == EventKind.caption:
            views.append(_feed_view(event, scene, recorded_words.by(event, names)))
            continue
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


def _feed_view(first: HearingEvent, scene: Scene, by: str) -> messages.RecordedView:
    """The beginning of a feed of captions: language, who writes it, and of which State."""
    writer = CAPTION_SOURCES[first.data["source"]]
    feed = (
        language_here(first.data["lang"]),
        _(writer),
        state_name(captions.fed_by(first, scene.rows.hearing)),
    )
    return messages.RecordedView(
        seq=first.seq,
        at=nanoseconds(first.at),
        kind=first.kind,
        title=_("Captions began"),
        text=in_turn(feed),
        by=by,
        timecode_ms=first.data.get("timecode_ms"),
        corrects=None,
        replaced_by=None,
        correctable=False,
        values={},
    )


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
        recorded_for=[
            sentences.translated(closed_sessions.reader(*name.rsplit(" ", 1)))
            for name in dict.fromkeys(name for name, _recipient in closed_sessions.stretch(sitting))
        ],
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


def laws_view(scene: Scene) -> list[messages.ChoiceView]:
    """The States of the hearing, the requesting one first."""
    hearing = scene.rows.hearing
    return [
        messages.ChoiceView(value=state, label=state_name(state))
        for state in (hearing.requesting_state, hearing.requested_state)
    ]


def purposes_view(viewer: Participant, scene: Scene) -> list[messages.ChoiceView]:
    """The purposes of a break, for who may order one."""
    if not decide("order_break", viewer, scene).allowed:
        return []
    return [messages.ChoiceView(value=purpose, label=_(words)) for purpose, words in breaks.PURPOSES.items()]


def excludable(viewer: Participant, scene: Scene) -> list[str]:
    """Who can be ordered out of a closed session, for who may order one."""
    if not decide("close_session", viewer, scene).allowed:
        return []
    return [
        participant.id
        for participant in scene.rows.participants
        if participant.vacated_at is None and participant.role not in closed_sessions.STAYS
    ]


def readers_view(viewer: Participant, scene: Scene) -> list[messages.ReaderView]:
    """To whom a closed session can be recorded, for who may order one."""
    if not decide("close_session", viewer, scene).allowed:
        return []
    known = {one.name: one for one in scene.rows.readers}
    chosen = closed_sessions.by_default(known.values())
    return [
        messages.ReaderView(
            value=name, label=sentences.translated(closed_sessions.reader(one.kind, one.state)), chosen=name in chosen
        )
        for name, one in known.items()
    ]


def breakdowns_view(viewer: Participant, scene: Scene) -> list[messages.BreakdownView]:
    """The agreed steps for each line that is lost, for who may take them."""
    rule = scene.rows.rules.session.get("breakdown")
    if not rule or not decide("breakdown_step", viewer, scene).allowed:
        return []
    views: list[messages.BreakdownView] = []
    for hold in breakdowns.lost_lines(scene.rows.sitting):
        taken = {one["step"]: nanoseconds(datetime.fromisoformat(one["at"])) for one in hold.get("steps", ())}
        views.append(
            messages.BreakdownView(
                participant=breakdowns.lost(hold),
                name=name_of(scene, breakdowns.lost(hold)),
                telephones=telephones_view(breakdowns.lost(hold), scene),
                adjourn_at=nanoseconds(breakdowns.adjourn_at(hold, rule)),
                steps=[
                    messages.StepView(step=one, label=sentences.translated(breakdowns.words(one)), at=taken.get(one))
                    for one in breakdowns.steps(rule)
                ],
            )
        )
    return views


def telephones_view(lost: str, scene: Scene) -> list[messages.TelephoneView]:
    """The telephones of the agreed sites, those of the site of the lost line first."""
    here = scene.rows.participant(lost)
    by_state = scene.rows.rules.telephones
    return [
        messages.TelephoneView(state=state_name(state), label=_(technical.DETAILS[detail]), number=number)
        for state in sorted(by_state, key=lambda state: here is None or state != here.state)
        for detail, number in by_state[state].items()
    ]
