"""The check of all legal bases for two States, a capacity and a day: what each requires, what was answered, what is
open."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.law import law as laws, legal_bases, rows as law_rows
from hearings.law.law import Law
from hearings.law.legal_bases import Ask, GateResult
from hearings.requests.sending import RULE_OF_SERVICE
from web.law import facts
from web.law.facts import FACTS
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import labels
from web.words.i18n import N_, _, language_here, state_name
from web.words.refusals import ENTER_DATE

DECISIONS = {
    "refused": ("rec", N_("Excluded")),
    "blocked": ("rec", N_("There is an obstacle")),
    "pending": ("ask", N_("Information needed")),
    "allowed_with_conditions": ("ok", N_("Nothing missing; terms to be agreed")),
    "allowed": ("ok", N_("Nothing missing")),
}
"""Chip and text of each decision of the engine. No text says what the law allows: that is for the authorities."""
LAYERS = {
    "treaty": N_("the instrument"),
    "national": N_("national law"),
    "policy": RULE_OF_SERVICE,
}


def decision(code: str) -> tuple[str, str]:
    """Chip of a decision."""
    kind, text = DECISIONS[code]
    return kind, _(text)


def _asked(given: Mapping[str, Any], law: Law) -> tuple[Ask | None, list[FormError]]:
    """The question the form describes, or None with its errors."""
    said = facts.typed(given, law)
    wrong = [
        FormError(name, _("Choose a State.")) for name in ("requesting_state", "requested_state") if name not in said
    ]
    if not wrong and said["requesting_state"] == said["requested_state"]:
        wrong.append(FormError("requested_state", _("The two States are the same.")))
    wrong += [FormError(name, _("Enter the codes of States, such as TH KE.")) for name in facts.not_states(given, law)]
    if "on" not in said:
        wrong.append(FormError("on", _(ENTER_DATE)))
    return (None, wrong) if wrong else (facts.ask(said), [])


async def check(request: Request) -> Response:
    """Evaluates every legal basis. Stores nothing."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    today = datetime.now(UTC).date()
    given = dict(request.query_params)
    values: dict[str, Any] = {"requesting_state": person.owner_state, "on": today.isoformat()} | given
    values |= {
        fact.name: request.query_params.getlist(fact.name) for fact in FACTS.values() if fact.kind is facts.SEVERAL
    }
    wrong: list[FormError] = []
    result: GateResult | None = None
    if "requested_state" in given:
        ask, wrong = _asked(values, law)
        result = legal_bases.evaluate(ask, law=law) if ask else None
    context = {
        "values": values,
        "facts": FACTS.values(),
        "more_facts": not facts.folded(values),
        "options": _options(law),
        "errors": wrong,
        "result": result,
        "asked": _("{requesting} asks {requested}").format(
            requesting=state_name(str(values["requesting_state"])), requested=state_name(str(values["requested_state"]))
        )
        if result
        else "",
        "decision": decision,
        "stale": lambda line: law_rows.stale(law, line.row, today),
        "terms": labels,
        "layer": lambda code: _(LAYERS[code]),
        "may_edit": "administrator" in person.functions,
    }
    return render(request, "law_check.html", context, status=422 if wrong else 200)


def _options(law: Law) -> dict[str, list[tuple[str, str]]]:
    """The choices of each fact that is chosen from a list, by its name."""
    states = sorted(((code, f"{code} {state_name(code)}") for code in law.jurisdictions), key=lambda pair: pair[1][3:])
    tags = sorted({tag for state in law.jurisdictions.values() for tag in state.accepted_languages})
    languages = sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())
    lists = {
        facts.STATE: states,
        facts.LANGUAGE: languages,
        facts.QUESTION: [("", _("Not stated")), ("yes", _("Yes")), ("no", _("No"))],
    }
    chosen = {name: facts.options(fact) for name, fact in FACTS.items() if fact.of}
    chosen["offence_scope"] = [(code, text) for code, text in chosen["offence_scope"] if code != "any"]
    return {name: lists[fact.kind] for name, fact in FACTS.items() if fact.kind in lists} | chosen


routes = [Route("/law/check", check)]
