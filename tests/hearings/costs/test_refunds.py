"""The statement of costs: its sums are those of the claims, and who owes what follows from rules and agreement."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from hearings.costs import claims, cost_rules, cost_terms, refunds
from hearings.costs.bearers import WhyBorne
from hearings.costs.claims import ClaimFile
from hearings.costs.cost_rules import CostSide as Side
from hearings.models import CostClaim, CostLine, CostStep, CostTerm, Hearing
from hearings.models.hearing import CostBearer, CostKind as K, CostMatter, CostStepKind as S
from hearings.roles import Role
from tests.hearings.costs.test_claims import MEAL, TRAVEL, act, guest, submitted

NOW = datetime(2026, 12, 2, 8, tzinfo=UTC)
HEARING = Hearing(owner_state="RO", requesting_state="RO", requested_state="TH")
FROM = {"recorded_by": "x", "recorded_by_label": "X", "at": NOW}


def claim(state: str, currency: str, step: S | None, *lines: tuple[K, int, int | None]) -> ClaimFile:
    row = CostClaim(
        owner_state=state, hearing_id="h", claimant="A", currency=currency, made_by="a", made_by_label="A", at=NOW
    )
    steps = [CostStep(owner_state=state, claim_id=row.id, seq=1, kind=step, done_by="b", done_by_label="B", at=NOW)]
    made = [
        CostLine(owner_state=state, claim_id=row.id, kind=kind, text="What", amount=amount, approved=approved)
        for kind, amount, approved in lines
    ]
    return ClaimFile(claim=row, participant=None, lines=made, steps=steps if step else [])


def term(state: str, matter: CostMatter, **more: Any) -> CostTerm:
    return CostTerm(owner_state=state, hearing_id="h", matter=matter, **FROM, **more)


def both(matter: CostMatter, **more: Any) -> list[CostTerm]:
    return [term(state, matter, **more) for state in ("RO", "TH")]


def statement(instruments: list[str], rows: list[CostTerm], *found: ClaimFile) -> refunds.CostStatement:
    return refunds.make(HEARING, cost_rules.of(instruments), rows, found)


def test_the_sums_of_a_statement_are_those_of_a_recount_over_the_claims() -> None:
    chance = random.Random(1828)
    for _ in range(200):
        found = []
        for _claim in range(chance.randrange(8)):
            lines = [
                (chance.choice(list(K)), amount := chance.randrange(10**9), chance.randrange(amount + 1))
                for _line in range(chance.randrange(4))
            ]
            step = chance.choice([None, *S])
            found.append(claim(chance.choice(["RO", "TH"]), chance.choice(["EUR", "THB", "JPY"]), step, *lines))
        made = statement([chance.choice(["untoc", "ets182", "eu_us"])], [], *found)
        recount: dict[Any, list[int]] = {}
        for one in found:
            for line in one.lines if one.step in (S.approved, S.reduced, S.paid) else ():
                side = Side.requesting if one.claim.owner_state == "RO" else Side.requested
                both_sums = recount.setdefault((side, line.kind, one.claim.currency), [0, 0])
                both_sums[0] += line.approved or 0
                both_sums[1] += (line.approved or 0) * (one.step is S.paid)
        assert {(s.payer, s.kind, s.currency): [s.approved, s.paid] for s in made.sums} == recount
        assert all(isinstance(s.paid, int) and 0 <= s.refund <= s.paid <= s.approved for s in made.sums)


def test_the_requesting_state_owes_what_its_instrument_says_and_of_what_is_paid_only() -> None:
    paid = claim("TH", "THB", S.paid, (K.interpreter_pay, 500, 400), (K.lost_earnings, 90, 90))
    waits = claim("TH", "THB", S.approved, (K.interpreter_pay, 70, 70))
    refused = claim("TH", "THB", S.refused, (K.interpreter_pay, 70, None))
    own = claim("RO", "RON", S.paid, (K.interpreter_pay, 1000, 1000))
    ets182 = statement(["ets182"], [], paid, waits, refused, own)
    assert (ets182.owed(Side.requested), ets182.owed(Side.requesting)) == ({"THB": 400}, {})
    assert {(s.kind, s.payer): (s.approved, s.paid, s.refund) for s in ets182.sums} == {
        (K.interpreter_pay, Side.requested): (470, 400, 400), (K.lost_earnings, Side.requested): (90, 90, 0),
        (K.interpreter_pay, Side.requesting): (1000, 1000, 0),
    }  # fmt: skip
    assert statement(["untoc"], [], paid, own).owed(Side.requested) == {}


def test_of_an_instrument_without_words_nobody_owes_anything_and_it_is_said() -> None:
    made = statement(["eu_japan"], [], claim("TH", "THB", S.paid, (K.travel, 5, 5)))
    (one,) = made.sums
    assert (one.borne.side, one.borne.why, one.refund) == (None, WhyBorne.not_said, 0)
    assert [rule.silent for rule in made.rules] == [True]


def test_what_both_agreed_on_and_what_is_waived_counts() -> None:
    paid = claim("TH", "THB", S.paid, (K.travel, 5, 5), (K.link_setup, 7, 7))
    agreed = both(CostMatter.bearer, kind=K.travel, bearer=CostBearer.requesting)
    assert statement(["untoc"], agreed, paid).owed(Side.requested) == {"THB": 5}
    assert statement(["untoc"], agreed[:1], paid).owed(Side.requested) == {}, "only one has said so"
    waiver = [term("TH", CostMatter.waiver, kind=K.travel)]
    assert statement(["ets182"], waiver, paid).owed(Side.requested) == {"THB": 7}
    assert statement(["ets182"], [term("TH", CostMatter.waiver)], paid).owed(Side.requested) == {}
    debtor = [term("RO", CostMatter.waiver)]
    assert statement(["ets182"], debtor, paid).owed(Side.requested) == {"THB": 12}, "who owes it waives nothing"


def test_costs_above_the_threshold_are_consulted_on_and_owed_by_nobody_until_then() -> None:
    paid = claim("TH", "EUR", S.paid, (K.travel, 600, 600), (K.link_setup, 500, 500))
    threshold = both(CostMatter.threshold, amount=1000, currency="EUR")
    made = statement(["ets182"], threshold, paid)
    assert (set(made.substantial), made.owed(Side.requested)) == ({"EUR"}, {})
    assert {one.borne.why for one in made.sums} == {WhyBorne.consult}
    settled = both(CostMatter.bearer, kind=K.travel, bearer=CostBearer.requesting)
    assert statement(["ets182"], [*threshold, *settled], paid).owed(Side.requested) == {"EUR": 600}
    higher = both(CostMatter.threshold, amount=1100, currency="EUR")
    assert statement(["ets182"], higher, paid).substantial == frozenset()
    assert statement(["ets182"], both(CostMatter.threshold, amount=1, currency="USD"), paid).substantial == frozenset()


@pytest.mark.both_databases
async def test_the_statement_of_a_hearing_is_made_of_what_was_approved_and_said(court: Any) -> None:
    witness, authority = await guest(court, Role.witness), court.staff("authority")
    number = await submitted(court, witness, TRAVEL, MEAL)
    async with court.database.reading() as db:
        assert (await refunds.of_hearing(db, court.hearing)).sums == ()
    await act(court, claims.approve, number, authority)
    async with court.database.transaction() as db:
        for actor in (court.staff("clerk"), authority):
            await cost_terms.put(
                db, hearing=court.hearing, matter="bearer", kind="travel", bearer="requesting", actor=actor, now=NOW
            )
    await act(court, claims.pay, number, authority)
    async with court.database.reading() as db:
        made = await refunds.of_hearing(db, court.hearing)
    assert {(one.kind, one.paid, one.borne.why) for one in made.sums} == {
        (K.travel, 12050, WhyBorne.agreed), (K.allowance, 30000, WhyBorne.instrument),
    }  # fmt: skip
    assert made.owed(Side.requested) == {"THB": 12050}
