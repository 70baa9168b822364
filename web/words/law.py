"""Words for the codes that sentences of the law name (`hearings.sentences.Word`)."""

from collections.abc import Mapping

from hearings.law.conduct import AS_NATIONAL_LAW_SAYS
from hearings.requests.sending import RULE_OF_SERVICE
from web.words import labels
from web.words.i18n import N_, _

WORDS: Mapping[str, Mapping[str, str]] = {
    "party_status": {
        "ratified_not_yet_in_force": N_("ratified, not yet in force"),
        "signed": N_("signed, not ratified"),
        "not_party": N_("not a party"),
        "unknown": N_("not known"),
    },
    "cost_exception": {
        "expert_fees": N_("fees of experts"),
        "translation_interpretation_transcription": N_("translation, interpreting and transcription"),
        "extraordinary": N_("extraordinary costs"),
        "substantial_or_extraordinary_consult": N_("substantial or extraordinary costs, on which the States consult"),
        "exceptionally_high_consult": N_("exceptionally high costs, on which the States consult"),
    },
    "agreed_matter": {
        "presence_requested_authority": N_("presence of the requested authority"),
        "presiding_authority": N_("who presides"),
        "identification": N_("who establishes the identity"),
        "interpreter": N_("the interpreter"),
        "minutes": N_("the minutes"),
        "oaths": N_("oaths"),
        "privilege": N_("privileges and immunities"),
        "right_of_silence": N_("the right to remain silent"),
        "consent_if_national_law": N_("the consent, where national law asks for it"),
        "practical_arrangements": N_("practical arrangements"),
        "reciprocity_assurance": N_("the assurance of reciprocity"),
        "costs": N_("who pays"),
    },
    "obligation": {
        "mandatory": N_("it must do so"),
        "mandatory_if_conditions": N_("it must do so where the conditions are met"),
        "discretionary": N_("it may do so"),
    },
    "cost_default": {
        "requesting_state": N_("the requesting State"),
        "requested_state": N_("the requested State"),
        "national_law": AS_NATIONAL_LAW_SAYS,
        "unknown": N_("not known"),
    },
    "confidence": {
        "read-in-source": N_("read in the source"),
        "knowledge-high": N_("general knowledge, quite sure"),
        "knowledge-medium": N_("general knowledge, fairly sure"),
        "knowledge-low": N_("general knowledge, not sure"),
        "unknown": N_("not known"),
        "derived": N_("follows from other rows"),
        "fixture": N_("made up for a test"),
        "product-default": RULE_OF_SERVICE,
    },
    "lead_time": {"summons": N_("a summons")},
}
"""Texts by list of data/enums.yaml, or by field of a row of law."""


def word(table: str, code: str) -> str:
    """The text of a code; for a code an administrator has added, the code with spaces, in English."""
    texts = WORDS.get(table) or labels.WORDS.get(table, {})
    return _(texts[code]) if code in texts else code.replace("_", " ")
