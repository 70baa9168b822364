"""The check of all legal bases for two States, a capacity and a day: what each requires, what was answered, what is
open."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import reference
from hearings.law import law as laws, legal_bases
from hearings.law.law import Law
from hearings.law.legal_bases import Ask, GateResult
from hearings.models.request import Capacity, ReasonNoAttendance
from hearings.requests.sending import RULE_OF_SERVICE
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import labels
from web.words.i18n import N_, _, language_here, state_name

OFFENCE = {
    "offence_transnational": N_("The offence is transnational"),
    "offence_organised": N_("An organised criminal group is involved"),
    "offence_serious": N_("The crime is serious or named by the Convention"),
}
QUESTIONS = {
    "evidential_purpose": N_("The hearing serves to gather evidence"),
    "lawyer_access": N_("The person has had access to a lawyer"),
    "counsel_named": N_("Defence counsel is named"),
    "consent_recorded": N_("The consent is recorded"),
    "person_age_under_18": N_("The person is below 18"),
    "adult_informed": N_("A parent or another adult of the child was informed"),
    "in_custody": N_("The person is in custody"),
    "grave_offence_or_jury": N_("A grave offence, or a trial by jury"),
    "domestic_law_confirmed": N_("The requested State has confirmed that its law permits it"),
    "authorities_agree": N_("The authorities of both States agree"),
    "prefer_convention": N_("Both States prefer the general convention"),
    "urgent": N_("The case is urgent"),
    "both_agree_urgent_route": N_("Both States agree to the urgent channel"),
    "oral": N_("The request is oral"),
}
SCOPES = {code: text for code, text in labels.WORDS["offence_scope"].items() if code != "any"}
CONSENTS = {
    "not_asked": N_("Not asked"),
    "pending": N_("Asked, not answered"),
    "given": N_("Consent given"),
    "refused": N_("Consent refused"),
    "withdrawn": N_("Consent withdrawn"),
}
DECISIONS = {
    "refused": ("rec", N_("Excluded")),
    "blocked": ("rec", N_("There is an obstacle")),
    "pending": ("ask", N_("Information needed")),
    "allowed_with_conditions": ("ok", N_("Nothing missing; terms to be agreed")),
    "allowed": ("ok", N_("Nothing missing")),
}
"""Chip and text of each decision of the engine. No text says what the law allows: that is for the authorities."""
FOLDED = ("procedure", "stage", "channel", "language", "reason", "consent", "nationality", "hearing_on", "scopes")
"""Fields of the folded part of the form, besides the questions."""
LAYERS = {
    "treaty": N_("the instrument"),
    "national": N_("national law"),
    "policy": RULE_OF_SERVICE,
}


def decision(code: str) -> tuple[str, str]:
    """Chip of a decision."""
    kind, text = DECISIONS[code]
    return kind, _(text)


def _ask(given: Mapping[str, str], scopes: list[str], law: Law) -> tuple[Ask | None, list[FormError]]:
    """The question the form describes, or None with its errors."""
    wrong = []
    requesting, requested = given.get("requesting_state", ""), given.get("requested_state", "")
    for name, state in (("requesting_state", requesting), ("requested_state", requested)):
        if state not in law.jurisdictions:
            wrong.append(FormError(name, _("Choose a State.")))
    if not wrong and requesting == requested:
        wrong.append(FormError("requested_state", _("The two States are the same.")))
    on = reference.day(given.get("on", ""))
    if on is None:
        wrong.append(FormError("on", _("Enter the day as 2026-11-24.")))
    if wrong or on is None:
        return None, wrong
    answers: dict[str, bool | None] = {
        name: {"yes": True, "no": False}.get(given.get(name, "")) for name in (*QUESTIONS, *OFFENCE)
    }
    capacity, reason = given.get("capacity", ""), given.get("reason", "")
    facts: dict[str, Any] = {name: answers[name] for name in QUESTIONS}
    return (
        Ask(
            requesting_state=requesting,
            requested_state=requested,
            on=on,
            capacity=Capacity(capacity) if capacity in set(Capacity) else None,
            scopes=frozenset(scope for scope in scopes if scope in law.enums["offence_scope"]),
            answers={name: answers[name] for name in OFFENCE},
            language_of_request=given.get("language", "")[:35],
            procedure=_known(given.get("procedure", ""), law.enums["procedure"], "criminal_proceedings"),
            stage=_known(given.get("stage", ""), law.enums["proceeding_stage"], ""),
            channel=_known(given.get("channel", ""), law.enums["channel"], ""),
            consent=_known(given.get("consent", ""), law.enums["consent_state"], "not_asked"),
            reason_no_attendance=ReasonNoAttendance(reason) if reason in set(ReasonNoAttendance) else None,
            reason_text="–",
            person_nationality=given.get("nationality", "")[:2],
            hearing_on=reference.day(given.get("hearing_on", "")),
            route_possible=answers["both_agree_urgent_route"],
            **(facts | {"oral": bool(facts["oral"])}),
        ),
        [],
    )


def _known(value: str, known: list[str], otherwise: str) -> str:
    return value if value in known else otherwise


async def check(request: Request) -> Response:
    """Evaluates every legal basis. Stores nothing."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    today = datetime.now(UTC).date()
    given = dict(request.query_params)
    scopes = request.query_params.getlist("scopes")
    values: dict[str, Any] = {"requesting_state": person.owner_state, "on": today.isoformat()} | given
    values["scopes"] = scopes
    wrong: list[FormError] = []
    result: GateResult | None = None
    if "requested_state" in given:
        ask, wrong = _ask(values, scopes, law)
        result = legal_bases.evaluate(ask, law=law) if ask else None
    options = _options(law)
    context = {
        "values": values,
        "more_facts": _more_facts(values, options),
        "errors": wrong,
        "result": result,
        "asked": _("{requesting} asks {requested}").format(
            requesting=state_name(str(values["requesting_state"])), requested=state_name(str(values["requested_state"]))
        )
        if result
        else "",
        "decision": decision,
        "terms": labels,
        "layer": lambda code: _(LAYERS[code]),
        "may_edit": "administrator" in person.functions,
    } | options
    return render(request, "law_check.html", context, status=422 if wrong else 200)


def _more_facts(values: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether a fact of the folded part of the form is another than on the empty form."""
    untouched = {"procedure": options["procedures"][0][0], "consent": options["consents"][0][0]}
    names = (*FOLDED, *(name for name, _text in options["questions"]))
    return any(values.get(name) and values[name] != untouched.get(name) for name in names)


def _options(law: Law) -> dict[str, Any]:
    states = sorted(((code, f"{code} {state_name(code)}") for code in law.jurisdictions), key=lambda pair: pair[1][3:])
    tags = sorted({tag for state in law.jurisdictions.values() for tag in state.accepted_languages})
    return {
        "states": states,
        "capacities": [(capacity.value, labels.capacity(capacity)) for capacity in Capacity],
        "stages": labels.options("stage"),
        "consents": [(consent, _(text)) for consent, text in CONSENTS.items()],
        "scope_options": [(scope, _(text)) for scope, text in SCOPES.items()],
        "reasons": [(reason, _(text)) for reason, text in labels.REASONS.items()],
        "procedures": labels.options("procedure"),
        "channels": labels.options("channel"),
        "languages_on_offer": sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold()),
        "questions": [(name, _(text)) for name, text in {**OFFENCE, **QUESTIONS}.items()],
        "yes_no": [("", _("Not stated")), ("yes", _("Yes")), ("no", _("No"))],
    }


routes = [Route("/law/check", check)]
