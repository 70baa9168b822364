"""All legal bases for two States, a capacity and a day: what each text needs, what was said, what is open."""

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
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import terms
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
    "adult_informed": N_("A parent or another adult of the child was told"),
    "in_custody": N_("The person is in custody"),
    "grave_offence_or_jury": N_("A grave offence, or a trial by jury"),
    "domestic_law_confirmed": N_("The requested State has confirmed that its law permits it"),
    "authorities_agree": N_("The authorities of both States agree"),
    "prefer_convention": N_("Both States prefer the general convention"),
    "urgent": N_("The case is urgent"),
    "both_agree_urgent_route": N_("Both States agree to the urgent way"),
    "oral": N_("The request is oral"),
}
SCOPES = terms.SCOPES | {"cybercrime_offence": N_("A cybercrime offence")}
CONSENTS = {
    "not_asked": N_("Not asked"),
    "pending": N_("Asked, not answered"),
    "given": N_("Consent given"),
    "refused": N_("Consent refused"),
    "withdrawn": N_("Consent withdrawn"),
}
DECISIONS = {
    "refused": ("rec", N_("Excluded")),
    "blocked": ("rec", N_("Something stands in the way")),
    "pending": ("ask", N_("Waits for what somebody must say")),
    "allowed_with_conditions": ("ok", N_("Nothing missing; terms to be agreed")),
    "allowed": ("ok", N_("Nothing missing")),
}
"""How a decision of the engine reads. No word of it says what the law allows: the authorities say that."""
LAYERS = {
    "treaty": N_("the instrument"),
    "national": N_("national law"),
    "policy": N_("a rule of this service"),
}


def decision(code: str) -> tuple[str, str]:
    """Chip of a decision."""
    kind, text = DECISIONS[code]
    return kind, _(text)


def _ask(given: Mapping[str, str], scopes: list[str], law: Law) -> tuple[Ask | None, list[FormError]]:
    """The question the form asks, and what is wrong with it."""
    wrong = []
    one, other = given.get("requesting_state", ""), given.get("requested_state", "")
    for name, state in (("requesting_state", one), ("requested_state", other)):
        if state not in law.jurisdictions:
            wrong.append(FormError(name, _("Choose a State.")))
    if not wrong and one == other:
        wrong.append(FormError("requested_state", _("The two States are the same.")))
    on = reference.day(given.get("on", ""))
    if on is None:
        wrong.append(FormError("on", _("Write the day as 2026-11-24.")))
    if wrong or on is None:
        return None, wrong
    answers: dict[str, bool | None] = {
        name: {"yes": True, "no": False}.get(given.get(name, "")) for name in (*QUESTIONS, *OFFENCE)
    }
    capacity, reason = given.get("capacity", ""), given.get("reason", "")
    facts: dict[str, Any] = {name: answers[name] for name in QUESTIONS}
    return (
        Ask(
            requesting_state=one,
            requested_state=other,
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
    """Ask every basis. Keeps nothing."""
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
    context = {
        "values": values,
        "errors": wrong,
        "result": result,
        "asked": _("{requesting} asks {requested}").format(
            requesting=state_name(str(values["requesting_state"])), requested=state_name(str(values["requested_state"]))
        )
        if result
        else "",
        "decision": decision,
        "terms": terms,
        "layer": lambda code: _(LAYERS[code]),
        "may_edit": "administrator" in person.functions,
    } | _options(law)
    return render(request, "law_check.html", context, status=422 if wrong else 200)


def _options(law: Law) -> dict[str, Any]:
    states = sorted(((code, f"{code} {state_name(code)}") for code in law.jurisdictions), key=lambda one: one[1][3:])
    tags = sorted({tag for state in law.jurisdictions.values() for tag in state.accepted_languages})
    return {
        "states": states,
        "capacities": [(one.value, terms.capacity(one)) for one in Capacity],
        "stages": terms.options("stage"),
        "consents": [(one, _(text)) for one, text in CONSENTS.items()],
        "scope_options": [(one, _(text)) for one, text in SCOPES.items()],
        "reasons": [(one, _(text)) for one, text in terms.REASONS.items()],
        "procedures": terms.options("procedure"),
        "channels": terms.options("channel"),
        "languages_on_offer": sorted(((tag, language_here(tag)) for tag in tags), key=lambda one: one[1].casefold()),
        "questions": [(name, _(text)) for name, text in {**OFFENCE, **QUESTIONS}.items()],
        "yes_no": [("", _("Not said")), ("yes", _("Yes")), ("no", _("No"))],
    }


routes = [Route("/law/check", check)]
