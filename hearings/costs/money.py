"""Amounts of money: whole numbers of a currency's minor unit (ISO 4217), never floats."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from hearings import reference
from hearings.errors import Invalid
from hearings.sentences import N_, tell, tell_n

MOST = 10**12
"""Greatest amount, in minor units: a hearing does not cost more, and sums of many stay whole on every database."""
_AMOUNT = re.compile(r"([0-9]{1,13})(?:[.,]([0-9]{1,4}))?")
NOT_AN_AMOUNT = N_("Write an amount in digits, such as 120.50, without blanks and without the currency")


@cache
def currencies() -> Mapping[str, int]:
    """The decimals of every currency, by its code, in the order of the codes."""
    table = reference.costs()["currencies"]
    return MappingProxyType({code: int(many) for code, many in sorted((c, n) for n in table for c in table[n].split())})


def currency(code: str, field: str = "currency") -> str:
    """The code of a currency, in capitals. Raises `Invalid`."""
    known = code.strip().upper()
    if known not in currencies():
        raise Invalid(tell("Not the code of a currency (ISO 4217), such as EUR"), field)
    return known


def amount(text: str, code: str, field: str = "amount") -> int:
    """An amount as a person writes it, with a dot or a comma before its decimals, in minor units. Raises `Invalid`."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise Invalid(tell(NOT_AN_AMOUNT), field)
    many, fraction = currencies()[code], found[2] or ""
    if fraction and not many:
        raise Invalid(tell("{currency} has no decimals", currency=code), field)
    if len(fraction) > many:
        raise Invalid(
            tell_n("{currency} has {n} decimal at most", "{currency} has {n} decimals at most", many, currency=code),
            field,
        )
    minor = int(found[1] + fraction.ljust(many, "0"))
    if minor > MOST:
        raise Invalid(tell("This amount is too large"), field)
    return minor


def decimal(minor: int, code: str) -> Decimal:
    """An amount as an exact decimal number."""
    return Decimal(minor).scaleb(-currencies()[code])


def plain(minor: int, code: str) -> str:
    """An amount for programs: `120.50`, with all the decimals of its currency."""
    return f"{decimal(minor, code):f}"


def hours(minutes: int, rate: int) -> int:
    """What so many minutes cost at a rate for an hour, rounded half up, in minor units."""
    return (minutes * rate + 30) // 60
