"""Wall times in forms: conversion to an instant, and the choice between two where the clocks show a time twice.

The choice is sent as `<name>_fold` (PEP 495): 0 for the first of the two, 1 for the second. The macro `which_of_two`
offers it for the fields that `doubled` returns.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hearings import clocks, errors
from hearings.sentences import tell
from hearings.texts import NOT_A_VALUE
from web.server.forms import Form
from web.words.i18n import _

FOLDS: Mapping[str, int] = {"0": 0, "1": 1}


def fold(form: Form, name: str) -> int | None:
    """The choice between the two instants; None where none was made."""
    return FOLDS.get(form.text(f"{name}_fold"))


def read(form: Form, name: str, zone: str) -> datetime | None:
    """The submitted instant, None without one. Raises `Invalid` naming the field."""
    if not form.text(name):
        return None
    try:
        return clocks.to_utc(datetime.fromisoformat(form.text(name)), zone, fold(form, name))
    except errors.Invalid as error:
        error.field = name
        raise
    except (ValueError, OverflowError):
        raise errors.Invalid(tell(NOT_A_VALUE), name) from None


def form_value(name: str, at: datetime, zone: str) -> dict[str, str]:
    """An instant as the form's value, such that submitting it unchanged gives the same instant."""
    local = at.astimezone(ZoneInfo(zone))
    wall = local.replace(tzinfo=None, fold=0)
    seconds = bool(wall.second or wall.microsecond)
    text = wall.isoformat() if seconds else wall.isoformat(timespec="minutes")
    return {name: text} | ({f"{name}_fold": str(local.fold)} if twice(wall, zone) else {})


def twice(wall: datetime, zone: str) -> bool:
    """Whether the clocks of a zone show a wall time twice."""
    try:
        clocks.to_utc(wall, zone)
    except errors.AmbiguousTime:
        return True
    except (errors.Invalid, OverflowError):
        return False
    return False


def doubled(values: Mapping[str, Any], names: list[str], zone: str) -> frozenset[str]:
    """The fields whose wall time occurs twice in a zone: the form offers the choice."""
    repeated = set()
    for name in names:
        try:
            wall = datetime.fromisoformat(str(values.get(name, "")))
        except ValueError:
            continue
        if twice(wall, zone):
            repeated.add(name)
    return frozenset(repeated)


def explained(error: errors.Invalid, label: str) -> str:
    """The text for a wall time refused because of a change of the clocks; else empty."""
    if isinstance(error, errors.NonexistentTime):
        return _("{field}: this time does not exist, the clocks skip it. Choose another.").format(field=label)
    if isinstance(error, errors.AmbiguousTime):
        return _("{field}: the clocks show this time twice. State which of the two is meant.").format(field=label)
    return ""
