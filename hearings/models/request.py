"""The request of one State to another for a hearing by video (never bare `Request`: that is Starlette's)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, beginning, instant, json, state_check, state_code, word
from hearings.status import RequestStatus


class Capacity(StrEnum):
    """In what capacity the person is to be heard (`person_status` of data/enums.yaml)."""

    witness = "witness"
    expert = "expert"
    victim = "victim"
    suspect = "suspect"
    accused = "accused"
    convicted_person = "convicted_person"
    affected_person = "affected_person"


class ReasonNoAttendance(StrEnum):
    """Why the person does not come to the court (`reason_no_attendance` of data/enums.yaml)."""

    not_possible = "not_possible"
    not_desirable = "not_desirable"


class OffenceScope(StrEnum):
    """Which convention the offence falls under (`offence_scope` of data/enums.yaml)."""

    any = "any"
    untoc_offence = "untoc_offence"
    uncac_offence = "uncac_offence"
    cybercrime_offence = "cybercrime_offence"
    drug_offence = "drug_offence"
    international_crime = "international_crime"


class Stage(StrEnum):
    """How far the proceedings are (`proceeding_stage` of data/enums.yaml)."""

    investigation = "investigation"
    trial = "trial"
    appeal = "appeal"
    execution = "execution"


class Procedure(StrEnum):
    """What kind of proceedings (`procedure` of data/enums.yaml)."""

    criminal_proceedings = "criminal_proceedings"
    eaw_fd_2002_584 = "eaw_fd_2002_584"
    custodial_transfer_fd_2008_909 = "custodial_transfer_fd_2008_909"
    probation_fd_2008_947 = "probation_fd_2008_947"
    supervision_fd_2009_829 = "supervision_fd_2009_829"
    epo_dir_2011_99 = "epo_dir_2011_99"
    freezing_confiscation_reg_2018_1805 = "freezing_confiscation_reg_2018_1805"


class Channel(StrEnum):
    """By which way the request goes (`channel` of data/enums.yaml)."""

    central_authority = "central_authority"
    diplomatic = "diplomatic"
    interpol = "interpol"
    direct_judicial = "direct_judicial"
    ministry = "ministry"
    ibera = "ibera"
    decentralised_it_system = "decentralised_it_system"


class Approach(StrEnum):
    """How the person is approached in the requested State (`approach` of data/enums.yaml); how the request travels is
    its `Channel`."""

    court_service = "court_service"
    consular = "consular"
    direct_to_person = "direct_to_person"


class Side(StrEnum):
    """Which State provides something: an interpreter, a recording, the costs."""

    requesting = "requesting"
    requested = "requested"
    both = "both"
    neither = "neither"


class InterpretingMode(StrEnum):
    """How the interpreter works."""

    consecutive = "consecutive"
    simultaneous = "simultaneous"


class OathForm(StrEnum):
    """What the person says before being heard."""

    oath = "oath"
    affirmation = "affirmation"
    caution = "caution"
    none = "none"
    requested_law = "requested_law"


class Protection(StrEnum):
    """A measure of protection the requesting State asks for."""

    pseudonym = "pseudonym"
    voice = "voice"
    face = "face"
    place = "place"
    no_public = "no_public"
    support_person = "support_person"
    child_measures = "child_measures"


class Accessibility(StrEnum):
    """What the person needs to take part."""

    sign_language = "sign_language"
    captions = "captions"
    wheelchair = "wheelchair"
    breaks = "breaks"
    reader = "reader"
    other = "other"


class HearingRequest(Row, table=True):
    """A request. The owner is the requesting State; the requested State reads it once it is submitted."""

    __tablename__ = "hearing_request"
    __table_args__ = (
        state_check(),
        state_check("requesting_state"),
        state_check("requested_state"),
        CheckConstraint("owner_state = requesting_state", name="owner_asks"),
        CheckConstraint("requesting_state <> requested_state", name="two_states"),
        UniqueConstraint("owner_state", "reference"),
        Index("ix_hearing_request_requesting", "requesting_state", "created_at", "id"),
        Index("ix_hearing_request_requested", "requested_state", "created_at", "id"),
        Index("ix_hearing_request_urgent_requesting", "requesting_state", "status", "priority", "id"),
        Index("ix_hearing_request_urgent_requested", "requested_state", "status", "priority", "id"),
        Index("ix_hearing_request_answer", "requested_state", "status", "answer_due", "priority", "id"),
        Index("ix_hearing_request_review", "requested_state", "status", "review_due", "priority", "id"),
        Index("ix_hearing_request_receipt", "requested_state", "status", "receipt_due", "priority", "id"),
        Index("ix_hearing_request_info", "requesting_state", "status", "info_due", "priority", "id"),
        Index("ix_hearing_request_written", "requesting_state", "written_due"),
        Index("ix_hearing_request_unanswered_requesting", "requesting_state", "unanswered", "priority", "id", "status"),
        Index("ix_hearing_request_unanswered_requested", "requested_state", "unanswered", "priority", "id", "status"),
        Index("ix_hearing_request_unscheduled", "requesting_state", "unscheduled", "priority", "id", "status"),
        Index("ix_hearing_request_case", "case_folded"),
        Index("ix_hearing_request_status", "status"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("priority BETWEEN 0 AND 15", name="priority"),
        CheckConstraint("priority_override BETWEEN 0 AND 15", name="priority_override"),
        CheckConstraint("priority_override IS NULL OR priority_reason <> ''", name="override_has_reason"),
        CheckConstraint("evidence_risk BETWEEN 0 AND 3", name="evidence_risk"),
        CheckConstraint("penalty_years BETWEEN 0 AND 99", name="penalty_years"),
        CheckConstraint("oral OR (oral_at IS NULL AND written_due IS NULL)", name="oral"),
    )

    reference: str = beginning(40)
    requesting_state: str = state_code()
    requested_state: str = state_code()
    requesting_authority: str = Field(default="", max_length=300)
    requested_authority: str = Field(default="", max_length=300)
    case_number: str = Field(default="", max_length=100)
    person_name: str = Field(default="", max_length=200)
    capacity: Capacity | None = word(Capacity, "capacity", default=None)
    offence_summary: str = Field(default="", max_length=4000)
    offence_scope: list[str] = json(default_factory=list)
    """Members of `OffenceScope`; an offence may fall under several conventions."""
    offence_serious: bool | None = None
    offence_transnational: bool | None = None
    offence_organised: bool | None = None
    reason_no_attendance: ReasonNoAttendance | None = word(ReasonNoAttendance, "reason_no_attendance", default=None)
    reason_text: str = Field(default="", max_length=4000)
    language_of_person: str = Field(default="", max_length=35)
    language_of_court: str = Field(default="", max_length=35)
    language_of_request: str = Field(default="", max_length=35)
    """In which the request is written or to be translated; tested against what the requested State accepts."""
    instruments: list[str] = json(default_factory=list)
    """Ids of data/instruments.yaml the requesting State relies on."""
    gate_result: dict[str, Any] | None = json(default=None)
    """Snapshot of the legal gate at submission (`hearings.law.legal_bases.GateResult.as_json`)."""
    gate_answers: dict[str, dict[str, bool]] = json(default_factory=dict)
    """By fact and State, the newest answers of the States: kept by `hearings.requests.gate_answers`."""
    status: RequestStatus = word(RequestStatus, "status", default=RequestStatus.draft)
    unanswered: bool = False
    """Whether the person's answer to one of its consents is not recorded: kept by `hearings.requests.person_consents`.
    """
    unscheduled: bool = False
    """Whether its last hearing came to nothing and no other has been proposed: kept by `hearings.hearing.hearing`,
    `sittings`.
    """
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    changed_at: datetime | None = instant(default=None)
    """When the draft was last changed; None of one that never was."""
    submitted_at: datetime | None = instant(default=None)
    answered_at: datetime | None = instant(default=None)
    answered_by: str = Field(default="", max_length=36)
    answered_ground: str = Field(default="", max_length=60)
    """A refusal or postponement code of data/enums.yaml."""
    answered_reason: str = Field(default="", max_length=4000)
    conditions: str = Field(default="", max_length=4000)
    answered_objections: list[dict[str, Any]] = json(default_factory=list)
    """What the law holds against the refusal or postponement, as it was sent (`hearings.law.refusals.Objection`)."""
    consultation_left_out_because: str = Field(default="", max_length=2000)
    """Why the two States had not consulted, where the instrument wants it."""

    version: int = 1
    """Grows by one at every change: whoever changes a request says which version they saw."""

    # 15(a): the authority making the request
    authority_contact: str = Field(default="", max_length=200)
    authority_mailbox: str = Field(default="", max_length=254)
    authority_phone: str = Field(default="", max_length=40)
    # 15(b): the matter, and who conducts it
    procedure: Procedure = word(Procedure, "procedure", default=Procedure.criminal_proceedings)
    stage: Stage | None = word(Stage, "stage", default=None)
    proceeding_nature: str = Field(default="", max_length=300)
    proceeding_subject: str = Field(default="", max_length=4000)
    conducting_authority: str = Field(default="", max_length=300)
    conducting_functions: str = Field(default="", max_length=300)
    judicial_authority: str = Field(default="", max_length=300)
    """ETS 182 art. 9(3): the judicial authority by which the hearing will be conducted."""
    persons_conducting: str = Field(default="", max_length=1000)
    """ETS 182 art. 9(3): who will conduct it, one name a line."""
    # 15(c): the facts
    offences: str = Field(default="", max_length=2000)
    """The offences by name and provision, one a line."""
    penalty_max: str = Field(default="", max_length=300)
    penalty_years: int | None = None
    death_penalty: bool | None = None
    """Whether the law of the requesting State threatens the offence with death; None: not answered."""
    convention_link: str = Field(default="", max_length=2000)
    grave_offence_or_jury: bool | None = None
    # 15(d): the assistance sought
    special_procedure: str = Field(default="", max_length=4000)
    """18(17): procedure asked for, followed unless contrary to the requested State's law."""
    recording_asked: bool | None = None
    recording_by: Side | None = word(Side, "recording_by", default=None)
    recording_format: str = Field(default="", max_length=300)
    interpreter_languages: list[str] = json(default_factory=list)
    interpreter_side: Side | None = word(Side, "interpreter_side", default=None)
    interpreter_mode: InterpretingMode | None = word(InterpretingMode, "interpreter_mode", default=None)
    oath_form: OathForm | None = word(OathForm, "oath_form", default=None)
    oath_text: str = Field(default="", max_length=2000)
    rights_notice_requesting: str = Field(default="", max_length=4000)
    rights_notice_requested: str = Field(default="", max_length=4000)
    question_list: str = Field(default="", max_length=8000)
    exhibits: str = Field(default="", max_length=4000)
    """One exhibit a line; the files are attachments."""
    protection_requested: list[str] = json(default_factory=list)
    """Members of `Protection`."""
    pseudonym: bool = False
    """Whether a pseudonym is among them: then the name is not found by everybody's search."""
    protection_reason: str = Field(default="", max_length=2000)
    costs: Side | None = word(Side, "costs", default=None)
    costs_note: str = Field(default="", max_length=2000)
    proposed_slots: list[dict[str, Any]] = json(default_factory=list)
    """None, or three and more: `at` (UTC), `minutes`, and the wall time and zone it was chosen in."""
    # 15(e): the person
    person_folded: str = Field(default="", max_length=400)
    """The name as it is compared (`texts.folded`), for the search."""
    case_folded: str = beginning(300, default="")
    """The case number as it is compared (`texts.folded`); it is searched by how it begins."""
    person_born: date | None = None
    person_nationality: str = Field(default="", max_length=2)
    person_address: str = Field(default="", max_length=500)
    person_age_under_18: bool | None = None
    custody_place: str = Field(default="", max_length=300)
    detained_since: date | None = None
    """Since when somebody is in custody in this case; the detention clock runs from here."""
    custody_limit: date | None = None
    """When the custody must end unless it is extended."""
    # 15(f): the purpose
    purpose: str = Field(default="", max_length=4000)
    evidential_purpose: bool | None = None
    # What the legal bases ask besides
    lawyer_access: bool | None = None
    domestic_basis: str = Field(default="", max_length=2000)
    reciprocity: str = Field(default="", max_length=2000)
    dual_criminality: str = Field(default="", max_length=2000)
    necessity: str = Field(default="", max_length=4000)
    """Directive 2014/41/EU, art. 6(1)(a): why the measure is necessary and proportionate."""
    domestic_equivalent: str = Field(default="", max_length=2000)
    """Art. 6(1)(b): why it could have been ordered in a similar domestic case."""
    earlier_request: str = Field(default="", max_length=1000)
    legal_remedies: str = Field(default="", max_length=2000)
    validating_authority: str = Field(default="", max_length=300)
    annex_d_category: str = Field(default="", max_length=300)
    # 13, 14, 24: the way it goes, and how fast
    channel: Channel = word(Channel, "channel", default=Channel.central_authority)
    approach: Approach | None = word(Approach, "approach", default=None)
    """How the person is approached; None while nobody has said so."""
    urgent: bool = False
    urgent_reason: str = Field(default="", max_length=2000)
    oral: bool = False
    """Made by word of mouth; must be confirmed in writing forthwith (18(14), 46(14))."""
    oral_at: datetime | None = instant(default=None)
    written_due: datetime | None = instant(default=None)
    written_confirmed_at: datetime | None = instant(default=None)
    wanted_by: date | None = None
    """18(24): the day by which an answer is wanted."""
    wanted_by_reason: str = Field(default="", max_length=1000)
    answer_due: datetime | None = instant(default=None)
    info_due: datetime | None = instant(default=None)
    review_due: datetime | None = instant(default=None)
    """When a postponed request is looked at again."""
    receipt_due: datetime | None = instant(default=None)
    """By when the requested State acknowledges receipt, where an instrument relied on says it."""
    execution_due: datetime | None = instant(default=None)
    """By when an accepted request is carried out, where an instrument relied on says it."""
    # 19, 20
    confidential: bool = True
    confidentiality_note: str = Field(default="", max_length=2000)
    use_limits: str = Field(default="", max_length=2000)
    # Priority (`hearings.requests.priority`)
    evidence_risk: int | None = None
    """0 none to 3 about to be lost."""
    evidence_risk_reason: str = Field(default="", max_length=1000)
    priority: int = 0
    """What the queue is sorted by: the override, or else the score."""
    priority_override: int | None = None
    priority_reason: str = Field(default="", max_length=1000)
    # Work on either side
    requesting_assignee: str | None = Field(default=None, foreign_key="person.id", max_length=36)
    requested_assignee: str | None = Field(default=None, foreign_key="person.id", max_length=36)
    condition_rules: list[dict[str, Any]] = json(default_factory=list)
    """The conditions of acceptance that a machine can keep (`hearings.requests.conditions`)."""
    refusal_comment: str = Field(default="", max_length=4000)
    refusal_comment_at: datetime | None = instant(default=None)
    # Children, detained persons, victims and others (`hearings.law.beside.safeguards`); the names are those of the data
    nationalities: list[str] = json(default_factory=list)
    """Those besides `person_nationality`, ISO 3166-1 alpha-2."""
    nationalities_all: bool | None = None
    is_victim: bool | None = None
    """Whether the person is a victim, in whatever capacity they are heard."""
    victim_assessed: bool | None = None
    adult_informed: bool | None = None
    interpreter_beside_person: bool | None = None
    counsel_named: bool | None = None
    own_offence_possible: bool | None = None
    """Whether the answers may expose the person to prosecution."""
    lawyer_offered: bool | None = None
    custody_room: str = Field(default="", max_length=300)
    """The room of the place of custody in which the person will be heard."""
    accessibility_needs: list[str] = json(default_factory=list)
    """Members of `Accessibility`."""

    @property
    def in_custody(self) -> bool | None:
        """Whether the person is in custody; None when nobody has said so."""
        return bool(self.custody_place) or None

    @property
    def written_confirmed(self) -> bool | None:
        """Whether an oral request has been confirmed in writing; None until it has (or while that is not asked)."""
        return self.written_confirmed_at is not None or None
