"""Words of requests for people: capacities, scopes, reasons, grounds of refusal, labels of fields and of gate lines."""

from hearings.models.request import Capacity
from web.words.i18n import LANGUAGES as PAGES, N_, _

LANGUAGES = (*(tag for tag in PAGES if "-" not in tag), "zh")
"""Languages always on offer for people and courts, besides those the States accept."""
INSTRUMENTS = ("untoc", "uncac")
"""Instruments a request may rely on today."""

CAPACITIES = {
    "witness": N_("Witness"),
    "expert": N_("Expert"),
    "victim": N_("Victim heard as a witness"),
    "suspect": N_("Suspect"),
    "accused": N_("Accused"),
    "convicted_person": N_("Convicted person"),
    "affected_person": N_("Other person affected"),
}
SCOPES = {
    "untoc_offence": N_("An offence of the Convention against Transnational Organized Crime"),
    "uncac_offence": N_("An offence of the Convention against Corruption"),
}
REASONS = {
    "not_possible": N_("It is not possible for the person to appear in the requesting State"),
    "not_desirable": N_("It is not desirable for the person to appear in the requesting State"),
}
GROUNDS = {
    "no_consent": N_("The person does not consent"),
    "consent_withdrawn": N_("The consent was withdrawn"),
    "declaration_9_9": N_("A declaration excludes hearing this person by video"),
    "person_category_not_covered": N_("The instrument does not cover this kind of person"),
    "procedure_not_covered": N_("The instrument does not cover this kind of proceedings"),
    "offence_not_covered": N_("The instrument does not cover the offence"),
    "fundamental_principles": N_("Contrary to fundamental principles of our law"),
    "no_technical_means": N_("No technical means"),
    "essential_interests": N_("Sovereignty, security, public order or other essential interests"),
    "dual_criminality": N_("The act is no offence here"),
    "domestic_law_bar": N_("Our law would not allow it in a case of our own"),
    "not_in_conformity": N_("Not in conformity with the instrument"),
    "contrary_to_legal_system": N_("Contrary to our legal system on mutual assistance"),
    "immunity_privilege": N_("Immunity or privilege"),
    "ne_bis_in_idem": N_("Already judged"),
    "fundamental_rights": N_("Fundamental rights"),
    "instrument_not_in_force": N_("The instrument is not in force"),
    "no_instrument_in_force_between_states": N_("No instrument is in force between the two States"),
    "language": N_("Not in a language we accept"),
    "incomplete_request": N_("The request is incomplete"),
    "wrong_channel": N_("Not sent by the right channel"),
}
FIELDS = {
    "requested_state": N_("State asked"),
    "requesting_authority": N_("Requesting authority"),
    "requested_authority": N_("Requested authority"),
    "case_number": N_("Case number"),
    "person_name": N_("Person to be heard"),
    "capacity": N_("Capacity"),
    "instruments": N_("Instruments relied on"),
    "offence_scope": N_("The offence falls under"),
    "offence_summary": N_("Summary of the offence"),
    "offence_serious": N_("Serious crime"),
    "offence_transnational": N_("Transnational"),
    "offence_organised": N_("Organised criminal group"),
    "reason_no_attendance": N_("Why not in person"),
    "reason_text": N_("Reasons in this case"),
    "language_of_person": N_("Language of the person"),
    "language_of_court": N_("Language of the court"),
    "language_of_request": N_("Language of the request"),
    "reason": N_("Reason"),
    "authority_contact": N_("Contact person"),
    "authority_mailbox": N_("Mailbox of the authority"),
    "authority_phone": N_("Telephone"),
    "procedure": N_("Kind of proceedings"),
    "stage": N_("Stage of the proceedings"),
    "proceeding_nature": N_("Nature of the proceedings"),
    "proceeding_subject": N_("Subject of the proceedings"),
    "conducting_authority": N_("Authority that conducts the proceedings"),
    "conducting_functions": N_("Functions of that authority"),
    "judicial_authority": N_("Judicial authority that will conduct the hearing"),
    "persons_conducting": N_("Names of the persons who will conduct the hearing"),
    "offences": N_("Offences by name and provision"),
    "penalty_max": N_("Highest penalty, in words"),
    "penalty_years": N_("Highest penalty, in years"),
    "convention_link": N_("How the facts fall under the convention"),
    "grave_offence_or_jury": N_("A grave offence, or one for a jury"),
    "special_procedure": N_("Procedure to be followed"),
    "recording_asked": N_("Shall the hearing be recorded?"),
    "recording_by": N_("Who records the hearing"),
    "recording_format": N_("Format of the recording"),
    "interpreter_languages": N_("Languages of the interpreter"),
    "interpreter_side": N_("Interpreter provided by"),
    "interpreter_mode": N_("Interpreting"),
    "oath_form": N_("Before being heard"),
    "oath_text": N_("Words of the oath or caution"),
    "rights_notice_requesting": N_("Rights under the law of the requesting State"),
    "rights_notice_requested": N_("Rights under the law of the requested State"),
    "question_list": N_("Questions to be put"),
    "exhibits": N_("Exhibits to be shown"),
    "protection_requested": N_("Protection asked for"),
    "protection_reason": N_("Why protection is needed"),
    "costs": N_("Costs borne by"),
    "costs_note": N_("Remarks on costs"),
    "proposed_slots": N_("Times proposed"),
    "person_born": N_("Date of birth"),
    "person_nationality": N_("Nationality"),
    "person_address": N_("Address, or where the person is"),
    "person_age_under_18": N_("Is the person under 18?"),
    "custody_place": N_("Place of custody"),
    "detained_since": N_("In custody since"),
    "custody_limit": N_("Custody ends on"),
    "purpose": N_("Purpose"),
    "evidential_purpose": N_("Is the hearing to obtain evidence?"),
    "lawyer_access": N_("Has the person spoken with a lawyer?"),
    "prefer_convention": N_("Both States prefer the convention to the treaty between them"),
    "domestic_law_confirmed": N_("Has the requested State confirmed that its law allows it?"),
    "authorities_agree": N_("Do both authorities agree to the hearing by video?"),
    "domestic_basis": N_("Basis in our own law"),
    "reciprocity": N_("Assurance of reciprocity"),
    "dual_criminality": N_("Punishable in both States"),
    "channel": N_("Way of transmission"),
    "urgent": N_("The request is urgent"),
    "urgent_reason": N_("Why it is urgent"),
    "both_agree_urgent_route": N_("Do both States agree to this way?"),
    "oral": N_("The request was first made by word of mouth"),
    "oral_at": N_("When it was made by word of mouth"),
    "wanted_by": N_("Answer wanted by"),
    "wanted_by_reason": N_("Why by that day"),
    "confidential": N_("The request is confidential"),
    "confidentiality_note": N_("What is confidential"),
    "use_limits": N_("Limits on the use of the evidence"),
    "evidence_risk": N_("Risk of losing evidence"),
    "evidence_risk_reason": N_("How evidence may be lost"),
    "file": N_("File"),
    "kind": N_("Kind"),
    "translator": N_("Translator"),
    "reviewer": N_("Read and corrected by"),
    "certified": N_("Certified"),
    "language": N_("Language"),
    "counsel": N_("Counsel"),
    "given_at": N_("When the answer was given"),
    "held_at": N_("When the consultation took place"),
    "way": N_("How"),
    "with_whom": N_("With whom"),
    "subject": N_("Subject"),
    "outcome": N_("Outcome"),
    "text": N_("Text"),
    "note": N_("Note"),
    "value": N_("Priority"),
    "due": N_("Answer by"),
    "review": N_("Look at it again on"),
    "words": N_("Search for"),
}
WORDS: dict[str, dict[str, str]] = {
    "stage": {
        "investigation": N_("Investigation"),
        "trial": N_("Trial"),
        "appeal": N_("Appeal"),
        "execution": N_("Execution of the sentence"),
    },
    "procedure": {
        "criminal_proceedings": N_("Criminal proceedings"),
        "eaw_fd_2002_584": N_("European arrest warrant"),
        "custodial_transfer_fd_2008_909": N_("Transfer of a custodial sentence"),
        "probation_fd_2008_947": N_("Probation"),
        "supervision_fd_2009_829": N_("Supervision order"),
        "epo_dir_2011_99": N_("European protection order"),
        "freezing_confiscation_reg_2018_1805": N_("Freezing or confiscation"),
    },
    "channel": {
        "central_authority": N_("Between central authorities"),
        "diplomatic": N_("Diplomatic way"),
        "interpol": N_("INTERPOL (only when urgent and agreed)"),
        "direct_judicial": N_("Directly between judicial authorities"),
        "ministry": N_("Between ministries"),
        "direct_to_person": N_("Directly to the person"),
        "ibera": N_("Iber@"),
        "decentralised_it_system": N_("Decentralised IT system"),
    },
    "side": {
        "requesting": N_("The requesting State"),
        "requested": N_("The requested State"),
        "both": N_("Both States"),
        "neither": N_("Neither State"),
    },
    "interpreter_mode": {"consecutive": N_("Consecutive"), "simultaneous": N_("Simultaneous")},
    "oath_form": {
        "oath": N_("Oath"),
        "affirmation": N_("Affirmation"),
        "caution": N_("Caution"),
        "none": N_("Neither oath nor caution"),
        "requested_law": N_("As the law of the requested State has it"),
    },
    "protection_requested": {
        "pseudonym": N_("A pseudonym instead of the name"),
        "voice": N_("A changed voice"),
        "face": N_("The face not shown"),
        "place": N_("The place not shown"),
        "no_public": N_("No public"),
        "support_person": N_("A person of trust beside the person"),
        "child_measures": N_("Measures for a child"),
    },
    "evidence_risk": {
        "0": N_("No risk"),
        "1": N_("Some risk"),
        "2": N_("A real risk"),
        "3": N_("Evidence is about to be lost"),
    },
    "attachment": {
        "request": N_("The request itself, signed"),
        "decision": N_("A decision"),
        "translation": N_("A translation"),
        "exhibit": N_("An exhibit"),
        "consent": N_("A consent in writing"),
        "answer": N_("An answer"),
        "other": N_("Something else"),
    },
    "way": {
        "video": N_("By video"),
        "telephone": N_("By telephone"),
        "meeting": N_("At a meeting"),
        "writing": N_("In writing"),
    },
    "criterion": {
        "urgency": N_("Urgency"),
        "seriousness": N_("Seriousness"),
        "custody": N_("Arrest before trial"),
        "evidence": N_("Risk of losing evidence"),
        "stage": N_("Stage of the proceedings"),
    },
    "authority": {
        "central_authority": N_("Central authority"),
        "competent_authority": N_("Competent authority"),
        "court": N_("Court"),
        "contact_point": N_("Contact point"),
    },
    "network": {
        "ejn": "EJN",
        "iberred": "IberRed",
        "seepag": "SEEPAG",
        "casc": "CASC",
        "jit": N_("Network of joint investigation teams"),
        "genocide": N_("Genocide network"),
        "aiamp": "AIAMP",
        "mercosur": "MERCOSUR",
        "globe": "GlobE",
        "eurojust": "Eurojust",
    },
    "act": {
        "priority_set": N_("Priority set by hand"),
        "priority_cleared": N_("Priority back to the score"),
        "priority_refreshed": N_("Priority changed with time"),
        "delegated": N_("Given to a colleague"),
        "refusal_commented": N_("Refusal commented on"),
        "confirmed_in_writing": N_("Confirmed in writing"),
        "consultation_recorded": N_("Consultation recorded"),
        "attachment_added": N_("File attached"),
        "attachment_removed": N_("File removed"),
        "attachment_read": N_("File read by the other State"),
        "translation_added": N_("Translation noted"),
    },
    "step": {
        "submit": N_("A draft has not been submitted"),
        "answer_question": N_("A question was asked"),
        "set_time": N_("Accepted: no time yet"),
        "close": N_("The request has been executed: file it as closed"),
        "acknowledge": N_("A request has arrived"),
        "answer": N_("A request waits for an answer"),
        "review": N_("A postponed request is to be looked at again"),
        "confirm_in_writing": N_("An oral request waits for its confirmation in writing"),
        "record_consent": N_("The person's answer on consent is not recorded"),
        "decide_time": N_("A time has been proposed"),
        "sign_time": N_("The time of the hearing waits for your signature"),
        "prepare": N_("The time is agreed: name the people"),
        "open_lobby": N_("The hearing is today: open the lobby"),
        "decide_clock_change": N_("Newer time-zone data move the hearing: decide"),
        "answer_terms": N_("The other State has offered technical terms"),
        "sign_terms": N_("Our own technical terms wait for our signature"),
        "test_line": N_("The technical agreement is signed: test the line"),
        "set_next_day": N_("The hearing is part heard: set when it goes on"),
        "complete_minutes": N_("The minutes are a draft: complete them"),
        "read_minutes_back": N_("The minutes are in review: read them back"),
        "sign_minutes": N_("The minutes wait for our signature"),
        "acknowledge_minutes": N_("The minutes are signed: acknowledge the receipt"),
    },
    "letter": {
        "a": N_("The authority that asks"),
        "b": N_("The proceedings, and who conducts them"),
        "c": N_("Summary of the facts"),
        "d": N_("The assistance sought"),
        "e": N_("The person"),
        "f": N_("The purpose"),
    },
}
"""Words of closed lists, by list and code."""
FOUND = {
    "given": ("ok", N_("Stated")),
    "thin": ("ask", N_("Could say more")),
    "missing": ("rec", N_("Missing")),
}
MOTIVES = {
    "domestic_case_would_not_allow_video": N_("A case of our own would not allow video"),
    "general_guideline": N_("A general guideline"),
    "case_specific_reasons": N_("Reasons of this very case"),
}
OUTCOMES = {
    "met": ("ok", N_("Nothing missing")),
    "missing": ("rec", N_("Something is missing")),
    "needs_human": ("ask", N_("A human must decide")),
    "refused": ("rec", N_("Does not cover this person")),
}
LINES = {
    "met": ("ok", N_("Met")),
    "missing": ("rec", N_("Missing")),
    "needs_human": ("ask", N_("Needs a human")),
}


def capacity(one: Capacity | None) -> str:
    """A capacity in words."""
    return _(CAPACITIES[one.value]) if one else ""


def ground(code: str) -> str:
    """A ground of refusal in words; the code itself for one that has no words yet."""
    return _(GROUNDS.get(code, code))


def motive(code: str) -> str:
    """What a ground of refusal rests on, in words; the code itself for one that has no words yet."""
    return _(MOTIVES.get(code, code))


def field_labels() -> dict[str, str]:
    """Label of every field, for error messages."""
    return {name: _(text) for name, text in FIELDS.items()}


def label(name: str) -> str:
    """Label of one field."""
    return _(FIELDS[name])


def outcome(code: str) -> tuple[str, str]:
    """Chip of what an instrument's lines come to."""
    kind, text = OUTCOMES[code]
    return kind, _(text)


def line(code: str) -> tuple[str, str]:
    """Chip of one line of the gate."""
    kind, text = LINES[code]
    return kind, _(text)


def answer(value: bool | None) -> str:
    """Yes, no, or not answered yet."""
    return {True: _("Yes"), False: _("No"), None: _("Not answered yet")}[value]


def scope(key: str) -> str:
    """An offence scope in words."""
    return _(SCOPES.get(key, key))


def reason(key: str) -> str:
    """Why the person does not come, in words."""
    return _(REASONS.get(key, key))


def word(table: str, code: str) -> str:
    """A code of a closed list in words; the code itself for one that has none."""
    return _(WORDS[table].get(code, code))


def options(table: str) -> list[tuple[str, str]]:
    """The choices of a closed list."""
    return [(code, _(text)) for code, text in WORDS[table].items()]


def found(code: str) -> tuple[str, str]:
    """Chip of how much there is of one thing a request must say."""
    kind, text = FOUND[code]
    return kind, _(text)
