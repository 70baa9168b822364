"""Texts of requests: capacities, scopes, reasons, grounds of refusal, labels of inputs and of gate lines.
And the answers to what people ask most often, where they stand.
"""

from dataclasses import dataclass

from hearings.minutes.people import CAPACITIES
from hearings.models.request import Capacity
from hearings.outward import notices
from hearings.requests.fields import FIELDS
from hearings.requests.priority import RISKS
from web.words.i18n import LANGUAGES as PAGES, N_, _

LINK_DEAD = N_("The link no longer works.")
CHANGE_MADE = N_("The change has been made and applies from now on.")
FILE_ATTACHED = N_("The file has been attached.")
CHANGES_KEPT = N_("Changes saved.")
SIGNATURE_KEPT = N_("The signature has been saved.")

LANGUAGES = (*(tag for tag in PAGES if "-" not in tag), "zh")
"""Languages that are always offered, besides those the States accept."""
INSTRUMENTS = ("untoc", "uncac")
"""Instruments on which a new request may rely."""

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
    "dual_criminality": N_("The act is not an offence here"),
    "domestic_law_bar": N_("Our law would not allow it in a similar domestic case"),
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
    "displaced_by": N_("Another instrument goes in its place"),
}
OTHERS = {
    "requested_state": N_("Requested State"),
    "reason": N_("Reason"),
    "file": N_("File"),
    "kind": N_("Kind"),
    "translator": N_("Translator"),
    "reviewer": N_("Reviewed by"),
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
    "review": N_("Review on"),
    "words": N_("Search for"),
}
"""Labels of inputs that are no fields of a request."""
WORDS: dict[str, dict[str, str]] = {
    "capacity": CAPACITIES,
    "reason_no_attendance": REASONS,
    "offence_scope": SCOPES
    | {
        "any": N_("Any offence"),
        "cybercrime_offence": N_("A cybercrime offence"),
        "drug_offence": N_("A drug offence"),
        "international_crime": N_("Genocide, a crime against humanity or a war crime"),
    },
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
        "diplomatic": N_("Diplomatic channel"),
        "interpol": N_("INTERPOL (only when urgent and agreed)"),
        "direct_judicial": N_("Directly between judicial authorities"),
        "ministry": N_("Between ministries"),
        "ibera": N_("Iber@"),
        "decentralised_it_system": N_("Decentralised IT system"),
    },
    "approach": {
        "court_service": N_("Served by an authority of the requested State"),
        "consular": N_("Through a consulate of the requesting State"),
        "direct_to_person": N_("Directly to the person"),
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
        "requested_law": N_("As the law of the requested State provides"),
    },
    "protection_requested": {
        "pseudonym": N_("A pseudonym instead of the name"),
        "voice": N_("A changed voice"),
        "face": N_("The face not shown"),
        "place": N_("The place not shown"),
        "no_public": N_("Closed to the public"),
        "support_person": N_("A support person"),
        "child_measures": N_("Measures for a child"),
    },
    "accessibility_needs": {
        "sign_language": N_("Sign language"),
        "captions": N_("Captions"),
        "wheelchair": N_("Access with a wheelchair"),
        "breaks": N_("Breaks"),
        "reader": N_("Somebody who reads aloud"),
        "other": N_("Another need"),
    },
    "evidence_risk": {
        "0": N_("No risk"),
        "1": N_("Some risk"),
        "2": RISKS[2],
        "3": RISKS[3],
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
        "custody": N_("Pre-trial detention"),
        "evidence": FIELDS["evidence_risk"].label,
        "stage": FIELDS["stage"].label,
    },
    "authority": {
        "central_authority": N_("Central authority"),
        "competent_authority": N_("Competent authority"),
        "court": N_("Court"),
        "contact_point": N_("Contact point"),
    },
    "contact_topic": {
        "requests": N_("Requests"),
        "urgent": N_("Urgent requests"),
        "technical": N_("Technical questions"),
        "interpreting": N_("Interpreting"),
        "recordings": N_("Recordings"),
    },
    "acceptance": {
        "videoconference": N_("Hearings by videoconference"),
        "e_transmission": N_("Requests sent electronically"),
        "e_signature": N_("Electronic signatures"),
        "paperless": N_("Files without paper"),
    },
    "accepted": {
        "yes": N_("Yes"),
        "no": N_("No"),
        "on_conditions": N_("On conditions"),
        "unknown": N_("Not known"),
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
    "notice_topic": {
        "closure": N_("Closure"),
        "delay": N_("Delay"),
        "e_transmission": N_("Electronic transmission"),
        "e_signature": N_("Electronic signatures"),
        "videoconference": N_("Videoconference"),
        "transfer": N_("Transfer of persons"),
        "contact": N_("Contact"),
        "law_change": N_("Change of the law"),
        "holiday": N_("Public holiday"),
    },
    "notice_effect": {
        "none": N_("For information"),
        "warn": N_("Warns"),
        "block": N_("Blocks"),
    },
    "facilitator": {
        "eurojust_desk": N_("Eurojust desk"),
        "contact_point": N_("Contact point of a network"),
        "europol_liaison": N_("Europol liaison"),
        "interpol_ncb": N_("INTERPOL national central bureau"),
        "unodc": "UNODC",
        "liaison_magistrate": N_("Liaison magistrate"),
    },
    "room_kind": {
        "level_1": N_("Meeting of desks"),
        "level_2": N_("Meeting of authorities to plan"),
        "level_3": N_("Meeting of authorities to decide"),
        "jit_meeting": N_("Meeting of a joint investigation team"),
        "contact_point_meeting": N_("Meeting of contact points"),
        "pre_consultation": N_("Consultation before a request"),
        "technical": N_("Technical meeting"),
    },
    "classification": {
        "ordinary": N_("Ordinary"),
        "restricted": N_("Restricted"),
    },
    "room_answer": {
        "invited": N_("Invited, no answer yet"),
        "accepts": N_("Takes part"),
        "declines": N_("Does not take part"),
        "proposes_other_time": N_("Proposes another time"),
    },
    "room_role": {
        "delegate": N_("Delegate"),
        "expert": N_("Expert"),
        "interpreter": N_("Interpreter"),
        "technician": N_("Technician"),
    },
    "room_outcome": {
        "action": N_("Something to be done"),
        "request_to_be_sent": N_("A request is to be sent"),
        "conflict_of_jurisdiction": N_("Conflict of jurisdiction"),
        "transfer": N_("Transfer of proceedings"),
        "freeze_day": N_("Day on which assets are frozen"),
        "joint_action_day": N_("Joint action day"),
        "none": N_("Nothing agreed"),
    },
    "room_word": {
        "agreed": N_("Agrees"),
        "dissents": N_("Dissents"),
    },
    "room_act": {
        "convened": N_("Room convened"),
        "answer_accepts": N_("Invitation accepted"),
        "answer_declines": N_("Invitation declined"),
        "answer_proposes_other_time": N_("Another time proposed"),
        "time_set": N_("Another time set"),
        "agenda_set": N_("Agenda written"),
        "participant_added": N_("Somebody named"),
        "document_shared": N_("Document shared"),
        "request_linked": N_("A request linked"),
        "outcome_recorded": N_("Outcome recorded"),
        "outcome_done": N_("Outcome done"),
        "summary_written": N_("Summary written"),
        "summary_agreed": N_("Summary agreed to"),
        "summary_dissents": N_("Dissent from the summary"),
        "closed": N_("Room closed"),
    },
    "notice_status": {
        "ahead": N_("Applies later"),
        "in_force": N_("Applies now"),
        "expired": N_("Expired"),
        "superseded": N_("Superseded"),
    },
    "act": {
        "priority_set": N_("Priority set manually"),
        "priority_cleared": N_("Priority back to the score"),
        "priority_refreshed": N_("Priority changed with time"),
        "delegated": N_("Reassigned"),
        "refusal_commented": N_("Refusal commented on"),
        "confirmed_in_writing": N_("Confirmed in writing"),
        "consultation_recorded": N_("Consultation recorded"),
        "attachment_added": N_("File attached"),
        "attachment_removed": N_("File removed"),
        "attachment_read": N_("File read by the other State"),
        "translation_added": N_("Translation recorded"),
        "gate_answered": N_("Legal check answered"),
    },
    "answered_by": {
        "requesting": N_("answered by the requesting State"),
        "requested": N_("answered by the requested State"),
        "both": N_("answered by both States"),
        "court": N_("recorded by either court, with the consents or the people named for the hearing"),
        "data": N_("answered by the law data, which an administrator keeps"),
    },
    "answered_with": {
        "answer": N_("answered on its own"),
        "submission": N_("answered with the submission"),
        "acceptance": N_("answered with the acceptance"),
        "draft": N_("ticked in the draft"),
    },
    "step": {
        "submit": N_("A draft has not been submitted"),
        "answer_question": N_("A question was asked"),
        "set_time": N_("Accepted: no time yet"),
        "release_copy": N_("The other State is to get a copy of the recording: release it"),
        "close": N_("The request has been executed: close it"),
        "acknowledge": notices.CHANGES["hearing_request", "received"].text,
        "answer": N_("A request awaits an answer"),
        "review": notices.DUE["review_due"][2],
        "confirm_in_writing": N_("An oral request awaits its written confirmation"),
        "record_consent": N_("The person's answer on consent is not recorded"),
        "decide_time": notices.CHANGES["hearing", "proposed"].text,
        "sign_time": N_("The time of the hearing awaits your signature"),
        "prepare": N_("The time is agreed: name the people"),
        "answer_rights": N_("Items of the rights checklist await an answer"),
        "open_lobby": N_("The hearing is today: open the lobby"),
        "decide_clock_change": N_("Updated time-zone data move the hearing: decide"),
        "answer_terms": N_("The other State has proposed technical terms"),
        "sign_terms": N_("Our technical terms await our signature"),
        "test_line": N_("The technical agreement is signed: test the line"),
        "set_next_day": N_("The hearing is part heard: set the next day"),
        "complete_minutes": N_("The minutes are a draft: complete them"),
        "read_minutes_back": N_("The minutes are in review: read them back"),
        "sign_minutes": N_("The minutes await our signature"),
        "acknowledge_minutes": N_("The minutes are signed: acknowledge the receipt"),
    },
}
"""The terms of closed lists, by list and code."""
FOUND = {
    "given": ("ok", N_("Stated")),
    "thin": ("ask", N_("Incomplete")),
    "missing": ("rec", N_("Missing")),
    "later": ("plain", N_("Settled when it is submitted, or later")),
}
MOTIVES = {
    "domestic_case_would_not_allow_video": N_("Video would not be allowed in a similar domestic case"),
    "general_guideline": N_("A general guideline"),
    "case_specific_reasons": N_("Reasons specific to this case"),
    "fiscal": N_("The offence also concerns fiscal matters"),
    "bank_secrecy": N_("Bank secrecy"),
}
OUTCOMES = {
    "met": ("ok", N_("Nothing missing")),
    "missing": ("rec", N_("Something is missing")),
    "needs_human": ("ask", N_("Needs legal assessment")),
    "refused": ("rec", N_("Does not cover this person")),
}
LINES = {
    "met": ("ok", N_("Met")),
    "missing": ("rec", N_("Missing")),
    "needs_human": ("ask", N_("Needs assessment")),
}


def capacity(capacity: Capacity | None) -> str:
    """A capacity in words."""
    return _(CAPACITIES[capacity.value]) if capacity else ""


def ground(code: str) -> str:
    """A ground of refusal in words; the code itself if it has none."""
    return _(GROUNDS.get(code, code))


def motive(code: str) -> str:
    """The motive of a ground of refusal in words; the code itself if it has none."""
    return _(MOTIVES.get(code, code))


def field_labels() -> dict[str, str]:
    """Label of every field, for error messages."""
    return {name: label(name) for name in (*FIELDS, *OTHERS)}


def label(name: str) -> str:
    """Label of one field."""
    return _(FIELDS[name].label if name in FIELDS else OTHERS[name])


def outcome(code: str) -> tuple[str, str]:
    """The label of the result of an instrument."""
    kind, text = OUTCOMES[code]
    return kind, _(text)


def line(code: str) -> tuple[str, str]:
    """The label of one line of the law check."""
    kind, text = LINES[code]
    return kind, _(text)


def answer(value: bool | None) -> str:
    """`Yes`, `No` or `Not answered yet`."""
    return {True: _("Yes"), False: _("No"), None: _("Not answered yet")}[value]


def word(table: str, code: str) -> str:
    """The term of a code of a closed list; the code itself if it has none."""
    return _(WORDS[table].get(code, code))


def options(table: str) -> list[tuple[str, str]]:
    """The choices of a closed list."""
    return [(code, _(text)) for code, text in WORDS[table].items()]


def content_label(code: str) -> tuple[str, str]:
    """Kind of chip and text that say how complete an item required of a request is."""
    kind, text = FOUND[code]
    return kind, _(text)


@dataclass(frozen=True)
class CommonQuestion:
    """A question people ask where they stand, and its answer."""

    question: str
    answer: str


WHYS: dict[str, CommonQuestion] = {
    "two_signatures": CommonQuestion(
        N_("Why two signatures?"),
        N_(
            "The hearing takes place in two States, and each is bound only by what its own authority has signed. Both "
            "sign the same text; a change voids both signatures, so that nobody is bound by what they have not read."
        ),
    ),
    "recording": CommonQuestion(
        N_("Why can the clerk not stop the recording?"),
        N_(
            "The recording is evidence. It runs as long as the sitting, and only the presiding judge starts and ends "
            "the sitting. So nothing can be left out unnoticed: every gap is declared in the recording, with its cause."
        ),
    ),
    "pin": CommonQuestion(
        N_("Why is the PIN given separately?"),
        N_(
            "A message can be read or forwarded by somebody else. Whoever has only the link, or only the PIN, cannot "
            "join. That is why the two never travel in the same message."
        ),
    ),
    "security_code": CommonQuestion(
        N_("Why is the security code read aloud?"),
        N_(
            "Sound and picture are encrypted between each browser and the court's service. If somebody stood in "
            "between, the two sides would see different codes. Read aloud by people who know each other's voices, the "
            "same code on both sides shows that nobody does."
        ),
    ),
    "other_state": CommonQuestion(
        N_("Why does this wait for the other State?"),
        N_(
            "A court has no power outside its own State. The authority of the other State decides whether the request "
            "is executed, and under which conditions. Until it answers, nothing more can be done here; it is reminded "
            "of its deadlines."
        ),
    ),
}
"""By name, as `c.why` of components.html takes it."""
