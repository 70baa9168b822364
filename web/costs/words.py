"""The costs in words: what is paid for, how a claim stands, who bears it and why."""

from collections.abc import Mapping

from babel.numbers import format_decimal

from hearings.costs import money
from hearings.costs.bearers import WhyBorne
from hearings.models.hearing import CostBearer, CostKind, CostMatter, CostStepKind
from web.words.i18n import N_, NP_, _, current

KINDS: Mapping[CostKind, str] = {
    CostKind.link_setup: N_("Setting up the video link"),
    CostKind.link_service: N_("Servicing the video link"),
    CostKind.interpreter_pay: N_("Pay of an interpreter"),
    CostKind.interpreter_travel: N_("Travel of an interpreter"),
    CostKind.allowance: N_("Allowance of a witness or expert"),
    CostKind.travel: N_("Travel of a witness or expert"),
    CostKind.lost_earnings: N_("Loss of earnings"),
    CostKind.expert_fee: N_("Fee of an expert"),
    CostKind.other: N_("Other costs"),
}
STEPS: Mapping[CostStepKind | None, tuple[str, str]] = {
    None: ("plain", NP_("claim for costs", "Draft")),
    CostStepKind.submitted: ("info", NP_("claim for costs", "Submitted")),
    CostStepKind.approved: ("ok", NP_("claim for costs", "Approved")),
    CostStepKind.reduced: ("warn", NP_("claim for costs", "Approved in part")),
    CostStepKind.refused: ("rec", NP_("claim for costs", "Refused")),
    CostStepKind.paid: ("seal", NP_("claim for costs", "Paid")),
}
"""Of each step, the kind of its chip and its words."""
MATTERS: Mapping[CostMatter, str] = {
    CostMatter.estimate: N_("Estimate: what the hearing is expected to cost the requested State"),
    CostMatter.threshold: N_("Threshold: from which amount on costs are substantial or extraordinary"),
    CostMatter.bearer: N_("Who bears one kind of costs"),
    CostMatter.consultation: N_("Consultation held"),
    CostMatter.waiver: N_("No refund is asked for"),
}
BEARERS: Mapping[CostBearer, str] = {
    CostBearer.requesting: N_("The requesting State"),
    CostBearer.requested: N_("The requested State"),
    CostBearer.each: N_("Each State what it has paid"),
}
WHY: Mapping[WhyBorne, str] = {
    WhyBorne.agreed: N_("agreed on by both States"),
    WhyBorne.instrument: N_("by the instrument"),
    WhyBorne.own_side: N_("its own costs, of which no instrument speaks"),
    WhyBorne.not_said: N_("Not said: no instrument of this request says who bears it. The States have to agree."),
    WhyBorne.differ: N_("The instruments of this request say different things. The States have to agree."),
    WhyBorne.consult: N_("The costs are above the agreed threshold: the States consult on who bears them."),
}


def step_words(step: CostStepKind | None) -> tuple[str, str]:
    """The kind of the chip of a step, and its words in the language of the request."""
    kind, text = STEPS[step]
    return kind, _(text)


def currencies() -> list[tuple[str, str]]:
    """The codes of the currencies, for a form."""
    return [(code, code) for code in money.currencies()]


def amount_words(minor: int | None, currency: str) -> str:
    """An amount with its currency, as the language of the request writes it, in Latin digits; a dash for none."""
    if minor is None:
        return "–"
    many = money.currencies()[currency]
    shape = "#,##0" + ("." + "0" * many if many else "")
    number = format_decimal(money.decimal(minor, currency), shape, locale=current.get().locale, numbering_system="latn")
    return f"{number} {currency}"
