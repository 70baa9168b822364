"""Who bears a kind of costs: by agreement, by the instruments, and nobody by a guess."""

import pytest

from hearings.costs import bearers, cost_rules
from hearings.costs.bearers import WhyBorne as W
from hearings.costs.cost_rules import CostSide as Side
from hearings.models.hearing import CostBearer, CostKind as K


@pytest.mark.parametrize(
    ("instruments", "kind", "payer", "side", "why"),
    [
        (["untoc"], K.interpreter_pay, Side.requested, Side.requested, W.instrument),
        (["ets182"], K.interpreter_pay, Side.requested, Side.requesting, W.instrument),
        (["ets182"], K.interpreter_pay, Side.requesting, Side.requesting, W.own_side),
        (["eu_us"], K.travel, Side.requested, None, W.not_said),
        (["cets224"], K.expert_fee, Side.requested, None, W.not_said),
        (["untoc", "ets182"], K.link_setup, Side.requested, None, W.differ),
        (["untoc", "eu_us"], K.travel, Side.requested, Side.requested, W.instrument),
        (["ets182", "eu2000"], K.link_setup, Side.requested, Side.requesting, W.instrument),
        (["eu_japan"], K.link_setup, Side.requested, None, W.not_said),
        (["bilateral_xy"], K.link_setup, Side.requested, None, W.not_said),
        ([], K.link_setup, Side.requested, None, W.not_said),
    ],
    ids=str,
)
def test_the_instruments_relied_on_say_who_bears_it_or_nobody_does(
    instruments: list[str], kind: K, payer: Side, side: Side | None, why: W
) -> None:
    found = bearers.of_kind(kind, payer, cost_rules.of(instruments), agreed={})
    assert (found.side, found.why) == (side, why)
    assert all(kind in rule.bears for rule in found.rules)


@pytest.mark.parametrize("payer", Side)
@pytest.mark.parametrize("bearer", CostBearer)
def test_what_both_have_agreed_on_goes_before_every_instrument(payer: Side, bearer: CostBearer) -> None:
    rules = cost_rules.of(["untoc", "ets182"])
    found = bearers.of_kind(K.link_setup, payer, rules, agreed={K.link_setup: bearer}, substantial=True)
    assert found.why is W.agreed
    assert found.side == (payer if bearer is CostBearer.each else Side(bearer.value))
    other = bearers.of_kind(K.travel, Side.requested, rules, agreed={K.link_setup: bearer})
    assert other.why is W.differ


def test_on_substantial_costs_the_states_consult_where_the_instrument_says_so() -> None:
    assert bearers.of_kind(
        K.travel, Side.requested, cost_rules.of(["untoc"]), agreed={}, substantial=True
    ) == bearers.Borne(side=None, why=W.consult, rules=cost_rules.of(["untoc"]))
    eu2000 = bearers.of_kind(K.travel, Side.requested, cost_rules.of(["eu2000"]), agreed={}, substantial=True)
    assert (eu2000.side, eu2000.why) == (Side.requesting, W.instrument)
    own = bearers.of_kind(K.travel, Side.requesting, cost_rules.of(["untoc"]), agreed={}, substantial=True)
    assert own.side is Side.requesting
