"""The paragraph of an instrument by which a person can be heard: that on video, or a general head of assistance.

UNTOC art. 18(18) and UNCAC art. 46(18) speak of witnesses and experts. Anybody else may still be heard under a general
head, 18(3) or 46(3), when the law of the requested State permits it and both authorities agree (data/README.md 2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearings.law.answer import HUMAN, MET, MISSING, Ask, GateLine, LineStatus, by, line, said
from hearings.law.law import cite
from hearings.law.parties import Question
from hearings.sentences import Sentence, Series, StateName, Word, tell


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """The paragraph that reaches the person. `head`: it is a general head; `carried`: its needs are met."""

    rule: Mapping[str, Any]
    consent_required: bool
    authorities_agreement_required: bool
    domestic_law_confirmation_required: bool
    obligation: str
    consent_basis: str = ""
    head: bool = False
    carried: bool = True
    heard_as: str = ""
    """The person as whom the instrument reaches this one, where it does not name them: a victim as a witness."""
    others: tuple[str, ...] = ()
    """Ids of further general heads that reach the person."""


def paragraph_for(question: Question, row: Mapping[str, Any]) -> Paragraph | None:
    """The paragraph for this person; None when none reaches them, or their capacity was not said."""
    capacity, profile = question.ask.capacity, row["profile"]
    if capacity is None:
        return None
    heard_as = profile.get(f"{capacity.value}_as", "") if capacity.value not in profile["persons"] else ""
    entry = profile["persons"].get(heard_as or capacity.value)
    if entry is not None:
        return Paragraph(
            rule=question.law.rules.get(entry["rule"], question.paragraph(row)),
            consent_required=bool(entry["consent_required"]),
            authorities_agreement_required=bool(entry["authorities_agreement_required"]),
            domestic_law_confirmation_required=bool(entry["domestic_law_confirmation_required"]),
            obligation=entry["obligation"],
            heard_as=heard_as,
        )
    heads = [head for head in profile["general_heads"] if capacity.value in head["persons"]]
    if not heads:
        return None
    head = heads[0]
    confirmed = question.ask.domestic_law_confirmed or not head["domestic_law_confirmation_required"]
    agreed = question.ask.authorities_agree or not head["authorities_agreement_required"]
    return Paragraph(
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


def _needed(paragraph: Paragraph) -> list[Sentence]:
    """The needs of a general head, in words."""
    needs: list[Sentence] = []
    if paragraph.domestic_law_confirmation_required:
        needs.append(tell("confirmation that the law of the requested State permits it"))
    if paragraph.authorities_agreement_required:
        needs.append(tell("the agreement of both authorities"))
    if paragraph.consent_required:
        needs.append(tell("the person's consent"))
    return needs


def _pending(ask: Ask, paragraph: Paragraph) -> str:
    """The block code of a paragraph whose requirements are not all met."""
    confirmed = ask.domestic_law_confirmed or not paragraph.domestic_law_confirmation_required
    return "accused_agreement_pending" if confirmed else "domestic_law_confirmation_pending"


def _covered(question: Question, paragraph: Paragraph, person: Sentence) -> Sentence:
    """That a paragraph reaches the person, and as whom where it does not name them."""
    if not paragraph.heard_as:
        return tell("{paragraph} covers {person}", paragraph=cite(paragraph.rule), person=person)
    labels = question.law.gate["capacity_labels"]
    return tell(
        "{paragraph} does not name {person}: ask for the hearing as {role}, and say who the person is",
        paragraph=cite(paragraph.rule),
        person=person,
        role=tell(labels[paragraph.heard_as]),
    )


def _asked(paragraph: Paragraph) -> tuple[str, ...]:
    """The facts of States that a paragraph requires."""
    required = {
        "domestic_law_confirmed": paragraph.domestic_law_confirmation_required,
        "authorities_agree": paragraph.authorities_agreement_required,
    }
    return tuple(fact for fact, needed in required.items() if needed)


def person(question: Question, row: Mapping[str, Any], paragraph: Paragraph | None) -> GateLine:
    """Whether the instrument reaches the person, and if not, what else could be the basis."""
    capacity, law = question.ask.capacity, question.law
    labels = law.gate["capacity_labels"]
    video = question.paragraph(row)
    persons = row["profile"]["persons"]
    covered = Series.of((tell(labels[name]) for name in persons), "or") if persons else tell("nobody in particular")
    if capacity is None:
        text = tell(
            "State in what capacity the person will be heard. {paragraph} covers: {persons}",
            paragraph=cite(video),
            persons=covered,
        )
        return line("person", MISSING, cite(video), text, video)
    label = tell(labels[capacity.value])
    if paragraph is not None and not paragraph.head:
        text = _covered(question, paragraph, label)
        return line("person", MET, cite(paragraph.rule), text, paragraph.rule, capacity=capacity.value)
    text = tell(
        "{paragraph} covers: {persons}. It alone is not a basis for hearing {person}",
        paragraph=cite(video),
        persons=covered,
        person=label,
    )
    if not persons:
        text = tell("{instrument}: no obligation or provision to hear {person}", instrument=row["name"], person=label)
    if paragraph is None:
        other = law.instruments.get(row["profile"].get("route_if_person_not_covered", ""))
        if other:
            text = tell("{reason}. Consider {instrument} instead", reason=text, instrument=other["name"])
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
    given = {"reason": text, "paragraph": cite(paragraph.rule), "needs": Series.of(_needed(paragraph))}
    text = (
        tell("{reason}. Another paragraph is used: {paragraph}, with {needs}", **given)
        if paragraph.carried
        else tell("{reason}. Another paragraph is needed: {paragraph}, with {needs}", **given)
    )
    asks = _asked(paragraph)
    denied = any(question.ask.fact(fact) is False for fact in asks)
    return line(
        "person",
        MET if paragraph.carried else MISSING if denied else HUMAN,
        cite(paragraph.rule) if paragraph.carried else cite(video),
        text,
        paragraph.rule,
        code="" if paragraph.carried else _pending(question.ask, paragraph),
        asks=asks,
        capacity=capacity.value,
        other_footing=[paragraph.rule["id"], *paragraph.others],
    )


def confirmations(question: Question, row: Mapping[str, Any], paragraph: Paragraph | None) -> Iterator[GateLine]:
    """Statements that the authorities must make: the law of the requested State permits it; both agree."""
    ask = question.ask
    rule = paragraph.rule if paragraph else question.paragraph(row)
    name = question.state(ask.requested_state)
    required = paragraph is not None and paragraph.domestic_law_confirmation_required
    code = "domestic_law_confirmation_pending" if required else ""
    yield line(
        "domestic_law",
        by(ask.domestic_law_confirmed),
        cite(rule),
        tell(
            "Possible, and consistent with the fundamental principles of the law {state:of}: confirmed by it",
            state=name,
        )
        if ask.domestic_law_confirmed
        else tell(
            "Possible, and consistent with the fundamental principles of the law {state:of}: for the requested "
            "authority to decide",
            state=name,
        ),
        rule,
        confidence="" if ask.domestic_law_confirmed else "unknown",
        code={True: "", False: "domestic_law_bar", None: code}[ask.domestic_law_confirmed],
        asks=("domestic_law_confirmed",),
        state=ask.requested_state,
        confirmed=ask.domestic_law_confirmed,
    )
    if paragraph is not None and paragraph.authorities_agreement_required:
        yield line(
            "agreement",
            by(ask.authorities_agree),
            cite(paragraph.rule),
            tell(
                "The authorities of both States have agreed to hear the person by video: {answer}",
                answer=said(ask.authorities_agree),
            ),
            paragraph.rule,
            code="" if ask.authorities_agree else "accused_agreement_pending",
            asks=("authorities_agree",),
            agreed=ask.authorities_agree,
        )


def declarations(question: Question, row: Mapping[str, Any], paragraph: Paragraph | None) -> Iterator[GateLine]:
    """A declaration of either State that matches person and stage blocks; an unknown one blocks until it is known.

    ETS 182 art. 9(9). What the data do not know that State answers for itself (`UNDECLARED`). Empty persons mean all
    whom the option is about, empty stages mean all (data/README.md 3).
    """
    profile = row["profile"].get("declaration")
    ask = question.ask
    if not profile or ask.capacity is None or paragraph is None:
        return
    rule = question.law.rules.get(profile["rule"], row)
    optional = paragraph.rule.get("topic") == "accused_suspect"
    sides = {"requesting": (ask.requesting_state,), "requested": (ask.requested_state,)}
    for state in sides.get(profile["blocks_if_declared_by"], (ask.requesting_state, ask.requested_state)):
        if question.law.party(state, row["id"]).status == "not_party":
            continue
        nothing = {"declared": "unknown", "persons": "", "stages": "", "provision": "", "effective_from": ""}
        for number, declared in enumerate(question.law.declarations(state, row["id"]) or (nothing,)):
            persons = [name for name in declared["persons"].split("|") if name]
            if (ask.capacity.value not in persons) if persons else not optional:
                continue
            yield _declaration(question, state, declared, rule, profile["code"], number)


def _declaration(
    question: Question, state: str, declared: Mapping[str, Any], rule: Mapping[str, Any], code: str, number: int
) -> GateLine:
    stages = [value for value in declared["stages"].split("|") if value]
    ask = question.ask
    asks: tuple[str, ...] = ()
    name, stage = question.state(state), ask.stage
    covered = Series.of((Word.of("stage", value) for value in stages), "or")
    status, block = HUMAN, "declaration_unknown"
    start = question.day(declared["effective_from"])
    if declared["declared"] == "no" or (start and start > ask.on):
        status, block = MET, ""
        text = tell("{state} has made no declaration to the contrary", state=name)
    elif declared["declared"] != "yes":
        asks = UNDECLARED
        status, block, text = _undeclared(ask.of_state(*UNDECLARED, state), name, code)
    elif stages and not stage:
        text = tell(
            "{state} has made a declaration for certain stages: {stages}. State the stage of the proceedings",
            state=name,
            stages=covered,
        )
    elif stages and stage not in stages:
        status, block = MET, ""
        text = tell(
            "The declaration {state:of} covers other stages: {stages}. This one: {stage}",
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
        asks=asks,
        only_of=state if asks else "",
        state=state,
        declared=declared["declared"],
        persons=declared["persons"],
        stages=declared["stages"],
        stage=stage,
    )


UNDECLARED = ("no_declaration",)
"""The fact by which a State says that it has made no declaration, where the data do not know of one."""


def _undeclared(answer: bool | None, state: StateName, code: str) -> tuple[LineStatus, str, Sentence]:
    """The result of a declaration that the data do not know, by what the State itself says of it."""
    if answer:
        return MET, "", tell("{state} says that it has made no declaration to the contrary", state=state)
    if answer is False:
        return MISSING, code, tell("{state} says that it has declared not to hear this person by video", state=state)
    text = tell(
        "Whether {state} has declared that it does not hear the accused by video is not known: its authority answers",
        state=state,
    )
    return HUMAN, "declaration_unknown", text
