"""The fields of a request: one table, from which reader, wizard, API, completeness, printed document and labels follow.

Adding a field is a row here and a column of the same name in `hearings.models.request`. Sections (a) to (f) follow the
letters of UNTOC art. 18(15) and UNCAC art. 46(15). What an instrument asks for is in data/content.yaml.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from hearings import languages, reference
from hearings.errors import Invalid
from hearings.law.law import LAW, Law
from hearings.models import HearingRequest
from hearings.models.request import (
    Accessibility,
    Approach,
    Capacity,
    Channel,
    InterpretingMode,
    OathForm,
    OffenceScope,
    Procedure,
    Protection,
    ReasonNoAttendance,
    Side,
    Stage,
)
from hearings.requests.field_kinds import (
    Answer,
    Choice,
    Day,
    Flag,
    Instant,
    Instruments,
    Kind,
    Language,
    Languages,
    Level,
    Line,
    Lines,
    Number,
    Several,
    Slots,
    State,
    States,
)
from hearings.requests.sending import confirmation_due
from hearings.sentences import Sentence, tell
from hearings.texts import NOT_A_VALUE, folded

SECTIONS: Mapping[str, Sentence] = {
    "a": tell("Authority making the request"),
    "b": tell("Subject matter and nature of the proceedings, and the authority conducting them"),
    "c": tell("Summary of the relevant facts"),
    "d": tell("Assistance sought and procedure to be followed"),
    "e": tell("Identity, location and nationality of the person"),
    "f": tell("Purpose for which the evidence is sought"),
    "g": tell("Legal basis relied on"),
    "h": tell("Channel, urgency and time limits"),
    "i": tell("Confidentiality and limits of use"),
}
"""Sections of a request, in the order of the printed document."""
STEPS: Mapping[str, Sentence] = {
    "authorities": tell("Authorities and channel"),
    "proceedings": tell("The proceedings"),
    "facts": tell("The facts and the offence"),
    "person": tell("The person"),
    "assistance": tell("Purpose and assistance sought"),
    "arrangements": tell("Languages, recording, times"),
    "basis": tell("Legal basis and confidentiality"),
}
"""The steps of the wizard, by the last part of their address, and their titles."""


class Need(StrEnum):
    """Whether a field is required."""

    demanded = "demanded"
    """Instruments demand it: where the one relied on does, the request cannot be submitted without it."""
    practical = "practical"
    """A hearing cannot be arranged without it, whatever the instrument: the request cannot be submitted either."""
    useful = "useful"
    """Asked for where possible, or useful to the reader: without it the request is thin."""
    free = "free"
    """Optional."""


@dataclass(frozen=True)
class Field:
    """One field of a request. `name` is its column, `label` its name on pages, paper and in the API."""

    name: str
    kind: Kind
    step: str
    """The step of the wizard (`STEPS`) on which it is asked, in the order of the table."""
    section: str
    """Of `SECTIONS`."""
    label: Sentence
    _: KW_ONLY
    help: str = ""
    """A hint for the person who fills it in."""
    need: Need = Need.free
    when: Callable[[HearingRequest], Any] = lambda request: True
    """The condition under which it is needed; otherwise it is optional."""
    asked_if: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Other fields, and the values of each with which this one is asked for; without values, any. Empty: always."""
    least: int = 0
    """Number of characters below which a text is thin (UNODC paper, paragraph 42: poor drafting)."""
    wrong: Callable[[Any], Sentence | None] = lambda value: None
    """Why a value is thin, in words."""
    printed: bool = True

    def read(self, value: Any, law: Law = LAW) -> Any:
        """The value for its column. Raises `Invalid` naming the field."""
        try:
            return self.kind.read(value, law)
        except Invalid as error:
            error.field = self.name
            raise
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise Invalid(tell(NOT_A_VALUE), self.name) from error


def _interpreted(request: HearingRequest) -> bool:
    spoken, court = request.language_of_person, request.language_of_court
    return not (spoken and court and languages.same(spoken, court))


def _without_provision(offences: str) -> Sentence | None:
    numbered = all(any(sign.isdigit() for sign in line) for line in offences.split("\n") if line)
    return None if numbered else tell("An offence without its provision")


CHILD = (("person_age_under_18", ("yes",)),)
DEMANDED, PRACTICAL, USEFUL = Need.demanded, Need.practical, Need.useful
_TABLE = (
    # --- authorities and way of transmission
    Field(
        "requesting_authority", Line(), "authorities", "a", tell("Requesting authority"),
        help=tell("If empty: the central authority of your State."), need=DEMANDED,
    ),
    Field("authority_contact", Line(200), "authorities", "a", tell("Contact person"), need=USEFUL),
    Field(
        "authority_mailbox", Line(254, mailbox=True), "authorities", "a", tell("Mailbox of the authority"), need=USEFUL,
        when=lambda request: not request.authority_phone,
    ),
    Field("authority_phone", Line(40), "authorities", "a", tell("Telephone")),
    Field(
        "requested_authority", Line(), "authorities", "a", tell("Requested authority"),
        help=tell("If empty: the central authority of the requested State."), need=PRACTICAL,
    ),
    Field(
        "channel", Choice(Channel, "channel", Channel.central_authority), "authorities", "h",
        tell("Channel"),
    ),
    Field("urgent", Flag(), "authorities", "h", tell("Urgent")),
    Field(
        "urgent_reason", Lines(2000), "authorities", "h", tell("Why it is urgent"), need=USEFUL,
        when=lambda request: request.urgent, asked_if=(("urgent", ("yes",)),),
    ),
    Field("wanted_by", Day(), "authorities", "h", tell("Reply requested by")),
    Field(
        "wanted_by_reason", Lines(1000), "authorities", "h", tell("Reason for this date"), need=USEFUL,
        when=lambda request: request.wanted_by, asked_if=(("wanted_by", ()),),
    ),
    Field(
        "oral", Flag(), "authorities", "h", tell("Made orally"),
        help=tell("It must be confirmed in writing within 24 hours (18(14), 46(14))."),
    ),
    Field(
        "oral_at", Instant(), "authorities", "h", tell("When it was made orally"),
        asked_if=(("oral", ("yes",)),),
    ),
    # --- the proceedings
    Field("case_number", Line(100), "proceedings", "b", tell("Case number"), need=PRACTICAL),
    Field(
        "procedure", Choice(Procedure, "procedure", Procedure.criminal_proceedings), "proceedings", "b",
        tell("Kind of proceedings"),
    ),
    Field("stage", Choice(Stage, "stage", few=True), "proceedings", "b", tell("Stage of the proceedings"), need=USEFUL),
    Field("proceeding_nature", Line(), "proceedings", "b", tell("Nature of the proceedings"), need=DEMANDED),
    Field("proceeding_subject", Lines(), "proceedings", "b", tell("Subject matter"), need=DEMANDED, least=40),
    Field(
        "conducting_authority", Line(), "proceedings", "b", tell("Authority conducting the proceedings"), need=DEMANDED
    ),
    Field(
        "conducting_functions", Line(), "proceedings", "b", tell("Functions of that authority"), need=DEMANDED, least=8
    ),
    Field(
        "judicial_authority", Line(), "proceedings", "b", tell("Judicial authority that will conduct the hearing"),
        help=tell("ETS 182 art. 9(3)."),
    ),
    Field(
        "persons_conducting", Lines(1000), "proceedings", "b",
        tell("Names of the persons who will conduct the hearing"), help=tell("One name on each line."),
    ),
    # --- the facts and the offence
    Field("offence_summary", Lines(), "facts", "c", tell("Summary of the facts"), need=DEMANDED, least=120),
    Field(
        "offences", Lines(2000), "facts", "c", tell("Offences and provisions"),
        help=tell("One on each line, such as: Fraud, art. 244 Criminal Code."), need=USEFUL, wrong=_without_provision,
    ),
    Field("penalty_max", Line(), "facts", "c", tell("Maximum penalty"), need=USEFUL),
    Field("penalty_years", Number(99), "facts", "c", tell("Maximum penalty, in years"), printed=False),
    Field(
        "death_penalty", Answer(), "facts", "c", tell("Punishable by death"),
        help=tell("Under the law of the requesting State, even if it is not asked for in this case."),
    ),
    Field("offence_scope", Several(OffenceScope, "offence_scope"), "facts", "c", tell("Scope of the offence")),
    Field(
        "offence_serious", Answer(), "facts", "c", tell("Serious crime"),
        help=tell("Punishable by at least four years."),
    ),
    Field(
        "offence_transnational", Answer(), "facts", "c", tell("Transnational"),
        help=tell("Are there grounds to think so?"),
    ),
    Field(
        "offence_organised", Answer(), "facts", "c", tell("Organised criminal group"),
        help=tell("Are there grounds to think so?"),
    ),
    Field("grave_offence_or_jury", Answer(), "facts", "c", tell("Grave offence or jury trial")),
    Field("convention_link", Lines(2000), "facts", "c", tell("Link to the convention"), need=USEFUL),
    Field("evidence_risk", Level(3, "evidence_risk"), "facts", "h", tell("Risk of losing evidence"), printed=False),
    Field(
        "evidence_risk_reason", Lines(1000), "facts", "h", tell("How evidence may be lost"), need=USEFUL,
        when=lambda request: request.evidence_risk, asked_if=(("evidence_risk", ("1", "2", "3")),),
    ),
    # --- the person
    Field("person_name", Line(200), "person", "e", tell("Person to be heard"), need=PRACTICAL),
    Field(
        "capacity", Choice(Capacity, "capacity", few=True), "person", "e", tell("Capacity"),
        help=tell("Art. 18(18) and art. 46(18) cover witnesses and experts only."),
    ),
    Field("person_born", Day(), "person", "e", tell("Date of birth"), need=USEFUL),
    Field("person_nationality", State(), "person", "e", tell("Nationality"), need=USEFUL),
    Field(
        "nationalities", States(), "person", "e", tell("Other nationalities"),
        help=tell("All that the person has besides the one above."),
    ),
    Field(
        "nationalities_all", Answer(), "person", "e", tell("All nationalities entered"),
        asked_if=(("nationalities", ()),),
    ),
    Field("person_address", Line(500), "person", "e", tell("Address or whereabouts"), need=USEFUL),
    Field("person_age_under_18", Answer(), "person", "e", tell("Under 18 years of age")),
    Field(
        "adult_informed", Answer(), "person", "g", tell("Adult informed"),
        help=tell("Has a parent or another appropriate adult been told?"), asked_if=CHILD,
    ),
    Field(
        "interpreter_beside_person", Answer(), "person", "d", tell("Interpreter beside the child"), asked_if=CHILD,
    ),
    Field(
        "is_victim", Answer(), "person", "e", tell("Victim of the offence"),
        help=tell("In whatever capacity the person is to be heard."),
    ),
    Field(
        "victim_assessed", Answer(), "person", "d", tell("Protection needs of the victim assessed"),
        asked_if=(("is_victim", ("yes",)), ("capacity", ("victim",))),
    ),
    Field("language_of_person", Language(), "person", "e", tell("Language of the person"), need=PRACTICAL),
    Field(
        "lawyer_access", Answer(), "person", "g", tell("Access to a lawyer"),
        help=tell("Has the person consulted a lawyer?"),
    ),
    Field(
        "counsel_named", Answer(), "person", "g", tell("Counsel named"),
        help=tell("Of a suspect or accused person."),
    ),
    Field(
        "own_offence_possible", Answer(), "person", "g", tell("Answers may incriminate the person"),
    ),
    Field(
        "lawyer_offered", Answer(), "person", "g", tell("Lawyer offered"),
        asked_if=(("own_offence_possible", ("yes",)),),
    ),
    Field(
        "custody_place", Line(), "person", "e", tell("Place of custody"),
        help=tell("Only for a person who is detained."),
    ),
    Field(
        "custody_room", Line(), "person", "d", tell("Room in the place of custody"),
        help=tell("Where the person will be heard, and where nobody overhears the talk with counsel."),
        asked_if=(("custody_place", ()),),
    ),
    Field(
        "detained_since", Day(), "person", "e", tell("In custody since"),
        help=tell("Of the person, or of the accused in this case: the detention clock."),
    ),
    Field("custody_limit", Day(), "person", "e", tell("Custody ends on")),
    Field(
        "protection_requested", Several(Protection, "protection_requested"), "person", "d", tell("Protective measures")
    ),
    Field(
        "protection_reason", Lines(2000), "person", "d", tell("Reasons for protection"), need=USEFUL,
        when=lambda request: request.protection_requested, asked_if=(("protection_requested", ()),),
    ),
    Field(
        "accessibility_needs", Several(Accessibility, "accessibility_needs"), "person", "d",
        tell("Needs of accessibility"),
    ),
    # --- purpose and assistance sought
    Field(
        "purpose", Lines(), "assistance", "f", tell("Purpose"), need=DEMANDED, least=40,
    ),
    Field("evidential_purpose", Answer(), "assistance", "f", tell("To obtain evidence")),
    Field(
        "reason_no_attendance", Choice(ReasonNoAttendance, "reason_no_attendance", few=True), "assistance", "d",
        tell("Why not in person"),
    ),
    Field("reason_text", Lines(), "assistance", "d", tell("Reasons in this case"), need=USEFUL, least=20),
    Field(
        "approach", Choice(Approach, "approach", few=True), "assistance", "d", tell("How the person is approached"),
        help=tell("In the requested State. How the request itself is sent is its channel."),
    ),
    Field(
        "special_procedure", Lines(), "assistance", "d", tell("Particular procedure requested"),
        help=tell("Followed unless contrary to the law of the requested State (18(17))."),
    ),
    Field("oath_form", Choice(OathForm, "oath_form"), "assistance", "d", tell("Before being heard"), need=USEFUL),
    Field("oath_text", Lines(2000), "assistance", "d", tell("Wording of the oath or caution")),
    Field(
        "rights_notice_requesting", Lines(), "assistance", "d", tell("Notice of rights, law of the requesting State")
    ),
    Field("rights_notice_requested", Lines(), "assistance", "d", tell("Notice of rights, law of the requested State")),
    Field("question_list", Lines(8000), "assistance", "d", tell("Questions to be put")),
    Field(
        "exhibits", Lines(), "assistance", "d", tell("Exhibits to be shown"),
        help=tell("One on each line; attach the files on the next pages."),
    ),
    # --- languages, recording, times
    Field("language_of_court", Language(), "arrangements", "h", tell("Language of the court"), need=PRACTICAL),
    Field("interpreter_languages", Languages(), "arrangements", "d", tell("Languages of interpretation")),
    Field(
        "interpreter_side", Choice(Side, "side"), "arrangements", "d", tell("Interpreter provided by"), need=USEFUL,
        when=_interpreted,
    ),
    Field(
        "interpreter_mode", Choice(InterpretingMode, "interpreter_mode", few=True), "arrangements", "d",
        tell("Mode of interpretation"),
    ),
    Field("recording_asked", Answer(), "arrangements", "d", tell("Recording requested"), need=USEFUL),
    Field(
        "recording_by", Choice(Side, "side"), "arrangements", "d", tell("Recording by"),
        asked_if=(("recording_asked", ("yes",)),),
    ),
    Field(
        "recording_format", Line(), "arrangements", "d", tell("Format of the recording"),
        asked_if=(("recording_asked", ("yes",)),),
    ),
    Field("costs", Choice(Side, "side"), "arrangements", "d", tell("Costs borne by")),
    Field("costs_note", Lines(2000), "arrangements", "d", tell("Remarks on costs")),
    Field(
        "proposed_slots", Slots(), "arrangements", "d", tell("Proposed times"), help=tell("None, or at least three.")
    ),
    # --- legal basis and confidentiality
    Field("instruments", Instruments(), "basis", "g", tell("Instruments relied on"), need=PRACTICAL),
    Field("domestic_basis", Lines(2000), "basis", "g", tell("Basis in domestic law")),
    Field("reciprocity", Lines(2000), "basis", "g", tell("Assurance of reciprocity")),
    Field(
        "dual_criminality", Lines(2000), "basis", "g", tell("Dual criminality"),
        help=tell("Without a treaty, state how the act is punishable in both States"), need=USEFUL,
        when=lambda request: not request.instruments,
    ),
    Field(
        "necessity", Lines(), "basis", "g", tell("Necessity and proportionality"),
        help=tell("Why this hearing is necessary and proportionate, considering the rights of the person."),
    ),
    Field(
        "domestic_equivalent", Lines(2000), "basis", "g", tell("Availability in a similar domestic case"),
        help=tell("Why the same measure could have been ordered under the same conditions in a domestic case."),
    ),
    Field(
        "legal_remedies", Lines(2000), "basis", "g", tell("Legal remedies"),
        help=tell("Whether one has been sought, and where it can be had."),
    ),
    Field("earlier_request", Lines(1000), "basis", "g", tell("Relation to an earlier request or order")),
    Field(
        "validating_authority", Line(), "basis", "g", tell("Validating authority"),
        help=tell("Only where the issuing authority is not a judge, a court or a public prosecutor."),
    ),
    Field("annex_d_category", Line(), "basis", "g", tell("Category of offence (Annex D)")),
    Field("language_of_request", Language(), "basis", "h", tell("Language of the request")),
    Field(
        "confidential", Flag(True), "basis", "i", tell("Confidential"),
        help=tell("18(20), 46(20): kept confidential except as needed to execute it."),
    ),
    Field("confidentiality_note", Lines(2000), "basis", "i", tell("Extent of confidentiality")),
    Field(
        "use_limits", Lines(2000), "basis", "i", tell("Limits on the use of the evidence"),
        help=tell("18(19), 46(19)."),
    ),
)  # fmt: skip
FIELDS: Mapping[str, Field] = {field.name: field for field in _TABLE}
"""Every field `draft` and `update` take, by name; anything else is refused."""


class Values(dict[str, Any]):
    """Validated values of fields, by name."""


def read(fields: Mapping[str, Any], *, law: Law = LAW) -> Values:
    """Validated fields; `law` has the known instruments. Raises `Invalid` naming the first that is wrong."""
    if isinstance(fields, Values):
        return fields
    values, wrong = read_all(fields, law=law)
    if wrong:
        raise wrong[0]
    return values


def read_all(fields: Mapping[str, Any], *, law: Law = LAW) -> tuple[Values, list[Invalid]]:
    """The valid fields, and the error of each of the others."""
    values, wrong = Values(), []
    for name in sorted(str(name) for name in set(fields) - set(FIELDS))[:1]:
        wrong.append(Invalid(tell("Unknown field of a request: {name}", name=name[:40]), name[:40]))
    for name in fields:
        if name in FIELDS:
            try:
                values[name] = FIELDS[name].read(fields[name], law)
            except Invalid as error:
                wrong.append(error)
    return values, wrong


def _central_authority(state: str) -> str:
    return reference.jurisdiction(state).central_authority


def together(request: HearingRequest, values: Mapping[str, Any]) -> tuple[Invalid, tuple[str, ...]] | None:
    """What is wrong with the request if it took these values, though each is valid by itself, and the fields that do
    not go together; None if nothing is."""

    def value(name: str) -> Any:
        return values.get(name, getattr(request, name))

    if value("oral") and value("oral_at") is None:
        return Invalid(tell("State when the request was made orally"), "oral_at"), ("oral", "oral_at")
    since, limit = value("detained_since"), value("custody_limit")
    if since and limit and limit < since:
        wrong = Invalid(tell("The custody cannot end before it began"), "custody_limit")
        return wrong, ("detained_since", "custody_limit")
    return None


def fill(request: HearingRequest, fields: Mapping[str, Any], *, law: Law = LAW) -> list[str]:
    """Set the fields given and those derived from them; returns the names of those that changed.

    An authority that is left empty is the State's central authority. Raises `Invalid`, and then nothing is set.
    """
    values = read(fields, law=law)
    if wrong := together(request, values):
        raise wrong[0]
    changed = [name for name, value in values.items() if getattr(request, name) != value]
    for name in changed:
        setattr(request, name, values[name])
    request.requesting_authority = request.requesting_authority or _central_authority(request.requesting_state)
    request.requested_authority = request.requested_authority or _central_authority(request.requested_state)
    request.pseudonym = Protection.pseudonym.value in request.protection_requested
    request.person_folded = folded(request.person_name)[:400]
    request.case_folded = folded(request.case_number)[:300]
    if request.oral and request.oral_at is not None:
        request.written_due = confirmation_due(request.oral_at)
    else:
        request.oral_at = request.written_due = request.written_confirmed_at = None
    return changed
