"""Sections on the case, its legal basis and conditions, and sections that only people can write."""

from collections.abc import Iterator

from hearings.events import EventKind
from hearings.languages import state_name
from hearings.minutes import acts as minutes_acts
from hearings.minutes.course import statement_lines
from hearings.minutes.facts import DraftContext, Passage, PassageLine, line, log, open_line, passage
from hearings.models import HearingEvent
from hearings.models.sitting import CheckStatus
from hearings.requests.conditions import SENTENCES
from hearings.roles import HEARD
from hearings.sentences import N_, Series, tell
from hearings.sitting import fingerprints

CONDITIONS = {kind.value: sentence for kind, sentence in SENTENCES.items()}
DRAWN_BY = {
    "requested_authority": N_("the requested authority draws up the minutes"),
    "by_agreement": N_("the two authorities agree on the minutes"),
    "consulted": N_("the two authorities consult on the minutes"),
    "silent": N_("no rule on minutes: drawn up by agreement of the two authorities"),
}


def case(draft: DraftContext) -> Iterator[Passage]:
    """References, the instruments relied on, and the rule of each on minutes."""
    hearing, request = draft.facts.hearing, draft.facts.request
    yield passage(
        "case.references",
        line(
            N_("Minutes no. {number} of hearing {ref}."), "row:hearing.ref", number=draft.facts.number, ref=hearing.ref
        ),
        line(N_("Request: {reference}."), "row:hearing_request.reference", reference=request.reference),
        line(
            N_("Case number: {number}."),
            "row:hearing.case_number",
            number=draft.quoted(hearing.case_number or request.case_number or "–"),
        ),
        line(
            N_("Requesting State: {asks}. Requested State: {asked}."),
            "row:hearing.requesting_state",
            asks=state_name(hearing.requesting_state),
            asked=state_name(hearing.requested_state),
        ),
    )
    lines: list[PassageLine] = []
    for basis in draft.facts.bases:
        source = f"row:instruments.{basis.instrument}"
        by = tell(DRAWN_BY.get(basis.minutes_by, DRAWN_BY["silent"]))
        lines.append(line(N_("{name}: {minutes}."), source, name=basis.name, minutes=by))
        if basis.provision:
            lines.append(line(N_("    Provision: {provision}."), source, provision=basis.provision))
        if not basis.verified:
            lines.append(line(N_("    The provision on minutes has not been verified."), source))
    lines += [
        line(
            N_("{state}: a record is drawn up at each place ({provision})."),
            "row:overlays",
            state=state_name(state),
            provision=provision,
        )
        for state, provision in draft.facts.each_place
    ]
    yield passage("case.basis", *(lines or [open_line("clerk", tell("Legal basis"))]))


def public(draft: DraftContext) -> Iterator[Passage]:
    yield passage("public.all", open_line("presiding_judge"))


OATHS = {
    "oath": N_("an oath"),
    "affirmation": N_("an affirmation"),
    "caution": N_("a caution"),
    "none": N_("neither oath nor caution"),
    "requested_law": N_("as the law of the requested State provides"),
}


def oath(draft: DraftContext) -> Iterator[Passage]:
    """The oath asked for by the request, and those recorded; an open line for each person heard without one."""
    request = draft.facts.request
    asked: list[PassageLine] = []
    if request.oath_form:
        form = tell(OATHS[request.oath_form])
        asked.append(line(N_("The request specified: {form}."), "row:hearing_request.oath_form", form=form))
    if request.oath_text:
        text = draft.quoted(request.oath_text)
        asked.append(line(N_("Wording specified in the request: “{text}”"), "row:hearing_request.oath_text", text=text))
    what = tell("Oath, affirmation or caution, its text and the answer")
    heard = [participant for participant in draft.facts.participants if participant.role in HEARD]
    taken = [
        entry for person in heard for entry in minutes_acts.of(minutes_acts.recorded(draft, EventKind.oath), person)
    ]
    missing = N_("Oath, affirmation or caution of {name}")
    done = minutes_acts.each(draft, taken, heard, who="requested_authority", nothing=what, missing=missing)
    yield passage("oath.all", *asked, *done)


def statements(draft: DraftContext) -> Iterator[Passage]:
    yield passage("statements.all", *statement_lines(draft))


def objections(draft: DraftContext) -> Iterator[Passage]:
    yield passage("objections.all", *minutes_acts.objections(draft))


def exhibits(draft: DraftContext) -> Iterator[Passage]:
    """Exhibits of the case file, and those recorded as shown; an open line if none was. Their hashes are in the
    annex."""
    lines = [
        line(
            N_("In the file: {name}."),
            exhibit.source,
            name=draft.quoted(exhibit.name),
        )
        for exhibit in draft.facts.exhibits
    ]
    entries = minutes_acts.lines(draft, minutes_acts.recorded(draft, EventKind.exhibit_shown))
    yield passage(
        "exhibits.all",
        *lines,
        *(entries or [open_line("clerk", tell("Exhibits shown, to whom and when"))]),
    )


def conditions(draft: DraftContext) -> Iterator[Passage]:
    """The conditions of the acceptance, as the requested State wrote them."""
    lines = [PassageLine(says=text, sources=(source,)) for source, text in draft.facts.conditions]
    if draft.facts.request.conditions:
        text = draft.quoted(draft.facts.request.conditions)
        lines.insert(0, line(N_("As written: “{text}”"), "row:hearing_request.conditions", text=text))
    lines += [
        line(
            N_("{time}: {who} confirmed: {condition}"),
            f"event:{event.seq}",
            time=draft.when(event.at),
            who=draft.who(event),
            condition=tell(CONDITIONS.get(str(event.data.get("condition")), "–")),
        )
        for event in draft.facts.events
        if event.kind == "condition_confirmed"
    ]
    yield passage("conditions.all", *(lines or [line(N_("None were set."), "row:hearing_request.conditions")]))


def technical(draft: DraftContext) -> Iterator[Passage]:
    """The technical agreement, comparisons of fingerprints, device checks, and sound checks before the start."""
    if draft.facts.agreed:
        yield passage(
            "technical.agreement", *(PassageLine(says=text, sources=(source,)) for source, text in draft.facts.agreed)
        )
    compared = [line_ for event_ in draft.facts.events for line_ in _compared(draft, event_)]
    if compared:
        yield passage("technical.fingerprints", *compared)
    checks = list(_devices(draft))
    yield passage("technical.devices", *(checks or [line(N_("No device check in the log."), log(draft))]))
    people = {person.id: person for person in draft.facts.participants}
    sound: list[PassageLine] = []
    for check in draft.facts.checks:
        person = people.get(check.participant_id)
        track = f"channel_{check.lang}" if check.lang else person.mic_track if person else "–"
        if check.status not in (CheckStatus.passed, CheckStatus.failed):
            continue
        sound.append(
            line(
                N_("Sound check of {track}: {sound}, loudest {level} dBFS; {picture}."),
                f"row:sound_check.{track}",
                track=track,
                sound=tell("sound read back") if check.audio_ok else tell("no sound read back"),
                level=f"{check.level / 10:.1f}" if check.level is not None else "–",
                picture=PICTURES[check.picture],
            )
        )
    yield passage("technical.sound", *(sound or [line(N_("No sound check in the log."), "row:sound_check")]))


COMPARED = {
    True: N_(
        "{time}: {who} stated that the security codes of the server's certificate, read aloud between the "
        "courts, matched: {code}."
    ),
    False: N_(
        "{time}: {who} stated that the security codes of the server's certificate, read aloud between the "
        "courts, did not match. The server's own code was {code}."
    ),
}


def _compared(draft: DraftContext, event: HearingEvent) -> Iterator[PassageLine]:
    """One comparison of fingerprints, or that a new certificate has made it stale."""
    if event.kind not in (EventKind.fingerprints_compared, EventKind.fingerprints_stale):
        return
    source, when, code = f"event:{event.seq}", draft.when(event.at), fingerprints.code(str(event.data["certificate"]))
    if event.kind == EventKind.fingerprints_compared:
        yield line(COMPARED[bool(event.data["matched"])], source, time=when, who=draft.who(event), code=code)
    else:
        yield line(
            N_("{time}: the server was replaced, and with it its certificate; its security code from then on: {code}."),
            source,
            time=when,
            code=code,
        )


PICTURES = {
    True: tell("picture read back"),
    False: tell("no picture read back"),
    None: tell("no picture required"),
}
DEVICES = (
    ("camera", tell("camera")),
    ("microphone", tell("microphone")),
    ("speaker", tell("loudspeaker")),
)


OWN_CHECK = {
    True: N_("By {name}'s own check the {device} works."),
    False: N_("By {name}'s own check the {device} does not work."),
}


def _devices(draft: DraftContext) -> Iterator[PassageLine]:
    """The last check of each person: one line for all whose devices work, a line for each device of the others."""
    last = {
        str(event.data.get("participant")): event
        for event in draft.facts.events
        if event.kind == EventKind.devices_checked
    }
    mine = [(one, last[one.id]) for one in draft.facts.participants if one.id in last]
    well = [(one, event) for one, event in mine if all(event.data.get(name) for name, _label in DEVICES)]
    if well:
        names = Series.of(draft.names[one.id] for one, _event in well)
        sources = [f"event:{event.seq}" for _one, event in well]
        yield line(N_("By their own checks camera, microphone and loudspeaker work: {names}."), *sources, names=names)
    for participant, event in mine:
        if (participant, event) in well:
            continue
        for name, label in DEVICES:
            message = OWN_CHECK[bool(event.data.get(name))]
            yield line(message, f"event:{event.seq}", name=draft.names[participant.id], device=label)


def remarks(draft: DraftContext) -> Iterator[Passage]:
    yield passage("remarks.all", open_line("clerk"))
