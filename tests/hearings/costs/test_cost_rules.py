"""Who bears which costs, as data: every instrument has a row, and what it says is what its profile says."""

from typing import Any

import pytest

from hearings import reference
from hearings.costs import cost_rules
from hearings.costs.cost_rules import CostSide, WrongCostRow
from hearings.law.law import LAW
from hearings.models.hearing import CostKind

K = CostKind
CONFIDENCES = frozenset(reference.enums()["confidence"])
ROW: dict[str, Any] = {
    "instrument": "treaty", "provision": "art. 1", "says": "The requesting State pays.", "requested": ["other"],
    "requesting": ["link_setup"], "unless_agreed": True, "substantial": "consult", "source": "the gazette",
    "confidence": "read-in-source",
}  # fmt: skip


def test_every_instrument_of_the_data_has_a_row_or_says_that_nothing_is_said() -> None:
    rules = cost_rules.rules()
    assert set(rules) == set(LAW.instruments)
    for rule in rules.values():
        assert rule.says, rule.instrument
        assert rule.silent == (not rule.provision), rule.instrument


def test_a_row_leans_to_the_side_that_the_profile_of_its_instrument_names() -> None:
    sides = {"requesting_state": CostSide.requesting, "requested_state": CostSide.requested}
    for name, instrument in LAW.instruments.items():
        rule, profile = cost_rules.rules()[name], instrument.get("profile") or {}
        if profile.get("cost_default") in sides:
            assert rule.bears[K.link_setup] is sides[profile["cost_default"]], name
        else:
            assert rule.silent, name
        excepted = {"expert_fees": K.expert_fee, "translation_interpretation_transcription": K.interpreter_pay}
        for exception in profile.get("cost_exceptions") or ():
            if exception in excepted:
                assert excepted[exception] not in rule.bears, (name, exception)
            elif exception.endswith("_consult") or exception == "extraordinary":
                assert rule.consults, name


def test_the_instruments_say_what_the_issue_and_their_texts_say() -> None:
    for name in ("untoc", "uncac", "drugs1988", "un_cybercrime", "eio"):
        rule = cost_rules.rules()[name]
        assert set(rule.bears) == set(K) and set(rule.bears.values()) == {CostSide.requested} and rule.consults
    for name in ("eu2000", "eu_is_no"):
        rule = cost_rules.rules()[name]
        refunded = {K.link_setup, K.link_service, K.interpreter_pay, K.allowance, K.travel}
        assert dict(rule.bears) == dict.fromkeys(refunded, CostSide.requesting) and rule.waivable
    ets182 = cost_rules.rules()["ets182"]
    assert ets182.bears[K.expert_fee] is CostSide.requesting
    assert ets182.bears[K.lost_earnings] is CostSide.requested
    assert set(cost_rules.rules()["eu_us"].bears) == {K.link_setup, K.link_service}


def test_an_instrument_that_the_data_do_not_know_says_nothing() -> None:
    known, unknown = cost_rules.of(["untoc", "bilateral_xy"])
    assert (known.silent, unknown.silent, unknown.instrument, unknown.says) == (False, True, "bilateral_xy", "")
    assert cost_rules.of([]) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"requested": ["nothing"]},
        {"requested": ["link_setup"]},
        {"requested": [], "requesting": []},
        {"confidence": "sure"},
        {"substantial": "perhaps"},
        {"unless_agreed": "yes"},
        {"source": ""},
        {"more": 1},
    ],
    ids=str,
)
def test_a_row_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    assert not cost_rules.read(ROW, CONFIDENCES).silent
    with pytest.raises(WrongCostRow, match="treaty"):
        cost_rules.read(ROW | wrong, CONFIDENCES)
    with pytest.raises(WrongCostRow):
        cost_rules.read({"instrument": "treaty", "not_said": " "}, CONFIDENCES)
