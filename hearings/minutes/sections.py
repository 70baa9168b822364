"""What the minutes say of the case, its legal basis and conditions; and what only people can write."""

from collections.abc import Iterator

from hearings.events import EventKind
from hearings.minutes import acts as minutes_acts
from hearings.minutes.course import statement_lines
from hearings.minutes.facts import Line, Passage, Telling, line, log, open_line, passage
from hearings.minutes.phrases import N_, Land, Term, phrase
from hearings.models import HearingEvent, Participant
from hearings.models.sitting import CheckStatus
from hearings.requests.conditions import SENTENCES
from hearings.roles import HEARD
from hearings.sitting import fingerprints

CONDITIONS = {kind.value: sentence for kind, sentence in SENTENCES.items()}
DRAWN_BY = {
    "requested_authority": N_("the requested authority draws up the minutes"),
    "by_agreement": N_("the two authorities agree on the minutes"),
    "consulted": N_("the two authorities consult on the minutes"),
    "silent": N_("silent on minutes: drawn up by agreement of the two authorities"),
}


def case(told: Telling) -> Iterator[Passage]:
    """References, the instruments relied on and what each says of minutes."""
    hearing, request = told.facts.hearing, told.facts.request
    yield passage(
        "case.references",
        line(
            N_("Minutes no. {number} of hearing {ref}."), "row:hearing.ref", number=told.facts.number, ref=hearing.ref
        ),
        line(N_("Request: {reference}."), "row:hearing_request.reference", reference=request.reference),
        line(
            N_("Case number: {number}."),
            "row:hearing.case_number",
            number=told.quoted(hearing.case_number or request.case_number or "–"),
        ),
        line(
            N_("Requesting State: {asks}. Requested State: {asked}."),
            "row:hearing.requesting_state",
            asks=Land(hearing.requesting_state),
            asked=Land(hearing.requested_state),
        ),
    )
    lines: list[Line] = []
    for basis in told.facts.bases:
        source = f"row:instruments.{basis.instrument}"
        by = Term(DRAWN_BY.get(basis.minutes_by, DRAWN_BY["silent"]))
        lines.append(line(N_("{name}: {minutes}."), source, name=basis.name, minutes=by))
        if basis.provision:
            lines.append(line(N_("    Provision: {provision}."), source, provision=basis.provision))
        if not basis.verified:
            lines.append(line(N_("    What the text says of minutes has not been verified."), source))
    lines += [
        line(
            N_("{state}: a record is drawn up at each place ({provision})."),
            "row:overlays",
            state=Land(state),
            provision=provision,
        )
        for state, provision in told.facts.each_place
    ]
    yield passage("case.basis", *(lines or [open_line("clerk", phrase(N_("Legal basis")))]))


def public(told: Telling) -> Iterator[Passage]:
    yield passage("public.all", open_line("presiding_judge"))


OATHS = {
    "oath": N_("an oath"),
    "affirmation": N_("an affirmation"),
    "caution": N_("a caution"),
    "none": N_("neither oath nor caution"),
    "requested_law": N_("what the law of the requested State has"),
}


def oath(told: Telling) -> Iterator[Passage]:
    """What the request asked for, and what was recorded; for whom nothing was, the one who took it writes it."""
    request = told.facts.request
    asked: list[Line] = []
    if request.oath_form:
        form = Term(OATHS[request.oath_form])
        asked.append(line(N_("The request asked for: {form}."), "row:hearing_request.oath_form", form=form))
    if request.oath_text:
        text = told.quoted(request.oath_text)
        asked.append(line(N_("Words the request asked for: “{text}”"), "row:hearing_request.oath_text", text=text))
    what = phrase(N_("Oath, affirmation or caution, its text and the answer"))
    heard = [one for one in told.facts.participants if one.role in HEARD]
    taken = [entry for one in heard for entry in minutes_acts.of(minutes_acts.recorded(told, EventKind.oath), one)]
    missing = N_("Oath, affirmation or caution of {name}")
    done = minutes_acts.each(told, taken, heard, who="requested_authority", nothing=what, missing=missing)
    yield passage("oath.all", *asked, *done)


def statements(told: Telling) -> Iterator[Passage]:
    yield passage("statements.all", *statement_lines(told))


def objections(told: Telling) -> Iterator[Passage]:
    yield passage("objections.all", *minutes_acts.objections(told))


def exhibits(told: Telling) -> Iterator[Passage]:
    """What the case file holds as exhibits, by hash, and what was recorded as shown; where nothing was, it is open."""
    lines = [
        line(N_("In the file: {name}, SHA-256 {hash}."), shown.source, name=told.quoted(shown.name), hash=shown.sha256)
        for shown in told.facts.exhibits
    ]
    shown = minutes_acts.lines(told, minutes_acts.recorded(told, EventKind.exhibit_shown))
    yield passage(
        "exhibits.all",
        *lines,
        *(shown or [open_line("clerk", phrase(N_("Exhibits shown, to whom and when")))]),
    )


def conditions(told: Telling) -> Iterator[Passage]:
    """The conditions of the acceptance, as the requested State wrote them."""
    lines = [Line(says=said, sources=(source,)) for source, said in told.facts.conditions]
    if told.facts.request.conditions:
        text = told.quoted(told.facts.request.conditions)
        lines.insert(0, line(N_("As written: “{text}”"), "row:hearing_request.conditions", text=text))
    lines += [
        line(
            N_("{time}: {who} confirmed: {condition}"),
            f"event:{event.seq}",
            time=told.when(event.at),
            who=told.who(event),
            condition=Term(CONDITIONS.get(str(event.data.get("condition")), "–")),
        )
        for event in told.facts.events
        if event.kind == "condition_confirmed"
    ]
    yield passage("conditions.all", *(lines or [line(N_("None were set."), "row:hearing_request.conditions")]))


def technical(told: Telling) -> Iterator[Passage]:
    """What was agreed, each person's own check of devices, and what the recorder read back before the start."""
    if told.facts.agreed:
        yield passage(
            "technical.agreement", *(Line(says=text, sources=(source,)) for source, text in told.facts.agreed)
        )
    compared = [line_ for event_ in told.facts.events for line_ in _compared(told, event_)]
    if compared:
        yield passage("technical.fingerprints", *compared)
    checks = [line_ for one_ in told.facts.participants for line_ in _devices(told, one_)]
    yield passage("technical.devices", *(checks or [line(N_("No device check in the log."), log(told))]))
    people = {person.id: person for person in told.facts.participants}
    sound: list[Line] = []
    for check in told.facts.checks:
        person = people.get(check.participant_id)
        track = f"channel_{check.lang}" if check.lang else person.mic_track if person else "–"
        if check.status not in (CheckStatus.passed, CheckStatus.failed):
            continue
        sound.append(
            line(
                N_("Sound check of {track}: {sound}, loudest {level} dBFS; {picture}."),
                f"row:sound_check.{track}",
                track=track,
                sound=Term(N_("sound read back")) if check.audio_ok else Term(N_("no sound read back")),
                level=f"{check.level / 10:.1f}" if check.level is not None else "–",
                picture=PICTURES[check.picture],
            )
        )
    yield passage("technical.sound", *(sound or [line(N_("No sound check in the log."), "row:sound_check")]))


COMPARED = {
    True: N_(
        "{time}: {who} said that the fingerprints of the server's certificate, read aloud between the courts, were the "
        "same: {code}."
    ),
    False: N_(
        "{time}: {who} said that the fingerprints of the server's certificate, read aloud between the courts, were not "
        "the same. The server's own was {code}."
    ),
}


def _compared(told: Telling, event: HearingEvent) -> Iterator[Line]:
    """Comparisons of fingerprints, and that a new certificate has made one stale."""
    if event.kind not in (EventKind.fingerprints_compared, EventKind.fingerprints_stale):
        return
    source, when, code = f"event:{event.seq}", told.when(event.at), fingerprints.code(str(event.data["certificate"]))
    if event.kind == EventKind.fingerprints_compared:
        yield line(COMPARED[bool(event.data["matched"])], source, time=when, who=told.who(event), code=code)
    else:
        yield line(
            N_("{time}: the server was replaced, and with it its certificate; its fingerprint from then on: {code}."),
            source,
            time=when,
            code=code,
        )


PICTURES = {
    True: Term(N_("picture read back")),
    False: Term(N_("no picture read back")),
    None: Term(N_("no picture asked for")),
}
DEVICES = (
    ("camera", Term(N_("camera"))),
    ("microphone", Term(N_("microphone"))),
    ("speaker", Term(N_("loudspeaker"))),
)


OWN_CHECK = {
    True: N_("By {name}'s own check the {device} works."),
    False: N_("By {name}'s own check the {device} does not work."),
}


def _devices(told: Telling, participant: Participant) -> Iterator[Line]:
    checked = [
        event
        for event in told.facts.events
        if event.kind == EventKind.devices_checked and event.data.get("participant") == participant.id
    ]
    for event in checked[-1:]:
        for name, label in DEVICES:
            message = OWN_CHECK[bool(event.data.get(name))]
            yield line(message, f"event:{event.seq}", name=told.names[participant.id], device=label)


def remarks(told: Telling) -> Iterator[Passage]:
    yield passage("remarks.all", open_line("clerk"))
