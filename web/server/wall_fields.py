"""Wall times people type into a form: which instant is meant, and the question where the clocks show one twice.

The answer is sent as `<name>_fold`: 0 for the first of the two, 1 for the second. The macro `which_of_two` asks, where
`doubled` says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hearings import clocks, errors
from hearings.sentences import tell
from web.server.forms import Form
from web.words.i18n import _

FOLDS: Mapping[str, int] = {"0": 0, "1": 1}


def fold(form: Form, name: str) -> int | None:
    """Which of the two times is meant; None where nobody has said."""
    return FOLDS.get(form.text(f"{name}_fold"))


def read(form: Form, name: str, zone: str) -> datetime | None:
    """The instant that was typed, None without one. Raises `Invalid` naming the field."""
    if not form.text(name):
        return None
    try:
        return clocks.to_utc(datetime.fromisoformat(form.text(name)), zone, fold(form, name))
    except errors.Invalid as error:
        error.field = name
        raise
    except (ValueError, OverflowError):
        raise errors.Invalid(tell("Not one of the values this field takes"), name) from None


def shown(name: str, at: datetime, zone: str) -> dict[str, str]:
    """An instant as the form shows it, so that what is sent back untouched means the same one."""
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
    """Of these fields, those whose wall time the clocks of a zone show twice: the form asks which one."""
    found = set()
    for name in names:
        try:
            wall = datetime.fromisoformat(str(values.get(name, "")))
        except ValueError:
            continue
        if twice(wall, zone):
            found.add(name)
    return frozenset(found)


def explained(error: errors.Invalid, label: str) -> str:
    """Why a wall time was refused, where it was the clocks; else empty."""
    if isinstance(error, errors.NonexistentTime):
        return _("{field}: this time does not exist, the clocks skip it. Choose another.").format(field=label)
    if isinstance(error, errors.AmbiguousTime):
        return _("{field}: the clocks show this time twice. Say which of the two is meant.").format(field=label)
    return ""
