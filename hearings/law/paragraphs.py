"""On what paragraph of an instrument a person can be heard: the one on video, or a general head of assistance.

UNTOC art. 18(18) and UNCAC art. 46(18) speak of witnesses and experts. Anybody else may still be heard under a general
head, 18(3) or 46(3), when the law of the requested State permits it and both authorities agree (data/README.md 2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearings.law.answer import HUMAN, MET, MISSING, Line, by, line, said
from hearings.law.law import cite
from hearings.law.parties import Question
from hearings.sentences import Sentence, Series, Word, tell


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


def _needed(found: Footing) -> list[Sentence]:
    """What another paragraph asks for, in words."""
    needs: list[Sentence] = []
    if found.domestic_law_confirmation_required:
        needs.append(tell("confirmation that the law of the requested State permits it"))
    if found.authorities_agreement_required:
        needs.append(tell("the agreement of both authorities"))
    if found.consent_required:
        needs.append(tell("the person's consent"))
    return needs


def person(question: Question, row: Mapping[str, Any], found: Footing | None) -> Line:
    """Whether the instrument reaches the person, and if not, what else could carry the hearing."""
    capacity, law = question.ask.capacity, question.law
    labels = law.gate["capacity_labels"]
    video = question.paragraph(row)
    persons = row["profile"]["persons"]
    covered = Series.of((tell(labels[one]) for one in persons), "or") if persons else tell("nobody in particular")
    if capacity is None:
        text = tell(
            "Say in what capacity the person will be heard. {paragraph} speaks of: {persons}",
            paragraph=cite(video),
            persons=covered,
        )
        return line("person", MISSING, cite(video), text, video)
    label = tell(labels[capacity.value])
    if found is not None and not found.head:
        text = tell("{paragraph} reaches {person}", paragraph=cite(found.rule), person=label)
        return line("person", MET, cite(found.rule), text, found.rule, capacity=capacity.value)
    text = tell(
        "{paragraph} speaks of: {persons}. On it alone one cannot hear {person}",
        paragraph=cite(video),
        persons=covered,
        person=label,
    )
    if not persons:
        text = tell(
            "{instrument}: nothing is owed, and no text says how to hear {person}", instrument=row["name"], person=label
        )
    if found is None:
        other = law.instruments.get(row["profile"].get("route_if_person_not_covered", ""))
        if other:
            text = tell("{reason}. Look at {instrument} instead", reason=text, instrument=other["name"])
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
    given = {"reason": text, "paragraph": cite(found.rule), "needs": Series.of(_needed(found))}
    text = (
        tell("{reason}. Another footing is used: {paragraph}, with {needs}", **given)
        if found.carried
        else tell("{reason}. Another footing is needed: {paragraph}, with {needs}", **given)
    )
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
    name = question.state(ask.requested_state)
    required = found is not None and found.domestic_law_confirmation_required
    code = "domestic_law_confirmation_pending" if required else ""
    yield line(
        "domestic_law",
        by(ask.domestic_law_confirmed),
        cite(rule),
        tell(
            "Possible, and consistent with the fundamental principles of the law of {state}: confirmed by it",
            state=name,
        )
        if ask.domestic_law_confirmed
        else tell(
            "Possible, and consistent with the fundamental principles of the law of {state}: "
            "for the requested authority to say",
            state=name,
        ),
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
            tell(
                "The authorities of both States have agreed to hear the person by video: {answer}",
                answer=said(ask.authorities_agree),
            ),
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
    name, stage = question.state(state), question.ask.stage
    covered = Series.of((Word.of("stage", one) for one in stages), "or")
    status, block = HUMAN, "declaration_unknown"
    start = question.day(declared["effective_from"])
    if declared["declared"] == "no" or (start and start > question.ask.on):
        status, block = MET, ""
        text = tell("{state} has made no declaration that stands in the way", state=name)
    elif declared["declared"] != "yes":
        text = tell(
            "Whether {state} has declared that it does not hear the accused by video is not known: ask it", state=name
        )
    elif stages and not stage:
        text = tell(
            "{state} has made a declaration for certain stages: {stages}. Say at what stage this is",
            state=name,
            stages=covered,
        )
    elif stages and stage not in stages:
        status, block = MET, ""
        text = tell(
            "The declaration of {state} covers other stages: {stages}. This one: {stage}",
            state=name,
            stages=covered,
            stage=Word.of("stage", stage),
        )
    else:
        status, block = MISSING, code
        text = tell("{state} has declared that it does not hear this person by video", state=name)
        if stages:
            text = tell(
                "{state} has declared that at this stage it does not hear this person by video: {stage}",
                state=name,
                stage=Word.of("stage", stage),
            )
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
