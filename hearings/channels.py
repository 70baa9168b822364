"""By which way the request goes, in which form and language, and under what conditions."""

from collections.abc import Iterator, Mapping
from typing import Any

from hearings.binding import Question, in_force, parties
from hearings.law import cite
from hearings.lines import HUMAN, MET, MISSING, Line, LineStatus, line, words


def _topic(question: Question, row: Mapping[str, Any], *topics: str) -> Mapping[str, Any]:
    """The paragraph of an instrument on a topic, the one on hearings by video where there is none."""
    rules = question.law.rules_of.get(row["id"], ())
    return next((rule for topic in topics for rule in rules if rule["topic"] == topic), question.paragraph(row))


def conditions(question: Question, names: list[str]) -> tuple[LineStatus, str, dict[str, bool | None]]:
    """What conditions of the data come to, in words, with the answers they were judged by."""
    table = question.law.gate["channel_conditions"]
    answers: dict[str, bool | None] = {}
    parts = []
    for name in names:
        known = table.get(name, {"field": name, "text": words(name)})
        answers[name] = question.ask.fact(known["field"])
        parts.append(known["text"])
    status = MISSING if False in answers.values() else HUMAN if None in answers.values() else MET
    return status, " and ".join(parts), answers


def channel(question: Question, row: Mapping[str, Any]) -> Line:
    """The way the request goes is one the instrument knows (18(13), 46(13)), under the conditions it sets."""
    chosen, listed = question.ask.channel, row["profile"]["channels"]
    rule = _topic(question, row, "channel")
    names = [words(one["channel"]) for one in listed]
    extra = next((one for one in question.law.channel_only if one["channel_only"] == chosen), None)
    inputs: dict[str, Any] = {"channel": chosen, "channels": [one["channel"] for one in listed]}
    if not chosen:
        return line(
            "channel", HUMAN, cite(rule), f"Say by which way the request goes: {', '.join(names)}", rule, **inputs
        )
    entry = next((one for one in listed if one["channel"] == chosen), None)
    if entry is None:
        if extra is not None and _both(question, extra):
            text = f"{extra['name']} is a way between the two States for what another instrument is the basis of"
            return line("channel", MET, extra["name"], text, extra, **inputs)
        text = f"Not a way this instrument knows ({words(chosen)}): {', '.join(names)}"
        return line("channel", MISSING, cite(rule), text, rule, code="wrong_channel", **inputs)
    status, text, answers = conditions(question, entry["conditions"])
    code = question.law.gate["channel_codes"].get(chosen, "wrong_channel")
    return line(
        "channel",
        status,
        cite(rule),
        f"Sent by {words(chosen)}" + (f", which needs that {text}" if text else ""),
        rule,
        code="" if status is MET else code,
        **inputs,
        conditions=answers,
    )


def _both(question: Question, row: Mapping[str, Any]) -> bool:
    found = [in_force(question, row), *parties(question, row)]
    return all(one.status is MET for one in found)


def oral(question: Question, row: Mapping[str, Any]) -> Iterator[Line]:
    """An oral request: only where the text knows it, urgent and agreed, then in writing (18(14), 46(14))."""
    if not question.ask.oral:
        return
    entry = row["profile"]["oral_request"]
    rule = _topic(question, row, "form_language", "channel")
    if not entry["allowed"]:
        text = "The text knows no oral request"
        yield line("oral", MISSING, cite(rule), text, rule, code="oral_conditions_not_met", oral=True)
        return
    status, text, answers = conditions(question, entry["conditions"])
    code = "" if status is MET else "oral_conditions_not_met"
    yield line("oral", status, cite(rule), f"An oral request needs that {text}", rule, code=code, conditions=answers)
    done = question.ask.written_confirmed
    hours = question.law.defaults["timers"]["oral_written_confirmation_hours"]
    yield line(
        "oral_confirmation",
        MET if done else HUMAN if done is None else MISSING,
        cite(rule),
        f"Confirmed in writing {entry['written_confirmation'] or 'afterwards'} (within {hours} hours here)",
        rule,
        code="oral_written_confirmation_overdue" if done is False else "",
        written_confirmed=done,
    )


def authority(question: Question) -> Line:
    """Who receives the request."""
    state = question.law.jurisdiction(question.ask.requested_state)
    known = bool(state.central_authority)
    return line(
        "central_authority",
        MET if known else HUMAN,
        state.name,
        f"Central authority: {state.central_authority}" if known else "The central authority is not known",
        {"source": state.source, "confidence": state.central_authority_confidence},
        state=state.state,
    )


def language(question: Question, row: Mapping[str, Any]) -> Line:
    """In a language the requested State accepts; those it often takes are not taken for granted (README 5)."""
    ask = question.ask
    state = question.law.jurisdiction(ask.requested_state)
    rule = _topic(question, row, "language", "form_language")
    accepted = list(state.accepted_languages)
    for overlay in question.law.overlays(ask.requested_state, "requested"):
        if overlay.get("accepted_languages"):
            accepted = [tag for tag in accepted if tag in overlay["accepted_languages"]] or accepted
    tag = ask.language_of_request.split("-")[0].lower()
    names = ", ".join(accepted) or "not known"
    code = ""
    if not accepted or not tag:
        status, text = HUMAN, f"{state.name} accepts: {names}. Say in which the request is"
    elif tag in accepted:
        status, text = MET, f"{state.name} accepts {tag}"
    elif tag in state.conditional_languages:
        status, text = HUMAN, f"{state.name} often accepts {tag}; ask first"
    else:
        status, text, code = MISSING, f"{state.name} accepts: {names}. A translation is needed", "language"
    return line(
        "language",
        status,
        cite(rule),
        text,
        {"source": state.source, "confidence": state.languages_confidence},
        code=code,
        language=ask.language_of_request,
        accepted=accepted,
    )
