"""Whose consent a hearing needs: of the treaty, of the law of either State, and of this product on general heads.

The layers add up: where one rule asks for consent, the person must consent, whatever the others say (strictest wins).
Every consent may be revoked at any time; `revocable` tells whether the rule itself says so.
"""

from collections.abc import Callable, Iterator, Mapping

from hearings.law.answer import HUMAN, MET, MISSING, ConsentNeed, GateLine, LineStatus
from hearings.law.law import cite
from hearings.law.paragraphs import Paragraph
from hearings.law.parties import Question
from hearings.sentences import Sentence, tell

STATES: Mapping[str, tuple[LineStatus, str, Callable[[str], Sentence] | None]] = {
    "given": (MET, "", lambda need: tell("{need}: given", need=need)),
    "refused": (MISSING, "no_consent", lambda need: tell("{need}: refused", need=need)),
    "withdrawn": (MISSING, "consent_withdrawn", lambda need: tell("{need}: withdrawn", need=need)),
}
"""The status of a consent by its state (`consent_state` of data/enums.yaml); any other state is pending."""


def consents(question: Question, paragraph: Paragraph | None) -> Iterator[ConsentNeed]:
    """Every rule by which this person must consent under this paragraph."""
    capacity = question.ask.capacity
    if capacity is None:
        return
    if paragraph is not None and paragraph.consent_required:
        policy = paragraph.head
        yield ConsentNeed(
            who=capacity.value,
            layer="policy" if policy else "treaty",
            state="",
            provision=cite(paragraph.rule),
            text=tell("The person must consent (a rule of this service, not of the treaty)")
            if policy
            else tell("The person must consent"),
            source=str(paragraph.rule["source"]),
            confidence="product-default" if policy else str(paragraph.rule["confidence"]),
            revocable=bool(paragraph.rule.get("consent_revocable")),
        )
    for state, side in question.sides:
        for overlay in question.law.overlays(state, side):
            asked = overlay.get("consent_required") or {}
            if capacity.value not in asked or asked[capacity.value] is False:
                continue
            known = asked[capacity.value] is True
            name = question.state(state)
            yield ConsentNeed(
                who=capacity.value,
                layer="national",
                state=state,
                provision=overlay["provision"],
                text=tell("The law {state:of} requires the person's consent", state=name)
                if known
                else tell(
                    "Whether the law {state:of} requires the person's consent is not known; it is treated as required",
                    state=name,
                ),
                source=overlay["source"],
                confidence=overlay.get("state_confidence") or overlay["confidence"] if known else "unknown",
                revocable=bool(overlay.get("consent_revocable")),
                known=known,
            )


def lines(question: Question, needed: tuple[ConsentNeed, ...]) -> Iterator[GateLine]:
    """One line for each rule that asks for consent, with the status of that consent."""
    status, code, how = STATES.get(question.ask.consent, (HUMAN, "consent_pending", None))
    seen: set[str] = set()
    for need in needed:
        key = f"consent_{need.state}" if need.state else "consent"
        while key in seen:
            key += "_more"
        seen.add(key)
        yield GateLine(
            key=key,
            status=status,
            provision=need.provision,
            text=how(need.text) if how else need.text,
            inputs={"state": need.state, "consent": question.ask.consent, "layer": need.layer},
            source=need.source,
            confidence=need.confidence,
            code=code,
        )
