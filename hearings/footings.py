"""On what paragraph of an instrument a person can be heard: the one on video, or a general head of assistance.

UNTOC art. 18(18) and UNCAC art. 46(18) speak of witnesses and experts. Anybody else may still be heard under a general
head, 18(3) or 46(3), when the law of the requested State permits it and both authorities agree (data/README.md 2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearings.binding import Question
from hearings.law import cite
from hearings.lines import HUMAN, MET, MISSING, Line, by, line, said


@dataclass(frozen=True, kw_only=True, slots=True)
class Footing:
    """The paragraph that reaches the person. `head`: a general one; `carried`: what it needs was given."""

    rule: Mapping[str, Any]
    consent_required: bool
    authorities_agreement_required: bool
    domestic_law_confirmation_required: bool
    obligation: str
    consent_basis: str = ""
    head: bool = False
    carried: bool = True
    others: tuple[str, ...] = ()
    """Ids of further general heads that reach the person."""


def footing(question: Question, row: Mapping[str, Any]) -> Footing | None:
    """The paragraph for this person; None when none reaches them, or their capacity was not said."""
    capacity, profile = question.ask.capacity, row["profile"]
    if capacity is None:
        return None
    entry = profile["persons"].get(capacity.value)
    if entry is not None:
        return Footing(
            rule=question.law.rules.get(entry["rule"], question.paragraph(row)),
            consent_required=bool(entry["consent_required"]),
            authorities_agreement_required=bool(entry["authorities_agreement_required"]),
            domestic_law_confirmation_required=bool(entry["domestic_law_confirmation_required"]),
            obligation=entry["obligation"],
        )
    heads = [head for head in profile["general_heads"] if capacity.value in head["persons"]]
    if not heads:
        return None
    head = heads[0]
    confirmed = question.ask.domestic_law_confirmed or not head["domestic_law_confirmation_required"]
    agreed = question.ask.authorities_agree or not head["authorities_agreement_required"]
    return Footing(
        rule=question.law.rules.get(head["rule"], question.paragraph(row)),
        consent_required=capacity.value in head["consent_required_for"],
        authorities_agreement_required=bool(head["authorities_agreement_required"]),
        domestic_law_confirmation_required=bool(head["domestic_law_confirmation_required"]),
        obligation="discretionary",
        consent_basis=head.get("consent_basis", ""),
        head=True,
        carried=bool(confirmed and agreed),
        others=tuple(other["rule"] for other in heads[1:]),
    )


def person(question: Question, row: Mapping[str, Any], found: Footing | None) -> Line:
    """Whether the instrument reaches the person, and if not, what else could carry the hearing."""
    capacity, law = question.ask.capacity, question.law
    labels = law.gate["capacity_labels"]
    video = question.paragraph(row)
    covered = " or ".join(labels[one] for one in row["profile"]["persons"]) or "nobody in particular"
    if capacity is None:
        text = f"Say in what capacity the person will be heard: {cite(video)} reaches {covered}"
        return line("person", MISSING, cite(video), text, video)
    label = labels[capacity.value]
    if found is not None and not found.head:
        paragraph = cite(found.rule)
        return line("person", MET, paragraph, f"{paragraph} reaches {label}", found.rule, capacity=capacity.value)
    text = f"{cite(video)} speaks of {covered}. {label[0].upper()}{label[1:]} cannot be heard on it alone"
    if not row["profile"]["persons"]:
        text = f"{row['name']}: nothing is owed, and no text says how {label} is heard"
    if found is None:
        other = law.instruments.get(row["profile"].get("route_if_person_not_covered", ""))
        text += f". Look at {other['name']} instead" if other else ""
        return line(
            "person",
            MISSING,
            cite(video),
            text,
            video,
            code="person_category_not_covered",
            capacity=capacity.value,
            other_footing=[],
            route=other["id"] if other else None,
        )
    needs = []
    if found.domestic_law_confirmation_required:
        needs.append("confirmation that the law of the requested State permits it")
    if found.authorities_agreement_required:
        needs.append("the agreement of both authorities")
    if found.consent_required:
        needs.append("the person's consent")
    text += f". Another footing is {'used' if found.carried else 'needed'}: {cite(found.rule)} with {', '.join(needs)}"
    pending = question.ask.domestic_law_confirmed or not found.domestic_law_confirmation_required
    return line(
        "person",
        MET if found.carried else MISSING,
        cite(found.rule) if found.carried else cite(video),
        text,
        found.rule,
        code="" if found.carried else "accused_agreement_pending" if pending else "domestic_law_confirmation_pending",
        capacity=capacity.value,
        other_footing=[found.rule["id"], *found.others],
    )


def confirmations(question: Question, row: Mapping[str, Any], found: Footing | None) -> Iterator[Line]:
    """What the authorities themselves must say: that the law of the requested State permits it, that they agree."""
    ask = question.ask
    rule = found.rule if found else question.paragraph(row)
    name = question.law.state_name(ask.requested_state)
    required = found is not None and found.domestic_law_confirmation_required
    code = "domestic_law_confirmation_pending" if required else ""
    yield line(
        "domestic_law",
        by(ask.domestic_law_confirmed),
        cite(rule),
        f"Possible, and consistent with the fundamental principles of the law of {name}: "
        + ("confirmed by it" if ask.domestic_law_confirmed else "for the requested authority to say"),
        rule,
        confidence="" if ask.domestic_law_confirmed else "unknown",
        code={True: "", False: "domestic_law_bar", None: code}[ask.domestic_law_confirmed],
        state=ask.requested_state,
        confirmed=ask.domestic_law_confirmed,
    )
    if found is not None and found.authorities_agreement_required:
        yield line(
            "agreement",
            by(ask.authorities_agree),
            cite(found.rule),
            f"The authorities of both States have agreed to hear the person by video: {said(ask.authorities_agree)}",
            found.rule,
            code="" if ask.authorities_agree else "accused_agreement_pending",
            agreed=ask.authorities_agree,
        )


def declarations(question: Question, row: Mapping[str, Any], found: Footing | None) -> Iterator[Line]:
    """A declaration of either State that matches person and stage blocks; one nobody knows of blocks until known.

    ETS 182 art. 9(9). Empty persons mean all whom the option is about, empty stages mean all (data/README.md 3).
    """
    profile = row["profile"].get("declaration")
    ask = question.ask
    if not profile or ask.capacity is None or found is None:
        return
    rule = question.law.rules.get(profile["rule"], row)
    optional = found.rule.get("topic") == "accused_suspect"
    sides = {"requesting": (ask.requesting_state,), "requested": (ask.requested_state,)}
    for state in sides.get(profile["blocks_if_declared_by"], (ask.requesting_state, ask.requested_state)):
        if question.law.party(state, row["id"]).status == "not_party":
            continue
        nothing = {"declared": "unknown", "persons": "", "stages": "", "provision": "", "effective_from": ""}
        for number, declared in enumerate(question.law.declarations(state, row["id"]) or (nothing,)):
            persons = [one for one in declared["persons"].split("|") if one]
            if (ask.capacity.value not in persons) if persons else not optional:
                continue
            yield _declaration(question, state, declared, rule, profile["code"], number)


def _declaration(
    question: Question, state: str, declared: Mapping[str, Any], rule: Mapping[str, Any], code: str, number: int
) -> Line:
    stages = [one for one in declared["stages"].split("|") if one]
    name, stage = question.law.state_name(state), question.ask.stage
    status, block = HUMAN, "declaration_unknown"
    start = question.day(declared["effective_from"])
    if declared["declared"] == "no" or (start and start > question.ask.on):
        status, block, text = MET, "", f"{name} has made no declaration that stands in the way"
    elif declared["declared"] != "yes":
        text = f"Whether {name} has declared that it does not hear the accused by video is not known: ask it"
    elif stages and not stage:
        text = f"{name} has made a declaration for the stage of {' or '.join(stages)}: say at what stage this is"
    elif stages and stage not in stages:
        status, block = MET, ""
        text = f"The declaration of {name} covers the stage of {' or '.join(stages)}, not {stage}"
    else:
        status, block = MISSING, code
        text = f"{name} has declared that it does not hear this person by video" + (f" ({stage})" if stages else "")
    return line(
        f"declaration_{state}" + (f"_{number}" if number else ""),
        status,
        cite(rule),
        text,
        declared if declared.get("confidence") else {"source": "no row in the data", "confidence": "unknown"},
        code=block,
        state=state,
        declared=declared["declared"],
        persons=declared["persons"],
        stages=declared["stages"],
        stage=stage,
    )
