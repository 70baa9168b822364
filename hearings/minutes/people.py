"""Sections on people: presence, identity, rights and notices, consents, languages and interpreters, protection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hearings.events import EventKind
from hearings.hearing.naming import ON_PAGES
from hearings.interpreting import captions, figures
from hearings.languages import language_name, state_name
from hearings.minutes import acts as minutes_acts
from hearings.minutes.facts import DraftContext, Passage, PassageLine, line, log, open_line, passage, pseudonym
from hearings.models import HearingEvent, Participant
from hearings.people.staff import protected
from hearings.rights.item_states import RightState
from hearings.roles import HEARD, LABELS, Role
from hearings.sentences import N_, Sentence, Series, tell, tell_n

K = EventKind
COMES = frozenset({K.entered, K.admitted})
GOES = frozenset({K.left, K.removed, K.released, K.returned_to_lobby})


def people(draft: DraftContext) -> Iterator[Passage]:
    """Every participant, with function, place, and times in the room; who acts on pages only if they were there."""
    hearing, request = draft.facts.hearing, draft.facts.request
    for key, name, state in (
        ("requesting_authority", request.requesting_authority, hearing.requesting_state),
        ("requested_authority", request.requested_authority, hearing.requested_state),
    ):
        authority = line(
            N_("Requesting authority: {name} ({state}).") if key == "requesting_authority"
            else N_("Requested authority: {name} ({state})."),
            f"row:hearing_request.{key}",
            name=draft.quoted(name) if name else "–",
            state=state_name(state),
        )  # fmt: skip
        yield passage(f"people.{key}", authority)
    for participant in draft.facts.participants:
        if participant.role in ON_PAGES and not any(_stays(draft, participant)):
            continue
        yield passage(f"people.{participant.role}_{participant.number}", *_person(draft, participant))


def _person(draft: DraftContext, participant: Participant) -> Iterator[PassageLine]:
    city = "–" if protected(participant) else participant.city or "–"
    yield line(
        N_("{name}, {role}, in {city} ({state})."),
        f"row:participant.{participant.role}_{participant.number}",
        name=draft.names[participant.id],
        role=tell(LABELS[participant.role]),
        city=city,
        state=state_name(participant.state),
    )
    stays = list(_stays(draft, participant))
    ended = [(start, end) for start, end in stays if end is not None]
    if ended and len(draft.facts.sittings) == 1 and _throughout(draft, *ended[0]):
        sources = [f"event:{event.seq}" for event in ended[0]]
        yield line(N_("    Present throughout."), *sources)
    elif ended:
        sources = [f"event:{event.seq}" for stay in ended for event in stay]
        times = Series.of((draft.when(start.at, end.at) for start, end in ended), "semicolon")
        yield line(N_("    In the room: {times}."), *sources, times=times)
    for start, end in stays:
        if end is None:
            yield line(N_("    In the room from {time}."), f"event:{start.seq}", time=draft.when(start.at))
    if not stays:
        yield line(N_("    The log does not show this person in the room."), log(draft))


def _throughout(draft: DraftContext, start: HearingEvent, end: HearingEvent) -> bool:
    """Whether a stay is from before the sitting was in session until it was closed."""
    started = draft.facts.sittings[0].started_at
    return started is not None and start.at <= started and end.kind == K.closed


def _stays(draft: DraftContext, participant: Participant) -> Iterator[tuple[HearingEvent, HearingEvent | None]]:
    start: HearingEvent | None = None
    for event in draft.facts.events:
        mine = event.data.get("participant") == participant.id
        if start is None and mine and event.kind in COMES:
            start = event
        elif start is not None and (event.kind == K.closed or (mine and event.kind in GOES)):
            yield start, event
            start = None
    if start is not None:
        yield start, None


def _heard(draft: DraftContext) -> list[Participant]:
    return [participant for participant in draft.facts.participants if participant.role in HEARD]


METHODS = {
    "document_seen": N_("an identity document was seen"),
    "known_to_authority": N_("the person is known to the authority"),
    "database": N_("compared with an official register"),
    "protected_identity": N_("protected identity, checked separately"),
}
UNKNOWN_METHOD = N_("by a method not recorded")


DOCUMENTS = {
    "passport": N_("passport"),
    "identity_card": N_("identity card"),
    "residence_permit": N_("residence permit"),
    "driving_licence": N_("driving licence"),
    "other": N_("another official document"),
}


def identity(draft: DraftContext) -> Iterator[Passage]:
    """Identity of each person heard: by whom and how confirmed; of a document, type and last four characters."""
    for participant in draft.facts.participants:
        checks = [
            event
            for event in draft.facts.events
            if event.kind == K.identity_confirmed and event.data.get("participant") == participant.id
        ]
        if not checks and participant.role not in HEARD:
            continue
        name = draft.names[participant.id]
        key = f"identity.{participant.role}_{participant.number}"
        if not checks:
            what = tell("Identity of {name}", name=name)
            yield passage(key, open_line("requested_authority", what))
            continue
        lines = [
            line(
                N_("{time}: {who} confirmed the identity of {name}: {method}."),
                f"event:{event.seq}",
                time=draft.when(event.at),
                who=draft.who(event),
                name=name,
                method=tell(METHODS.get(str(event.data.get("method")), UNKNOWN_METHOD)),
            )
            for event in checks
        ]
        lines += _document(checks[-1])
        yield passage(key, *lines)
    if not _heard(draft):
        yield passage("identity.nobody", open_line("requested_authority"))


def _document(event: HearingEvent) -> list[PassageLine]:
    """Type and last four characters of the document, as far as recorded; empty for a protected person."""
    if event.data.get("method") != "document_seen":
        return []
    kind, last = str(event.data.get("document", "")), str(event.data.get("last_four", ""))
    if kind and last:
        return [
            line(
                N_("Document: {kind}, ending in {last}."),
                f"event:{event.seq}",
                kind=tell(DOCUMENTS.get(kind, kind)),
                last=last[-4:],
            )
        ]
    return [open_line("requested_authority", tell("Type of document and its last four characters"))]


STANDS: Mapping[RightState, str] = {
    RightState.by_evidence: N_("{number}. {title}: kept, as the case shows."),
    RightState.by_answer: N_("{number}. {title}: kept, as was answered."),
    RightState.overridden: N_("{number}. {title}: gone on without it."),
    RightState.not_kept: N_("{number}. {title}: not kept."),
    RightState.open: N_("{number}. {title}: not shown, and nobody answered."),
}
"""How an item of the rights checklist stands; one that does not apply is not written."""


def _checklist(draft: DraftContext) -> Iterator[PassageLine]:
    """Every item of the rights checklist that applies: how it stands, its evidence, reasons and objections."""
    for found in draft.facts.rights:
        if found.state not in STANDS:
            continue
        item, source = found.item, f"row:right_answer.{found.item.id}"
        yield line(STANDS[found.state], source, number=item.number, title=tell(item.title))
        if found.evidence:
            shown = Series.of([each.says for each in found.evidence.values()], "semicolon")
            sources = dict.fromkeys(each.source for each in found.evidence.values())
            yield line(N_("    Shown by: {evidence}."), *sources, evidence=shown)
        if found.answer is not None and found.answer.reason:
            reason = draft.quoted(found.answer.reason)
            yield line(N_("    {who}: “{text}”"), source, who=draft.quoted(found.answer.person_name), text=reason)
        for row in found.objections:
            said = {"who": draft.quoted(row.person_name), "text": draft.quoted(row.reason)}
            yield line(N_("    Objection of {who}: “{text}”"), source, **said)


def rights(draft: DraftContext) -> Iterator[Passage]:
    """The notice of recording, from the log. The rights under both laws: the notice the request asks for, and the
    notices recorded as given; an open line for each person without one. How the rights checklist stands.
    """
    lines = _acknowledged(draft, [event for event in draft.facts.events if event.kind == K.notice_acknowledged])
    yield passage("rights.recording", *(lines or [line(N_("No acknowledgement in the log."), log(draft))]))
    for side, state, who in (
        ("requesting", draft.facts.hearing.requesting_state, "presiding_judge"),
        ("requested", draft.facts.hearing.requested_state, "requested_authority"),
    ):
        what = tell("Rights under the law of {state}, language and time of the notice", state=state_name(state))
        asked = [
            line(
                N_("The request asked for this notice of the rights under the law of {state}: “{text}”"),
                f"row:hearing_request.{name}",
                state=state_name(state),
                text=draft.quoted(getattr(draft.facts.request, name)),
            )
            for name in [f"rights_notice_{side}"]
            if getattr(draft.facts.request, name)
        ]
        given = [act for act in minutes_acts.recorded(draft, K.rights_notice) if act.event.data["law"] == state]
        missing = N_("Notice of the rights under this law to {name}")
        done = minutes_acts.each(draft, given, _heard(draft), who=who, nothing=what, missing=missing)
        yield passage(f"rights.{side}", *asked, *done)
    if kept := list(_checklist(draft)):
        yield passage("rights.checklist", line(N_("The rights checklist:"), "row:right_answer"), *kept)


def _acknowledged(draft: DraftContext, events: Sequence[HearingEvent]) -> list[PassageLine]:
    """Who acknowledged the notice that the hearing is recorded, and when: one line for all."""
    if not events:
        return []
    names = list(dict.fromkeys(draft.about(event) for event in events))
    message = (
        N_("{time}: {name} acknowledged the notice that the hearing is recorded.")
        if len(names) == 1
        else N_("{time}: these persons acknowledged the notice that the hearing is recorded: {name}.")
    )
    when = draft.when(events[0].at, events[-1].at)
    return [line(message, *(f"event:{event.seq}" for event in events), time=when, name=Series.of(names))]


CAPACITIES = {
    "witness": N_("Witness"),
    "expert": N_("Expert"),
    "victim": N_("Victim heard as a witness"),
    "suspect": N_("Suspect"),
    "accused": N_("Accused"),
    "convicted_person": N_("Convicted person"),
    "affected_person": N_("Other person affected"),
}
"""Capacities in which a person is heard."""
CONSENTS = {
    "not_asked": N_("not asked"),
    "pending": N_("asked, no answer yet"),
    "given": N_("given"),
    "refused": N_("refused"),
    "withdrawn": N_("withdrawn"),
}


BY_LAYER = {
    "treaty": N_("Consent under the instrument: {status}."),
    "national": N_("Consent under the law of {state}: {status}."),
    "policy": N_("Consent under a rule of this service: {status}."),
}


def consent(draft: DraftContext) -> Iterator[Passage]:
    """Each consent that a rule requires, with its status; defence counsel."""
    for number, given in enumerate(draft.facts.consents, 1):
        status = tell(CONSENTS.get(given.status, given.status))
        sentence = BY_LAYER.get(given.layer, BY_LAYER["treaty"])
        lines = [line(sentence, given.source, state=state_name(given.state), status=status)]
        lines.append(line(N_("    Provision: {provision}."), given.source, provision=draft.quoted(given.provision)))
        if given.at is not None:
            lines.append(line(N_("Since {time}."), given.source, time=draft.when(given.at)))
        if given.counsel:
            lines.append(line(N_("Counsel: {name}."), given.source, name=draft.quoted(given.counsel)))
        yield passage(f"consent.{number}", *lines)
    if not draft.facts.consents:
        yield passage("consent.none", open_line("requested_authority"))
    counsel = [participant for participant in draft.facts.participants if participant.role is Role.defence]
    if counsel:
        names = [
            line(N_("Defence counsel: {name}."), "row:participant.defence", name=draft.names[person.id])
            for person in counsel
        ]
        yield passage("consent.counsel", *names)
    waived = minutes_acts.recorded(draft, K.counsel_waived)
    if waived:
        yield passage("consent.waived", *minutes_acts.lines(draft, waived))


def languages(draft: DraftContext) -> Iterator[Passage]:
    """The languages booked, and each interpreter: side, languages chosen to render into, oath, breaks and quality; what
    was interpreted in all."""
    hearing = draft.facts.hearing
    booked = [
        line(
            N_("Language booked for the side of {state}: {language}."),
            f"row:hearing.language_{side}",
            state=state_name(state),
            language=language_name(tag),
        )
        for side, state, tag in (
            ("requesting", hearing.requesting_state, hearing.language_requesting),
            ("requested", hearing.requested_state, hearing.language_requested),
        )
    ]
    booked += [
        line(N_("Language booked besides: {language}."), "row:hearing.booked_languages", language=language_name(tag))
        for tag in hearing.booked_languages
    ]
    booked += [
        line(
            N_("Language entered for {name}: {language}."),
            f"row:participant.{participant.role}_{participant.number}",
            name=draft.names[participant.id],
            language=language_name(participant.speaks),
        )
        for participant in _heard(draft)
    ]
    yield passage("languages.booked", *booked, *_interpreting(draft))
    for participant in draft.facts.participants:
        if participant.role is not Role.interpreter:
            continue
        yield passage(
            f"languages.interpreter_{participant.number}",
            *_interpreter(draft, participant),
            *minutes_acts.interpreter(draft, participant),
        )
    if said := list(_signalled(draft)):
        yield passage("languages.signals", *said)
    if totals := list(_totals(draft)):
        yield passage("languages.totals", *totals)
    if fed := [_fed(draft, *feed) for feed in captions.by_feed(draft.facts.events).items()]:
        yield passage("languages.captions", *fed, line(NOT_OF_RECORD, *fed[0].sources))


def _totals(draft: DraftContext) -> Iterator[PassageLine]:
    """Consecutive interpreting in each direction, and the time without an interpreter into each language."""
    for (source, targets), total in sorted(figures.consecutive(draft.facts.events).items()):
        yield line(
            N_("Interpreted consecutively from {source} into {languages}: times {n}, minutes {minutes}."),
            *(f"event:{seq}" for seq in total.events),
            source=language_name(source) if source else "–",
            languages=Series.of(language_name(tag) for tag in targets) if targets else "–",
            n=str(total.number),
            minutes=f"{total.seconds / 60:.1f}",
        )
    if without := figures.skipped(draft.facts.events):
        yield line(
            N_("Not interpreted consecutively, because the presiding judge went on without: times {n}."),
            *(f"event:{seq}" for seq in without),
            n=str(len(without)),
        )
    for lang, total in sorted(figures.uncovered(draft.facts.events).items()):
        yield line(
            N_("Nobody interpreted into {language}, although somebody needed it: times {n}, minutes {minutes}."),
            *(f"event:{seq}" for seq in total.events),
            language=language_name(lang),
            n=str(total.number),
            minutes=f"{total.seconds / 60:.1f}",
        )


def _signalled(draft: DraftContext) -> Iterator[PassageLine]:
    """At which times each interpreter chose the floor or a channel to interpret from, and what they signalled, each
    once.
    """
    found: dict[tuple[str, str, str], list[HearingEvent]] = {}
    for event in draft.facts.events:
        if event.kind in (K.relay_chosen, K.signal):
            what = str(event.data.get("lang" if event.kind == K.relay_chosen else "what", ""))
            found.setdefault((event.kind, draft.about(event), what), []).append(event)
    for (kind, person, what), events in found.items():
        sources = [f"event:{event.seq}" for event in events]
        if kind == K.signal:
            values = {"person": person, "what": tell(SIGNALS[what]), "time": draft.when(events[0].at, events[-1].at)}
            said = tell_n("{time}: {person} signalled once: {what}.", "{time}: {person} signalled {n} times: {what}.",
                          len(events), **values)  # fmt: skip
            yield PassageLine(says=said, sources=tuple(sources))
        else:
            source = tell("the channel of {language}, by relay", language=language_name(what))
            source = source if what else tell("the floor")
            chosen = Series.of(dict.fromkeys(draft.when(event.at) for event in events), "semicolon")
            message = N_("{time}: {person} chose to interpret from {source}.")
            yield line(message, *sources, time=chosen, person=person, source=source)


SIGNALS: Mapping[str, str] = {
    "cannot_hear": N_("cannot hear well"),
    "slower": N_("more slowly, please"),
    "repeat": N_("please repeat"),
    "cannot_interpret": N_("cannot interpret now"),
}
FED_BY: Mapping[str, str] = {"stenographer": N_("a stenographer"), "machine": N_("a machine")}
"""Who wrote captions, by `CaptionSource`."""
NOT_OF_RECORD = N_("    Captions helped to follow the hearing. They are not the record of what was said.")


def _fed(draft: DraftContext, feed: tuple[str, str], given: Sequence[HearingEvent]) -> PassageLine:
    """From when to when captions were shown in a language, and who wrote them: once for each feed."""
    first, last = given[0], given[-1]
    return line(
        N_("Captions in {language}, written by {source}, were shown from {first} to {last}."),
        f"event:{first.seq}",
        f"event:{last.seq}",
        language=language_name(feed[0]),
        source=tell(FED_BY[feed[1]]),
        first=draft.when(first.at),
        last=draft.when(last.at),
    )


def _interpreter(draft: DraftContext, participant: Participant) -> list[PassageLine]:
    """Side, languages assigned, and when an interpreter first chose each language to interpret into."""
    row = f"row:participant.interpreter_{participant.number}"
    first: dict[str, HearingEvent] = {}
    for event in draft.facts.events:
        mine = event.kind == K.render_changed and event.data.get("participant") == participant.id
        if mine and event.data.get("lang"):
            first.setdefault(str(event.data["lang"]), event)
    lines = [
        line(
            N_("{name}, interpreter, with the side of {state}."),
            row,
            name=draft.names[participant.id],
            state=state_name(participant.state),
        )
    ]
    lines += [
        line(
            N_("First interpreted into {language}: {time}."),
            f"event:{event.seq}",
            language=language_name(lang),
            time=draft.when(event.at),
        )
        for lang, event in sorted(first.items())
    ]
    lines += _measured(draft, participant)
    if participant.interprets:
        lines.append(
            line(
                N_("Assigned to interpret between these languages: {languages}."),
                row,
                languages=Series.of(language_name(tag) for tag in participant.interprets),
            )
        )
    return lines


MEASURES: Mapping[str, Sentence] = {
    "concealed": tell("sound replaced, of 1000 samples"),
    "jitter": tell("jitter, milliseconds"),
    "latency": tell("delay one way, milliseconds"),
    "freezes": tell("freezes of the picture in ten minutes"),
    "fps": tell("pictures a second"),
    "level": tell("loudest sound, dBFS"),
    "limits": tell("times the limiter stepped in within ten minutes"),
    "howls": tell("times a line howled within ten minutes"),
    "early": tell("sound ahead of the picture, milliseconds"),
    "late": tell("sound behind the picture, milliseconds"),
}
"""The measures of `hearings/data/interpreting_limits.csv`."""


def _measured(draft: DraftContext, participant: Participant) -> Iterator[PassageLine]:
    """What the interpreter's page measured, the worst against the limit."""
    mine = [
        event
        for event in draft.facts.events
        if event.kind == K.interpreting_figures and event.data.get("participant") == participant.id
    ]
    for name, limit in figures.limits().items():
        found = [event.data["measures"][name] for event in mine if name in event.data["measures"]]
        if found:
            values = [one.get("worst", one.get("total")) for one in found]
            yield line(
                N_("Measured: {measure}; worst {worst}, limit {limit}, beyond it {n} times."),
                f"event:{mine[-1].seq}",
                measure=MEASURES[name],
                worst=f"{max(values) if limit.most else min(values):g}",
                limit=f"{limit.limit:g}",
                n=str(sum(int(one["missed"]) for one in found)),
            )


MODES = {
    "none": N_("none"),
    "consecutive": N_("consecutive"),
    "simultaneous": N_("simultaneous"),
}
SIDES = {
    "requesting": N_("the requesting State"),
    "requested": N_("the requested State"),
    "both": N_("both States"),
    "neither": N_("neither State"),
}


def _interpreting(draft: DraftContext) -> Iterator[PassageLine]:
    """The interpreting the request asked for and the agreement provides for."""
    request = draft.facts.request
    if request.interpreter_mode:
        mode = tell(MODES[request.interpreter_mode])
        yield line(N_("Interpreting the request asked for: {mode}."), "row:hearing_request.interpreter_mode", mode=mode)
    if request.interpreter_side:
        side = tell(SIDES[request.interpreter_side])
        message = N_("By the request, the interpreter is to be provided by: {side}.")
        yield line(message, "row:hearing_request.interpreter_side", side=side)
    if draft.facts.interpreting is not None:
        source, agreed = draft.facts.interpreting
        yield line(N_("Interpreting by the technical agreement: {mode}."), source, mode=tell(MODES[agreed]))


def protection(draft: DraftContext) -> Iterator[Passage]:
    """Protected persons, who are not named; where their identities are kept is for the requested authority to write."""
    hidden: list[Any] = [pseudonym(participant) for participant in draft.facts.participants if protected(participant)]
    lines = [
        measure
        for name in hidden
        for measure in (
            line(N_("{name} is not named here."), "row:participant.identity_method", name=name),
            open_line("requested_authority", tell("Where the identity of {name} is kept", name=name)),
        )
    ]
    if lines:
        yield passage("protection.annex", *lines)
    yield passage("protection.measures", open_line("presiding_judge"))
