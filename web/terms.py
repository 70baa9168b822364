"""Words of requests for people: capacities, scopes, reasons, grounds of refusal, labels of fields and of gate lines."""

from hearings.models.request import Capacity
from web.i18n import LANGUAGES as PAGES
from web.i18n import N_, _

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
