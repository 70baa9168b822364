"""The limits on the use of a recording that leaves a State, as texts with their sources: the paragraphs on use and
confidentiality of the request's instruments, the proceedings it names, what it says itself, and conditions of its
acceptance.
"""

from collections.abc import Mapping, Sequence

from hearings.custody import acceptance
from hearings.law.law import Law, cite
from hearings.models import HearingRequest
from hearings.requests import conditions
from hearings.requests.conditions import ConditionKind

TOPICS = ("use_limitation", "confidentiality")
"""Topics of paragraphs (data/rules.yaml) that limit the use: UNTOC art. 18(19)-(20), UNCAC art. 46(19)-(20)."""

CONDITIONS = (ConditionKind.destroy_after, ConditionKind.identity_protected)
"""Conditions of acceptance that bind whoever has a copy."""

Limit = dict[str, str]
"""`source` and `text`."""


def limits_of(request: HearingRequest, law: Law) -> list[Limit]:
    """The limits, in the order of the instruments. English: they are signed and acknowledged word for word. Pure."""
    found: list[Limit] = []
    for topic in TOPICS:
        for instrument in request.instruments:
            rules = (rule for rule in law.rules_of.get(instrument, ()) if rule["topic"] == topic)
            found += [{"source": cite(rule), "text": " ".join(rule["rule"].split())} for rule in rules]
    own = f"request {request.reference}"
    if request.case_number:
        found.append({"source": own, "text": f"Only for the proceedings it names: {request.case_number}"})
    if request.use_limits:
        found.append({"source": own, "text": " ".join(request.use_limits.split())})
    if request.confidential and request.confidentiality_note:
        found.append({"source": own, "text": f"Confidential: {' '.join(request.confidentiality_note.split())}"})
    for kind in CONDITIONS:
        if (set_ := acceptance.condition(request.condition_rules, kind)) is not None:
            found.append({"source": f"acceptance of {own}", "text": str(conditions.sentence(set_))})
    return found


def lines(limits: Sequence[Mapping[str, str]]) -> list[str]:
    """The limits as lines, each behind its source. Pure."""
    return [f"{limit['source']}: {limit['text']}" for limit in limits]
