"""Amounts: whole minor units by the decimals of each currency, read and written without a float."""

import random
from decimal import Decimal

import pytest

from hearings.costs import money
from hearings.errors import Invalid


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("120.50", "EUR", 12050),
        ("120,5", "EUR", 12050),
        ("0", "EUR", 0),
        ("7", "JPY", 7),
        ("1.234", "KWD", 1234),
        ("1", "KWD", 1000),
        ("10000000000.00", "EUR", 10**12),
    ],
)
def test_an_amount_is_read_in_minor_units_of_its_currency(text: str, code: str, minor: int) -> None:
    assert money.amount(text, code) == minor


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "EUR", "digits"),
        ("-1", "EUR", "digits"),
        ("1e3", "EUR", "digits"),
        ("1 000", "EUR", "digits"),
        ("1.000,00", "EUR", "digits"),
        ("٣", "EUR", "digits"),
        ("1.005", "EUR", "2 decimals"),
        ("1.5", "JPY", "no decimals"),
        ("10000000000.01", "EUR", "too large"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused_by_its_field(text: str, code: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as error:
        money.amount(text, code, "rate")
    assert error.value.field == "rate"


def test_only_the_codes_of_iso_4217_are_currencies() -> None:
    assert money.currency(" eur ") == "EUR"
    for wrong in ("", "EURO", "XXX", "€"):
        with pytest.raises(Invalid):
            money.currency(wrong)
    assert {len(code) for code in money.currencies()} == {3}
    assert {code: money.currencies()[code] for code in ("RON", "THB", "JPY", "TND")} == {
        "RON": 2, "THB": 2, "JPY": 0, "TND": 3,
    }  # fmt: skip


def test_what_is_written_is_read_again_as_the_same_amount() -> None:
    chance = random.Random(28)
    for _ in range(500):
        code = chance.choice(sorted(money.currencies()))
        minor = chance.randrange(money.MOST)
        text = money.plain(minor, code)
        assert money.amount(text, code) == minor
        assert Decimal(text) * 10 ** money.currencies()[code] == minor


@pytest.mark.parametrize(("minutes", "rate", "costs"), [(60, 5000, 5000), (90, 5001, 7502), (1, 29, 0), (1, 30, 1)])
def test_time_costs_its_part_of_an_hour_rounded_half_up(minutes: int, rate: int, costs: int) -> None:
    assert money.hours(minutes, rate) == costs
