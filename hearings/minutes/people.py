"""What the minutes say of people: who was there, who they are, what they were told, and in which languages."""

from collections.abc import Iterator
from typing import Any

from hearings.events import EventKind
from hearings.minutes import acts as minutes_acts
from hearings.minutes.facts import Line, Passage, Telling, line, log, open_line, passage, pseudonym
from hearings.minutes.phrases import N_, Land, Term, Tongue, phrase
from hearings.models import HearingEvent, Participant
from hearings.people.protected_names import protected
from hearings.roles import HEARD, LABELS, Role

K = EventKind
COMES = frozenset({K.entered, K.admitted})
GOES = frozenset({K.left, K.removed, K.released, K.returned_to_lobby})


def people(told: Telling) -> Iterator[Passage]:
    """Everybody, with function and place, and from when until when they were in the room."""
    hearing, request = told.facts.hearing, told.facts.request
    for key, name, state in (
        ("requesting_authority", request.requesting_authority, hearing.requesting_state),
        ("requested_authority", request.requested_authority, hearing.requested_state),
    ):
        said = line(
            N_("Requesting authority: {name} ({state}).") if key == "requesting_authority"
            else N_("Requested authority: {name} ({state})."),
            f"row:hearing_request.{key}",
            name=told.quoted(name) if name else "–",
            state=Land(state),
        )  # fmt: skip
        yield passage(f"people.{key}", said)
    for participant in told.facts.participants:
        yield passage(f"people.{participant.role}_{participant.number}", *_person(told, participant))


def _person(told: Telling, participant: Participant) -> Iterator[Line]:
    city = "–" if protected(participant) else participant.city or "–"
    yield line(
        N_("{name}, {role}, in {city} ({state})."),
        f"row:participant.{participant.role}_{participant.number}",
        name=told.names[participant.id],
        role=Term(LABELS[participant.role]),
        city=city,
        state=Land(participant.state),
    )
    stays = list(_stays(told, participant))
    for start, end in stays:
        if end is None:
            yield line(N_("In the room from {time}."), f"event:{start.seq}", time=told.when(start.at))
        else:
            sources = (f"event:{start.seq}", f"event:{end.seq}")
            yield line(
                N_("In the room from {time} until {end}."), *sources, time=told.when(start.at), end=told.when(end.at)
            )
    if not stays:
        yield line(N_("The log does not show this person in the room."), log(told))


def _stays(told: Telling, participant: Participant) -> Iterator[tuple[HearingEvent, HearingEvent | None]]:
    start: HearingEvent | None = None
    for event in told.facts.events:
        mine = event.data.get("participant") == participant.id
        if start is None and mine and event.kind in COMES:
            start = event
        elif start is not None and (event.kind == K.closed or (mine and event.kind in GOES)):
            yield start, event
            start = None
    if start is not None:
        yield start, None


def _heard(told: Telling) -> list[Participant]:
    return [one for one in told.facts.participants if one.role in HEARD]


METHODS = {
    "document_seen": N_("an identity document was seen"),
    "known_to_authority": N_("the person is known to the authority"),
    "database": N_("compared with an official register"),
    "protected_identity": N_("protected identity, checked apart"),
}


DOCUMENTS = {
    "passport": N_("passport"),
    "identity_card": N_("identity card"),
    "residence_permit": N_("residence permit"),
    "driving_licence": N_("driving licence"),
    "other": N_("another official document"),
}


def identity(told: Telling) -> Iterator[Passage]:
    """Who was heard, and who satisfied themselves of it and how. Of a document, type and last four characters."""
    for participant in told.facts.participants:
        checks = [
            event
            for event in told.facts.events
            if event.kind == K.identity_confirmed and event.data.get("participant") == participant.id
        ]
        if not checks and participant.role not in HEARD:
            continue
        name = told.names[participant.id]
        key = f"identity.{participant.role}_{participant.number}"
        if not checks:
            what = phrase(N_("Identity of {name}"), name=name)
            yield passage(key, open_line("requested_authority", what))
            continue
        lines = [
            line(
                N_("{time}: {who} confirmed the identity of {name}: {method}."),
                f"event:{event.seq}",
                time=told.when(event.at),
                who=told.who(event),
                name=name,
                method=Term(METHODS.get(str(event.data.get("method")), N_("in a way not recorded"))),
            )
            for event in checks
        ]
        lines += _document(checks[-1])
        yield passage(key, *lines)
    if not _heard(told):
        yield passage("identity.nobody", open_line("requested_authority"))


def _document(event: HearingEvent) -> list[Line]:
    """Type and last four characters of the document, as far as recorded; nothing of a protected person."""
    if event.data.get("method") != "document_seen":
        return []
    kind, last = str(event.data.get("document", "")), str(event.data.get("last_four", ""))
    if kind and last:
        return [
            line(
                N_("Document: {kind}, ending in {last}."),
                f"event:{event.seq}",
                kind=Term(DOCUMENTS.get(kind, kind)),
                last=last[-4:],
            )
        ]
    return [open_line("requested_authority", phrase(N_("Type of document and its last four characters")))]


def rights(told: Telling) -> Iterator[Passage]:
    """The notice of recording, from the log. The rights under both laws: the notice the request asks to be given, and
    what was recorded as given; for whom nothing was, somebody has to write it.
    """
    lines = [
        line(
            N_("{time}: {name} acknowledged the notice that the hearing is recorded."),
            f"event:{event.seq}",
            time=told.when(event.at),
            name=told.about(event),
        )
        for event in told.facts.events
        if event.kind == K.notice_acknowledged
    ]
    yield passage("rights.recording", *(lines or [line(N_("No acknowledgement in the log."), log(told))]))
    for side, state, who in (
        ("requesting", told.facts.hearing.requesting_state, "presiding_judge"),
        ("requested", told.facts.hearing.requested_state, "requested_authority"),
    ):
        what = phrase(N_("Rights under the law of {state}, language and time of the notice"), state=Land(state))
        asked = [
            line(
                N_("The request asked for this notice of the rights under the law of {state}: “{text}”"),
                f"row:hearing_request.{name}",
                state=Land(state),
                text=told.quoted(getattr(told.facts.request, name)),
            )
            for name in [f"rights_notice_{side}"]
            if getattr(told.facts.request, name)
        ]
        given = [one for one in minutes_acts.recorded(told, K.rights_notice) if one.event.data["law"] == state]
        missing = N_("Notice of the rights under this law to {name}")
        done = minutes_acts.each(told, given, _heard(told), who=who, nothing=what, missing=missing)
        yield passage(f"rights.{side}", *asked, *done)


CAPACITIES = {
    "witness": N_("Witness"),
    "expert": N_("Expert"),
    "victim": N_("Victim heard as a witness"),
    "suspect": N_("Suspect"),
    "accused": N_("Accused"),
    "convicted_person": N_("Convicted person"),
    "affected_person": N_("Other person affected"),
}
"""In what capacity somebody is heard."""
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


def consent(told: Telling) -> Iterator[Passage]:
    """Each consent that a rule asks for, as it stands; counsel."""
    for number, given in enumerate(told.facts.consents, 1):
        status = Term(CONSENTS.get(given.status, given.status))
        said = BY_LAYER.get(given.layer, BY_LAYER["treaty"])
        lines = [line(said, given.source, state=Land(given.state), status=status)]
        lines.append(line(N_("    Provision: {provision}."), given.source, provision=told.quoted(given.provision)))
        if given.at is not None:
            lines.append(line(N_("Since {time}."), given.source, time=told.when(given.at)))
        if given.counsel:
            lines.append(line(N_("Counsel: {name}."), given.source, name=told.quoted(given.counsel)))
        yield passage(f"consent.{number}", *lines)
    if not told.facts.consents:
        yield passage("consent.none", open_line("requested_authority"))
    counsel = [one for one in told.facts.participants if one.role is Role.defence]
    if counsel:
        names = [
            line(N_("Defence counsel: {name}."), "row:participant.defence", name=told.names[one.id]) for one in counsel
        ]
        yield passage("consent.counsel", *names)


def languages(told: Telling) -> Iterator[Passage]:
    """The languages booked, and each interpreter: side, languages chosen to render into, oath, breaks and quality."""
    hearing = told.facts.hearing
    booked = [
        line(
            N_("Language booked for the side of {state}: {language}."),
            f"row:hearing.language_{side}",
            state=Land(state),
            language=Tongue(tag),
        )
        for side, state, tag in (
            ("requesting", hearing.requesting_state, hearing.language_requesting),
            ("requested", hearing.requested_state, hearing.language_requested),
        )
    ]
    booked += [
        line(
            N_("Language entered for {name}: {language}."),
            f"row:participant.{one.role}_{one.number}",
            name=told.names[one.id],
            language=Tongue(one.speaks),
        )
        for one in _heard(told)
    ]
    yield passage("languages.booked", *booked, *_interpreting(told))
    for participant in told.facts.participants:
        if participant.role is not Role.interpreter:
            continue
        key = f"languages.interpreter_{participant.number}"
        first: dict[str, HearingEvent] = {}
        for event in told.facts.events:
            mine = event.kind == K.render_changed and event.data.get("participant") == participant.id
            if mine and event.data.get("lang"):
                first.setdefault(str(event.data["lang"]), event)
        lines = [
            line(
                N_("{name}, interpreter, with the side of {state}."),
                f"row:participant.interpreter_{participant.number}",
                name=told.names[participant.id],
                state=Land(participant.state),
            )
        ]
        lines += [
            line(
                N_("Turned to rendering into {language}, first {time}."),
                f"event:{event.seq}",
                language=Tongue(lang),
                time=told.when(event.at),
            )
            for lang, event in sorted(first.items())
        ]
        yield passage(key, *lines, *minutes_acts.interpreter(told, participant))


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


def _interpreting(told: Telling) -> Iterator[Line]:
    """What the request asked of interpreting and the agreement provides for; what was done, somebody writes."""
    request = told.facts.request
    if request.interpreter_mode:
        mode = Term(MODES[request.interpreter_mode])
        yield line(N_("Interpreting the request asked for: {mode}."), "row:hearing_request.interpreter_mode", mode=mode)
    if request.interpreter_side:
        side = Term(SIDES[request.interpreter_side])
        message = N_("By the request, the interpreter is to be provided by: {side}.")
        yield line(message, "row:hearing_request.interpreter_side", side=side)
    if told.facts.interpreting is not None:
        source, agreed = told.facts.interpreting
        yield line(N_("Interpreting by the technical agreement: {mode}."), source, mode=Term(MODES[agreed]))


def protection(told: Telling) -> Iterator[Passage]:
    """Who is not named here; where the identity is kept, no row says, so the requested authority writes it."""
    hidden: list[Any] = [pseudonym(one) for one in told.facts.participants if protected(one)]
    lines = [
        one
        for name in hidden
        for one in (
            line(N_("{name} is not named here."), "row:participant.identity_method", name=name),
            open_line("requested_authority", phrase(N_("Where the identity of {name} is kept"), name=name)),
        )
    ]
    if lines:
        yield passage("protection.annex", *lines)
    yield passage("protection.measures", open_line("presiding_judge"))
