"""National rules added to a treaty: one function for each effect that a row of data/overlays.yaml may have.

A rule counts for its State on the side it names, requesting or requested. Where the data restrict a rule to persons
only by naming whose consent it asks, the other effects on persons are read the same way (`_concerned`).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from hearings.law.answer import HUMAN, MET, MISSING, ConductTerm, GateLine, Note, by, facts_for, line, said, words
from hearings.law.parties import Question
from hearings.sentences import Sentence, Series, StateName, Word, tell, tell_n

Part = GateLine | Note | ConductTerm
Overlay = Mapping[str, Any]


def national(question: Question, row: Mapping[str, Any]) -> Iterator[Part]:
    """Lines, notes and terms of both States' rules for one instrument; consent is `hearings.law.consent_rules`."""
    for state, side in question.sides:
        for overlay in question.law.overlays(state, side):
            for name, effect in EFFECTS.items():
                if overlay.get(name) is not None:
                    yield from effect(question, row, overlay)


NONE_KNOWN = tell(
    "There are no national rules of this State in the data. That does not mean that it has none: ask the authority."
)


COVERAGE = ("national_", "candidates_")
"""How the keys of notes begin that say what the data hold, not what the law asks."""


def coverage(question: Question) -> Iterator[Note]:
    """What the data hold of the law of both States: that they hold nothing confirmed, and what nobody has confirmed."""
    for state, _side in question.sides:
        row = question.law.national.get(state, {})
        given = {"state": question.state(state)}
        if not question.law.national_rules(state):
            shown = row.get("shown", "")
            text = tell(shown) if shown and row["coverage"] != "read_rules" else NONE_KNOWN
            yield _known(f"{COVERAGE[0]}{state}", tell("{state}: {text}", **given, text=text), row)
        candidates = question.law.national_rules(state, candidates=True)
        if candidates:
            named = Series.of((overlay["provision"] for overlay in candidates), "semicolon")
            text = tell("{state}: rules that nobody has confirmed, without effect here: {rules}", **given, rules=named)
            yield _known(f"{COVERAGE[1]}{state}", text, row)


def _known(key: str, text: str, row: Mapping[str, Any]) -> Note:
    checked = str(row.get("checked_on") or "")
    return Note(key=key, provision="national law", text=text, source=f"data of {checked}".strip(), confidence="unknown")


def _concerned(question: Question, overlay: Overlay) -> bool:
    named = overlay.get("consent_required")
    capacity = question.ask.capacity
    return not named or (capacity is not None and capacity.value in named)


def _key(name: str, overlay: Overlay) -> str:
    return f"{name}_{overlay['id']}"


def _name(question: Question, overlay: Overlay) -> StateName:
    return question.state(overlay["state"])


PERMITTED = ("domestic_law_confirmed",)
"""The fact by which a requested State answers for its own rules."""


def _of_requested(question: Question, overlay: Overlay) -> bool:
    return bool(overlay["state"] == question.ask.requested_state)


def _counsel(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    if not overlay["counsel_mandatory"] or not _concerned(question, overlay):
        return
    answer = question.ask.counsel_named
    text = tell(
        "The law {state:of} requires defence counsel. Named: {answer}",
        state=_name(question, overlay),
        answer=said(answer),
    )
    code = "" if answer else "lawyer_access_pending"
    asks = facts_for("counsel_named")
    key, status = _key("counsel", overlay), by(answer)
    yield line(key, status, overlay["provision"], text, overlay, code=code, asks=asks, answer=answer)


def _treaty(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    if not overlay["treaty_basis_required"]:
        return
    treaty = not row.get("no_treaty")
    yield line(
        _key("treaty_basis", overlay),
        MET if treaty else MISSING,
        overlay["provision"],
        tell("The law {state:of} requires an international agreement as the basis", state=_name(question, overlay)),
        overlay,
        code="" if treaty else "domestic_law_bar",
        basis=row["name"],
    )


def _blocks(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    for number, block in enumerate(overlay["hard_blocks"]):
        trigger = question.law.gate["triggers"].get(block["trigger"], block["trigger"])
        given = question.ask.said(trigger)
        hit = given == block["value"]
        yield line(
            _key(f"block_{number}", overlay),
            MISSING if hit else MET if given else HUMAN,
            overlay["provision"],
            tell(
                "{state} does not accept that a person is approached like this without the approval of its authority: "
                "{way}",
                state=_name(question, overlay),
                way=Word.of(trigger, block["value"]),
            ),
            overlay,
            code=block["code"] if hit else "",
            given=given,
        )


def _required_channel(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    chosen, required = question.ask.channel, overlay["required_channel"]
    fits = chosen in required
    yield line(
        _key("required_channel", overlay),
        MET if fits else MISSING if chosen else HUMAN,
        overlay["provision"],
        tell(
            "The only channels {state} accepts: {ways}",
            state=_name(question, overlay),
            ways=Series.of((Word.of("channel", way) for way in required), "or"),
        ),
        overlay,
        code="wrong_channel" if chosen and not fits else "",
        channel=chosen,
        required=list(required),
    )


def _lead_time(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    """The time a State needs for it before the hearing: for the persons it names, or all; for every capacity while that
    is not said."""
    lead, on, capacity = overlay["lead_time"], question.ask.hearing_on, question.ask.capacity
    if lead.get("only_if_treaty_silent") and row["profile"].get("summons_lead_time"):
        return
    if capacity is not None and capacity.value not in (lead.get("persons") or (capacity.value,)):
        return
    known = question.ask.hearing_known_on or question.ask.on
    days, months = lead.get("days_before_hearing"), int(lead["months_before_hearing"])
    earliest = known + timedelta(days=days) if days else _later(known, months)
    if on is not None and on >= earliest:
        return
    given = {"state": _name(question, overlay), "what": Word.of("lead_time", lead["applies_to"])}
    text = (
        tell_n(
            "To reach {state} at least {n} day before the hearing: {what}",
            "To reach {state} at least {n} days before the hearing: {what}",
            days,
            **given,
        )
        if days
        else tell_n(
            "To reach {state} at least {n} month before the hearing: {what}",
            "To reach {state} at least {n} months before the hearing: {what}",
            months,
            **given,
        )
    )
    if on is not None:
        text = tell("{reason}. Not before {day}", reason=text, day=earliest)
    yield _note("lead_time", overlay, text, lead["code"] if on is not None else "")


def _later(day: date, months: int) -> date:
    """The same day of the month so many months later, or the first of the next month if there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return day.replace(year=day.year + years, month=month + 1)
    except ValueError:
        return _later(day.replace(day=1), months + 1)


def _summons(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    rule, ask = overlay["summons_not_owed"], question.ask
    if ask.capacity is None or ask.capacity.value not in rule["persons"]:
        return
    national = overlay["state"] in ask.every_nationality
    if rule.get("if_national_of_state") and ask.every_nationality and not national:
        return
    text = tell(
        "{state} is not obliged to serve a summons on its own nationals who are to be defendants",
        state=_name(question, overlay),
    )
    if not national:
        text = tell("{reason}. State the nationality", reason=text)
    yield _note("summons", overlay, text, rule["code"] if national else "")


def _presence(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    capacity = question.ask.capacity
    for number, rule in enumerate(overlay["physical_presence_rule"]):
        if capacity is None or capacity.value not in rule["persons"]:
            continue
        grave = question.ask.fact(rule["if"])
        named = question.law.gate["grave_texts"].get(rule["if"])
        case = tell(named) if named else words(rule["if"])
        yield line(
            _key(f"presence_{number}", overlay),
            HUMAN if grave is None else MISSING if grave else MET,
            overlay["provision"],
            tell(
                "The law {state:of} requires the person to be present in the courtroom for {case}. This is such a "
                "case: {answer}",
                state=_name(question, overlay),
                case=case,
                answer=said(grave),
            ),
            overlay,
            code="domestic_law_bar" if grave else "",
            effect=rule["effect"],
            answer=grave,
        )


def _stages(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    excluded, stage = overlay["stage_excluded"], question.ask.stage
    if not _concerned(question, overlay):
        return
    newer = question.law.rules.get(overlay.get("stage_excluded_superseded_by") or "")
    cited = [validation.get("case_law") for validation in row["profile"].get("refusal_validation", ())]
    status, code = (MET if stage and stage not in excluded else HUMAN), ""
    text = tell(
        "Stages at which {state} does not hear the person: {stages}. This one: {stage}",
        state=_name(question, overlay),
        stages=Series.of((Word.of("stage", name) for name in excluded), "or"),
        stage=Word.of("stage", stage) if stage else said(None),
    )
    if stage in excluded and newer is None:
        status, code = MISSING, "domestic_law_bar"
    elif stage in excluded and newer is not None:
        given = {"reason": text, "ruling": newer["instrument_label"]}
        text = (
            tell(
                "{reason}. Superseded for this instrument by {ruling}: a refusal requires reasons specific to the case",
                **given,
            )
            if newer["id"] in cited
            else tell(
                "{reason}. Superseded for another instrument by {ruling}: a refusal requires reasons specific to the "
                "case",
                **given,
            )
        )
    asks: tuple[str, ...] = ()
    if stage in excluded and newer is not None and _of_requested(question, overlay):
        status, asks = by(question.ask.domestic_law_confirmed), PERMITTED
    yield line(
        _key("stage", overlay),
        status,
        overlay["provision"],
        text,
        overlay,
        code="domestic_law_bar" if status is MISSING else code,
        asks=asks,
        stage=stage,
        superseded_by=overlay.get("stage_excluded_superseded_by"),
    )


def _persons(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    limited = bool(overlay["video_persons_limited"])
    given = {"state": _name(question, overlay)}
    text = (
        tell("The law {state:of} provides for hearings by video for certain persons only: see the rule", **given)
        if limited
        else tell("The law {state:of} provides for hearings by video without limiting them to certain persons", **given)
    )
    asks = PERMITTED if limited and _of_requested(question, overlay) else ()
    status = by(question.ask.domestic_law_confirmed) if asks else HUMAN if limited else MET
    code = "domestic_law_bar" if status is MISSING else ""
    yield line(
        _key("persons", overlay), status, overlay["provision"], text, overlay, code=code, asks=asks, limited=limited
    )


INTERPRETER: Mapping[str, Sentence] = {
    "requested_state": tell("the interpreter comes from the requested State"),
    "requested_state_on_request": tell("the interpreter comes from the requested State, if so requested"),
    "requesting_state": tell("the interpreter comes from the requesting State"),
    "may_be_required": tell("the requested State may require an interpreter"),
    "consulted": tell("the States consult on the interpreter"),
    "silent": tell("no rule on the interpreter"),
}


def _interpreter(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    side = overlay["interpreter_side"]
    text = tell("The law {state:of}: {rule}", state=_name(question, overlay), rule=INTERPRETER.get(side, words(side)))
    yield _term("interpreter_side", side, overlay, text)


def _minutes(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    if overlay["minutes_each_place"]:
        text = tell("The law {state:of}: a record is drawn up in each place", state=_name(question, overlay))
        yield _term("minutes_each_place", "each_place", overlay, text)


def _judge(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    if overlay["investigating_judge_present"]:
        text = tell("The law {state:of}: its investigating judge is present", state=_name(question, overlay))
        yield _term("investigating_judge", "present", overlay, text)


def _recorded(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    if overlay["recording_mandatory"]:
        text = tell("The law {state:of}: the hearing is recorded", state=_name(question, overlay))
        yield _term("recording", "mandatory", overlay, text)


def _oath(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    form = overlay["oath_form"]
    text = tell(
        "The law {state:of}, before the person is heard: {form}",
        state=_name(question, overlay),
        form=Word.of("oath_form", form),
    )
    yield _term("oath_form", form, overlay, text)


def _copy(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    text = tell(
        "{state}: a copy of every direct request goes at the same time by {way}",
        state=_name(question, overlay),
        way=Word.of("channel", overlay["copy_to"]),
    )
    yield _note("copy", overlay, text, "")


ELECTRONIC: Mapping[str, Sentence] = {
    "urgent_only_with_original": tell("only in extreme urgency, with the reasons, and with the original sent as well"),
}


def _electronic(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    how = overlay["e_transmission"]
    given = {"state": _name(question, overlay), "rule": ELECTRONIC.get(how, words(how))}
    yield _note("electronic", overlay, tell("{state}, requests by electronic means: {rule}", **given), "")


def _criminality(question: Question, row: Mapping[str, Any], overlay: Overlay) -> Iterator[Part]:
    if overlay["dual_criminality_required"]:
        text = tell(
            "The law {state:of} requires the act to be punishable in both States, unless a treaty says otherwise",
            state=_name(question, overlay),
        )
        yield _note("dual_criminality", overlay, text, "")


def _note(key: str, overlay: Overlay, text: str, code: str) -> Note:
    return Note(
        key=_key(key, overlay),
        provision=overlay["provision"],
        text=text,
        source=overlay["source"],
        confidence=overlay["confidence"],
        code=code,
    )


def _term(key: str, value: str, overlay: Overlay, text: str) -> ConductTerm:
    return ConductTerm(
        key=key,
        value=value,
        provision=overlay["provision"],
        text=text,
        source=overlay["source"],
        confidence=overlay["confidence"],
    )


EFFECTS: Mapping[str, Callable[[Question, Mapping[str, Any], Overlay], Iterator[Part]]] = {
    "counsel_mandatory": _counsel,
    "treaty_basis_required": _treaty,
    "hard_blocks": _blocks,
    "required_channel": _required_channel,
    "lead_time": _lead_time,
    "summons_not_owed": _summons,
    "physical_presence_rule": _presence,
    "stage_excluded": _stages,
    "video_persons_limited": _persons,
    "interpreter_side": _interpreter,
    "minutes_each_place": _minutes,
    "investigating_judge_present": _judge,
    "recording_mandatory": _recorded,
    "oath_form": _oath,
    "copy_to": _copy,
    "e_transmission": _electronic,
    "dual_criminality_required": _criminality,
}
"""Functions by the field of the overlay."""
ELSEWHERE = frozenset({"consent_required", "consent_revocable", "accepted_languages", "stage_excluded_superseded_by"})
"""Fields whose effect is in other modules."""
DESCRIBING = frozenset(
    {"id", "state", "provision", "applies_when_state_is", "rule", "typed_note", "state_confidence", "source"}
    | {"confidence", "candidate", "mandatory_fields", "sanctions_law"}
)
"""Fields without an effect of their own."""
