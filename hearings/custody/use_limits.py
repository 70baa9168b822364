"""The limits on the use of a recording that leaves a State, as texts with their sources: the paragraphs on use and
confidentiality of the request's instruments, the proceedings it names, and what it says itself.
"""

from collections.abc import Mapping, Sequence

from hearings.law.law import Law, cite
from hearings.models import HearingRequest

TOPICS = ("use_limitation", "confidentiality")
"""Topics of paragraphs (data/rules.yaml) that limit the use: UNTOC art. 18(19)-(20), UNCAC art. 46(19)-(20)."""

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
    return found


def lines(limits: Sequence[Mapping[str, str]]) -> list[str]:
    """The limits as lines, each behind its source. Pure."""
    return [f"{limit['source']}: {limit['text']}" for limit in limits]
