"""What an instrument needs for a hearing by video, need by need, as lines that are met, missing or a human's.

One small function per need, each over the data files; `legal_bases` puts them together. Data nobody has verified
counts as a human's to decide, or is shown as unverified beside a line that is met.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hearings import reference
from hearings.lines import Ask, Line, LineStatus
from hearings.models.request import Capacity


def needs(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    """All needs of one instrument (a row of data/instruments.yaml that has a profile)."""
    yield _in_force(ask, row)
    yield from _parties(ask, row)
    yield from _offence(ask, row)
    yield from _procedure(ask, row)
    yield _person(ask, row)
    yield from _reason(ask, row)
    yield _authority(ask)
    yield _language(ask, row)
    yield from _declarations(ask, row)
    yield from _specific_treaty(ask, row)
    yield from _consent(ask, row)
    yield _domestic_law(ask, row)


def provision(row: Mapping[str, Any], capacity: Capacity | None) -> str:
    """The paragraph of the instrument that speaks of the person, or of the first kind of person it reaches."""
    persons = row["profile"]["persons"]
    entry = persons.get(capacity) if capacity else None
    entry = entry or next(iter(persons.values()))
    rule = reference.rules().get(entry["rule"])
    return cite(rule) if rule else str(row["name"])


def cite(rule: Mapping[str, Any]) -> str:
    """A paragraph as it is cited, such as `UNTOC art. 18(18)`."""
    return f"{rule['instrument_label']} {rule['provision']}"


def _line(
    key: str,
    status: LineStatus,
    paragraph: str,
    text: str,
    *,
    source: Mapping[str, Any] | None = None,
    confidence: str = "",
    code: str = "",
    **inputs: Any,
) -> Line:
    source = source or {}
    return Line(
        key=key,
        status=status,
        provision=paragraph,
        text=text,
        inputs=inputs,
        source=str(source.get("source", "")),
        confidence=confidence or str(source.get("confidence", "unknown")),
        code=code,
    )


def _in_force(ask: Ask, row: Mapping[str, Any]) -> Line:
    start = reference.day(row["valid_from"])
    until = reference.day(row["valid_to"])
    name = row["name"]
    valid = row["status"] == "in_force" and start is not None and start <= ask.on and not (until and until < ask.on)
    text = f"{name} is in force (since {start})" if valid else f"{name} is not in force on {ask.on}"
    return _line(
        "in_force",
        LineStatus.met if valid else LineStatus.missing,
        name,
        text,
        source=row,
        confidence=row["valid_from_confidence"] if valid else row["confidence"],
        code="" if valid else "instrument_not_in_force",
        instrument_status=row["status"],
        valid_from=row["valid_from"],
        on=ask.on.isoformat(),
    )


def _parties(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    sides = (("requesting", ask.requesting_state), ("requested", ask.requested_state))
    if row["binding"] == "bilateral":
        side_a, side_b = (reference.members(row["bilateral"][side]) for side in ("side_a", "side_b"))
        one, other = ask.requesting_state, ask.requested_state
        bound = (one in side_a and other in side_b) or (one in side_b and other in side_a)
        yield _line(
            "parties",
            LineStatus.met if bound else LineStatus.missing,
            row["name"],
            f"Between {one} and {other}: {'bound' if bound else 'not bound'}",
            source=row,
            code="" if bound else "no_instrument_in_force_between_states",
            states=[one, other],
        )
        return
    for side, state in sides:
        party = reference.party(state, row["id"])
        name = _state_name(state)
        code = ""
        if party.status == "unknown":
            status, text = LineStatus.needs_human, f"Not known whether {name} is bound"
        elif party.status != "in_force":
            status, text = LineStatus.missing, f"{name} is not bound ({party.status.replace('_', ' ')})"
            code = "no_instrument_in_force_between_states"
        elif party.in_force_from is not None and party.in_force_from > ask.on:
            status, text = LineStatus.missing, f"{name} is bound only from {party.in_force_from}"
            code = "no_instrument_in_force_between_states"
        else:
            since = f"since {party.in_force_from}" if party.in_force_from else "since a day that is not known"
            status, text = LineStatus.met, f"{name} is bound ({since})"
        yield _line(
            f"party_{side}",
            status,
            row["name"],
            text,
            source={"source": party.source},
            confidence="unknown" if party.status == "in_force" and party.in_force_from is None else party.confidence,
            code=code,
            state=state,
            party_status=party.status,
            in_force_from=party.in_force_from.isoformat() if party.in_force_from else None,
        )


def _offence(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    scopes = row["offence_scope"]
    if "any" in scopes:
        yield _line("offence", LineStatus.met, row["name"], "Any offence", source=row, scopes=sorted(ask.scopes))
        return
    labels = reference.gate()["scope_labels"]
    wanted = " or ".join(labels[scope] for scope in scopes)
    matching = [scope for scope in scopes if scope in ask.scopes]
    if matching:
        status, text = LineStatus.met, f"Said to be {labels[matching[0]]}"
    elif not ask.scopes:
        status, text = LineStatus.missing, f"Say whether this is {wanted}"
    else:
        status, text = LineStatus.missing, f"Not said to be {wanted}"
    code = "" if matching else "offence_not_covered"
    yield _line("offence", status, row["name"], text, source=row, code=code, scopes=sorted(ask.scopes))
    for scope in matching:
        for test in reference.gate()["scope_tests"].get(scope, ()):
            answer = ask.answers.get(test["field"])
            status = {True: LineStatus.met, False: LineStatus.missing, None: LineStatus.needs_human}[answer]
            yield _line(
                test["key"],
                status,
                test["provision"],
                test["text"] if answer else f"{test['text']}: {'not so' if answer is False else 'not said'}",
                source=test,
                code="" if answer is not False else "offence_not_covered",
                answer=answer,
            )


def _procedure(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    listed = row["profile"].get("procedures") or row.get("procedures_only")
    if not listed:
        return
    fits = ask.procedure in listed
    yield _line(
        "procedure",
        LineStatus.met if fits else LineStatus.missing,
        row["name"],
        f"The procedure ({ask.procedure.replace('_', ' ')}) is {'one' if fits else 'none'} of those listed",
        source=row,
        code="" if fits else "procedure_not_covered",
        procedure=ask.procedure,
    )


def _person(ask: Ask, row: Mapping[str, Any]) -> Line:
    profile = row["profile"]
    paragraph = provision(row, ask.capacity)
    labels = reference.gate()["capacity_labels"]
    covered = " or ".join(labels[person] for person in profile["persons"])
    if ask.capacity is None:
        text = f"Say in what capacity the person will be heard: {paragraph} reaches {covered}"
        return _line("person", LineStatus.missing, paragraph, text, source=row)
    label = labels[ask.capacity]
    entry = profile["persons"].get(ask.capacity)
    if entry is not None:
        rule = reference.rules().get(entry["rule"], row)
        text = f"{paragraph} reaches {label}"
        return _line("person", LineStatus.met, paragraph, text, source=rule, capacity=ask.capacity.value)
    text = f"{paragraph} speaks of {covered}. {label[0].upper()}{label[1:]} cannot be heard on it alone"
    heads = [head for head in profile["general_heads"] if ask.capacity in head["persons"]]
    if heads:
        rule = reference.rules()[heads[0]["rule"]]
        needs = ["confirmation that the law of the requested State allows it", "the agreement of both authorities"]
        if ask.capacity in heads[0]["consent_required_for"]:
            needs.append("the person's consent")
        text += f". Another footing is needed: {cite(rule)} with {', '.join(needs)}"
    return _line(
        "person",
        LineStatus.missing,
        paragraph,
        text,
        source=reference.rules().get(next(iter(profile["persons"].values()))["rule"], row),
        code="person_category_not_covered",
        capacity=ask.capacity.value,
        other_footing=[head["rule"] for head in heads],
    )


def _reason(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    accepted = row["profile"].get("reason_required")
    if not accepted:
        return
    given = ask.reason_no_attendance is not None and ask.reason_no_attendance.value in accepted
    complete = given and bool(ask.reason_text.strip())
    if complete and ask.reason_no_attendance is not None:
        text = f"Appearance in person is {ask.reason_no_attendance.value.replace('_', ' ')}: the reason is given"
    else:
        text = "Say whether appearance in person is not possible or not desirable, and why"
    yield _line(
        "reason",
        LineStatus.met if complete else LineStatus.missing,
        provision(row, ask.capacity),
        text,
        source=row,
        code="" if complete else "reason_no_attendance_missing",
        reason=ask.reason_no_attendance.value if ask.reason_no_attendance else None,
    )


def _authority(ask: Ask) -> Line:
    state = reference.jurisdiction(ask.requested_state)
    known = bool(state.central_authority)
    return _line(
        "central_authority",
        LineStatus.met if known else LineStatus.needs_human,
        state.name,
        f"Central authority: {state.central_authority}" if known else "The central authority is not known",
        source={"source": state.source},
        confidence=state.central_authority_confidence,
        state=state.state,
    )


def _language(ask: Ask, row: Mapping[str, Any]) -> Line:
    state = reference.jurisdiction(ask.requested_state)
    tag = ask.language_of_request.split("-")[0].lower()
    accepted = ", ".join(state.accepted_languages) or "not known"
    code = ""
    if not state.accepted_languages or not tag:
        status, text = (
            LineStatus.needs_human,
            f"{state.name} accepts: {accepted}. Say in which the request is",
        )
    elif tag in state.accepted_languages:
        status, text = LineStatus.met, f"{state.name} accepts {tag}"
    elif tag in state.conditional_languages:
        status, text = LineStatus.needs_human, f"{state.name} often accepts {tag}; ask first"
    else:
        status, text, code = (
            LineStatus.missing,
            f"{state.name} accepts: {accepted}. A translation is needed",
            "language",
        )
    return _line(
        "language",
        status,
        row["name"],
        text,
        source={"source": state.source},
        confidence=state.languages_confidence,
        code=code,
        language=ask.language_of_request,
        accepted=list(state.accepted_languages),
    )


def _declarations(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    profile = row["profile"].get("declaration")
    if not profile or ask.capacity in {None, Capacity.witness, Capacity.expert}:
        return
    for state in (ask.requesting_state, ask.requested_state):
        if reference.party(state, row["id"]).status == "not_party":
            continue
        nothing = {"declared": "unknown", "persons": "", "stages": "", "provision": "9(9)", "confidence": "unknown"}
        rows = [one for one in reference.declarations() if (one["iso2"], one["instrument_id"]) == (state, row["id"])]
        for declared in rows or [nothing]:
            persons = [person for person in declared["persons"].split("|") if person]
            if persons and ask.capacity not in persons:
                continue
            status, code = LineStatus.needs_human, "declaration_unknown"
            if declared["declared"] == "yes":
                status, code = LineStatus.missing, profile["code"]
            elif declared["declared"] == "no":
                continue
            name = _state_name(state)
            yield _line(
                f"declaration_{state}",
                status,
                f"{row['name']}, art. {declared['provision']}",
                f"Declaration of {name}: {declared['declared']}",
                source=declared,
                code=code,
                state=state,
                stages=declared["stages"],
            )


def _specific_treaty(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    """A general convention gives way to a treaty made between the two States, unless both prefer it."""
    rule = row["profile"].get("treaty_priority")
    if not rule:
        return
    known = [
        other["name"]
        for other in reference.instruments().values()
        if other["profile"]
        and other["id"] != row["id"]
        and (other["priority"] or 1000) < row["priority"]
        and _in_force(ask, other).status is LineStatus.met
        and all(line.status is LineStatus.met for line in _parties(ask, other))
    ]
    text = (
        f"Both States are bound by {', '.join(known)}, which goes first unless both prefer this convention"
        if known
        else "A treaty between the two States would go first; the data names none, and does not cover all"
    )
    law = reference.rules()[rule["rule"]]
    yield _line(
        "specific_treaty", LineStatus.needs_human, cite(law), text, source=law, confidence="unknown", known=known
    )


def _consent(ask: Ask, row: Mapping[str, Any]) -> Iterator[Line]:
    entry = row["profile"]["persons"].get(ask.capacity) if ask.capacity else None
    if entry and entry["consent_required"]:
        yield _line(
            "consent",
            LineStatus.needs_human,
            provision(row, ask.capacity),
            "The person must consent",
            source=reference.rules().get(entry["rule"], row),
            code="consent_pending",
        )
    sides = ((ask.requesting_state, "requesting"), (ask.requested_state, "requested"))
    for overlay in reference.overlays():
        for state, side in sides:
            if overlay["state"] != state or side not in overlay["applies_when_state_is"] or ask.capacity is None:
                continue
            if (overlay.get("consent_required") or {}).get(ask.capacity.value):
                yield _line(
                    f"consent_{state}",
                    LineStatus.needs_human,
                    overlay["provision"],
                    f"The law of {_state_name(state)} asks for the person's consent",
                    source=overlay,
                    code="consent_pending",
                    state=state,
                )


def _domestic_law(ask: Ask, row: Mapping[str, Any]) -> Line:
    return _line(
        "domestic_law",
        LineStatus.needs_human,
        provision(row, ask.capacity),
        f"Possible, and consistent with the fundamental principles of the law of {_state_name(ask.requested_state)}: "
        "for the requested authority to say",
        source=row,
        confidence="unknown",
        code="domestic_law_confirmation_pending",
        state=ask.requested_state,
    )


def _state_name(state: str) -> str:
    found = reference.jurisdictions().get(state)
    return found.name if found else state
