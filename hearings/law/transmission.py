"""Lines on the channel, form and language of a request, and their conditions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearings.law.answer import (
    ANSWERED_WITH,
    FACTS,
    HUMAN,
    MET,
    MISSING,
    GateLine,
    LineStatus,
    by,
    line,
    words,
)
from hearings.law.law import cite
from hearings.law.parties import Question, in_force, parties
from hearings.sentences import LanguageName, Series, Word, tell, tell_n


def _topic(question: Question, row: Mapping[str, Any], *topics: str) -> Mapping[str, Any]:
    """The paragraph of an instrument on a topic; without one, that on hearings by video."""
    rules = question.law.rules_of.get(row["id"], ())
    return next((rule for topic in topics for rule in rules if rule["topic"] == topic), question.paragraph(row))


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Conditions in the data: their status, in words, the answers they were judged by, and the facts of States that
    alone are open; where all are met, those that were asked."""

    status: LineStatus
    needed: Series
    answers: Mapping[str, bool | None]
    asks: tuple[str, ...]


def conditions(question: Question, names: list[str], own: Mapping[str, Any] | None = None) -> Conditions:
    """How conditions in the data stand. `own`: how some of them are asked for here, where that is not as for a
    channel."""
    table = {**question.law.gate["channel_conditions"], **(own or {})}
    answers: dict[str, bool | None] = {}
    fields: dict[str, bool | None] = {}
    parts = []
    for name in names:
        known = table.get(name, {"field": name, "text": words(name)})
        asked = known["text"]
        answers[name] = question.ask.fact(known["field"])
        fields[ANSWERED_WITH.get(known["field"], known["field"])] = answers[name]
        parts.append(tell(asked))
    status = MISSING if False in answers.values() else HUMAN if None in answers.values() else MET
    open_ = [name for name, answer in fields.items() if answer is not True or status is MET]
    of_states = tuple(name for name in open_ if name in FACTS)
    asks = of_states if status is MET or len(of_states) == len(open_) else ()
    return Conditions(status=status, needed=Series.of(parts, "and"), answers=answers, asks=asks)


def channel(question: Question, row: Mapping[str, Any]) -> GateLine:
    """Whether the instrument provides for the channel (18(13), 46(13)), under its conditions."""
    chosen, listed = question.ask.channel, row["profile"]["channels"]
    rule = _topic(question, row, "channel")
    names = Series.of(Word.of("channel", way["channel"]) for way in listed)
    extra = next((other for other in question.law.channel_only if other["channel_only"] == chosen), None)
    inputs: dict[str, Any] = {"channel": chosen, "channels": [way["channel"] for way in listed]}
    if not chosen:
        text = tell("State the channel by which the request is sent: {ways}", ways=names)
        return line("channel", HUMAN, cite(rule), text, rule, **inputs)
    entry = next((way for way in listed if way["channel"] == chosen), None)
    if entry is None:
        if extra is not None and _both(question, extra):
            text = tell(
                "{instrument} is a channel between the two States where another instrument is the legal basis",
                instrument=extra["name"],
            )
            return line("channel", MET, extra["name"], text, extra, **inputs)
        text = tell(
            "This instrument does not provide for this channel: {way}. It provides for: {ways}",
            way=Word.of("channel", chosen),
            ways=names,
        )
        return line("channel", MISSING, cite(rule), text, rule, code="wrong_channel", **inputs)
    under = conditions(question, entry["conditions"])
    way = Word.of("channel", chosen)
    text = tell("The chosen channel is provided for: {way}", way=way)
    if under.needed:
        text = tell("The chosen channel: {way}. It requires that {conditions}", way=way, conditions=under.needed)
    code = question.law.gate["channel_codes"].get(chosen, "wrong_channel")
    return line(
        "channel",
        under.status,
        cite(rule),
        text,
        rule,
        code="" if under.status is MET else code,
        asks=under.asks,
        **inputs,
        conditions=under.answers,
    )


def _both(question: Question, row: Mapping[str, Any]) -> bool:
    lines = [in_force(question, row), *parties(question, row)]
    return all(entry.status is MET for entry in lines)


def oral(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    """An oral request: only where the text provides for it, urgent and agreed, then in writing (18(14), 46(14))."""
    if not question.ask.oral:
        return
    entry = row["profile"]["oral_request"]
    rule = _topic(question, row, "form_language", "channel")
    if not entry["allowed"]:
        text = tell("The instrument does not provide for oral requests")
        yield line("oral", MISSING, cite(rule), text, rule, code="oral_conditions_not_met", oral=True)
        return
    under = conditions(question, entry["conditions"], question.law.gate["oral_conditions"])
    code = "" if under.status is MET else "oral_conditions_not_met"
    text = tell("An oral request requires that {conditions}", conditions=under.needed)
    yield line("oral", under.status, cite(rule), text, rule, code=code, asks=under.asks, conditions=under.answers)
    done = question.ask.written_confirmed
    hours = question.law.defaults["timers"]["oral_written_confirmation_hours"]
    yield line(
        "oral_confirmation",
        MET if done else HUMAN if done is None else MISSING,
        cite(rule),
        tell_n(
            "Confirmed in writing forthwith (here: within {n} hour)",
            "Confirmed in writing forthwith (here: within {n} hours)",
            hours,
        )
        if entry["written_confirmation"] == "forthwith"
        else tell_n(
            "Confirmed in writing afterwards (here: within {n} hour)",
            "Confirmed in writing afterwards (here: within {n} hours)",
            hours,
        ),
        rule,
        code="oral_written_confirmation_overdue" if done is False else "",
        written_confirmed=done,
    )


def authority(question: Question) -> GateLine:
    """Who receives the request."""
    state = question.law.jurisdiction(question.ask.requested_state)
    known = bool(state.central_authority)
    return line(
        "central_authority",
        MET if known else HUMAN,
        state.name,
        tell("Central authority: {name}", name=state.central_authority)
        if known
        else tell("The central authority is not known"),
        {"source": state.source, "confidence": state.central_authority_confidence},
        state=state.state,
    )


def language(question: Question, row: Mapping[str, Any]) -> GateLine:
    """Whether the requested State accepts the language; one it often accepts needs confirmation (README 5)."""
    ask = question.ask
    state = question.law.jurisdiction(ask.requested_state)
    rule = _topic(question, row, "language", "form_language")
    accepted = list(state.accepted_languages)
    for overlay in question.law.overlays(ask.requested_state, "requested"):
        if overlay.get("accepted_languages"):
            accepted = [tag for tag in accepted if tag in overlay["accepted_languages"]] or accepted
    tag = ask.language_of_request.split("-")[0].lower()
    who, code = question.state(ask.requested_state), ""
    asks: tuple[str, ...] = ()
    names = Series.of(map(LanguageName.of, accepted)) if accepted else tell("not known")
    if not accepted or not tag:
        status = HUMAN
        text = tell(
            "Languages that {state} accepts: {languages}. State the language of the request", state=who, languages=names
        )
    elif tag in accepted:
        status, text = (
            MET,
            tell("A language that {state} accepts: {language}", state=who, language=LanguageName.of(tag)),
        )
    elif tag in state.conditional_languages:
        status, asks = by(ask.language_accepted), ("language_accepted",)
        code = "language" if status is MISSING else ""
        text = (
            tell("A language that {state} accepts in this case: {language}", state=who, language=LanguageName.of(tag))
            if status is MET
            else tell(
                "A language that {state} often accepts: {language}. Ask first", state=who, language=LanguageName.of(tag)
            )
        )
    else:
        status, code = MISSING, "language"
        text = tell("Languages that {state} accepts: {languages}. A translation is needed", state=who, languages=names)
    return line(
        "language",
        status,
        cite(rule),
        text,
        {"source": state.source, "confidence": state.languages_confidence},
        code=code,
        asks=asks,
        language=ask.language_of_request,
        accepted=accepted,
    )
