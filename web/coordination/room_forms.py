"""Forms of coordination rooms, as States and facilitators send them: what is convened, its time and its agenda."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hearings import errors
from hearings.coordination.rooms import RoomPlan
from hearings.models import CoordinationRoom
from hearings.sentences import tell
from hearings.texts import NOT_A_VALUE
from web.server import forms, wall_fields
from web.server.forms import Form, FormError
from web.words import labels
from web.words.i18n import LANGUAGES as PAGES, N_, _, language_here, state_name
from web.words.refusals import ENTER_DATE, NUMBER_BETWEEN

MINUTES = (5, 720)
"""Least and most minutes of a meeting; an item of its agenda may be shorter."""
MOST_ITEMS = 50
BLANK = 3
"""Rows for items that a form offers beside those there are."""
MOST_FIELDS = 3 * MOST_ITEMS + 30

PLAN: Mapping[str, tuple[str, str]] = {
    "kind": ("kind", N_("Kind of meeting")),
    "network": ("network", N_("Network")),
    "subject": ("subject", N_("Subject")),
    "classification": ("classification", N_("Classification")),
    "states": ("states", N_("States invited")),
    "starts_at": ("starts_at", N_("Begin of the meeting")),
    "ends_at": ("duration", N_("Length in minutes")),
    "duration": ("duration", N_("Length in minutes")),
    "agreement": ("agreement", N_("Agreement of the team")),
    "languages": ("languages", N_("Languages")),
    "language": ("languages", N_("Languages")),
    "meeting": ("meeting", N_("How those invited meet")),
    "agenda": ("item_1", N_("Item")),
}
"""Of each field of what is convened: its input, and the label of that."""
TIME: Mapping[str, tuple[str, str]] = {name: PLAN[name] for name in ("starts_at", "ends_at", "duration")}
AGENDA: Mapping[str, tuple[str, str]] = {"agenda": PLAN["agenda"]}


def explained(inputs: Mapping[str, tuple[str, str]]) -> Callable[[errors.HearingsError], FormError]:
    """Explains a refusal at the input of the field that it names."""

    def explain(error: errors.HearingsError) -> FormError:
        words = {name: _(label) for name, (_input, label) in inputs.items()}
        found = forms.explain(error, words)
        clocks = wall_fields.explained(error, words.get(found.field, "")) if isinstance(error, errors.Invalid) else ""
        return FormError(inputs.get(found.field, (found.field, ""))[0], clocks or found.text)

    return explain


def keep(form: Form) -> dict[str, Any]:
    """What was typed, with every State and language that was ticked."""
    return {**form.first, "states": form.all("states"), "languages": form.all("languages")}


# --- reading -----------------------------------------------------------------------------------------------------


def time(form: Form, zone: str) -> tuple[datetime, datetime]:
    """Begin and end of a meeting, by the clocks of a zone. Raises `Invalid` naming the input."""
    starts_at = wall_time(form, "starts_at", zone)
    return starts_at, starts_at + timedelta(minutes=number(form, "duration", *MINUTES))


def wall_time(form: Form, name: str, zone: str) -> datetime:
    """What was typed by the clocks of a zone, or of a facilitator (`Etc/UTC`). Raises `Invalid` naming the input."""
    if not form.text(name):
        raise errors.Invalid(_("Enter day and time."), name)
    if zone != "Etc/UTC":
        at = wall_fields.read(form, name, zone)
        assert at is not None
        return at
    try:
        typed = datetime.fromisoformat(form.text(name))
    except ValueError:
        raise errors.Invalid(tell(NOT_A_VALUE), name) from None
    if typed.tzinfo is not None:
        raise errors.Invalid(tell(NOT_A_VALUE), name)
    return typed.replace(tzinfo=UTC)


def number(form: Form, name: str, least: int, most: int) -> int:
    """A whole number within bounds. Raises `Invalid` naming the input."""
    text = form.text(name)
    if text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most:
        return int(text)
    raise errors.Invalid(_(NUMBER_BETWEEN).format(least=least, most=most), name)


def instant(form: Form, name: str) -> datetime | None:
    """An instant that a page has put into its form, None without one. Raises `Invalid`."""
    try:
        at = datetime.fromisoformat(form.text(name)) if form.text(name) else None
    except ValueError:
        raise errors.Invalid(tell(NOT_A_VALUE), "") from None
    if at is not None and at.tzinfo is None:
        raise errors.Invalid(tell(NOT_A_VALUE), "")
    return at


def day(form: Form, name: str) -> date | None:
    """A date, None without one. Raises `Invalid` naming the input."""
    try:
        return date.fromisoformat(form.text(name)) if form.text(name) else None
    except ValueError:
        raise errors.Invalid(_(ENTER_DATE), name) from None


def plan(form: Form, zone: str) -> RoomPlan:
    """What is to be convened, by the clocks of a zone. Raises `Invalid` naming the input."""
    starts_at, ends_at = time(form, zone)
    texts = {name: form.text(name) for name in ("kind", "network", "subject", "classification", "agreement", "meeting")}
    ticked: dict[str, Any] = {"states": form.all("states"), "languages": form.all("languages")}
    return RoomPlan(**texts, **ticked, starts_at=starts_at, ends_at=ends_at)


def agenda(form: Form) -> list[tuple[str, str, int]]:
    """The items of an agenda: what, the State that speaks or empty, minutes. Raises `Invalid` naming the input."""
    items = []
    for row in range(1, MOST_ITEMS + 1):
        item, state, minutes = (form.text(f"{name}_{row}") for name in ("item", "state", "minutes"))
        if not (item or state or minutes):
            continue
        if len(item) < 2:
            raise errors.Invalid(_("Say what the item is about."), f"item_{row}")
        items.append((item, state, number(form, f"minutes_{row}", 1, MINUTES[1])))
    return items


# --- showing -----------------------------------------------------------------------------------------------------


def agenda_values(room: CoordinationRoom) -> dict[str, str]:
    """The agenda there is, as the values of its form."""
    found: dict[str, str] = {}
    for row, item in enumerate(room.agenda, 1):
        found |= {f"item_{row}": item["item"], f"state_{row}": item["state"], f"minutes_{row}": str(item["minutes"])}
    return found


def time_values(room: CoordinationRoom, zone: str) -> dict[str, str]:
    """The time of a meeting as the values of its form."""
    minutes = int((room.ends_at - room.starts_at).total_seconds()) // 60
    return wall_fields.form_value("starts_at", room.starts_at, zone) | {"duration": str(minutes)}


def rows(values: Mapping[str, Any], taken: int = 0) -> range:
    """The numbers of the rows that a form of an agenda has: those in use, and some that are blank."""
    typed = [number for number in range(1, MOST_ITEMS + 1) if values.get(f"item_{number}")]
    return range(1, min(MOST_ITEMS, max([taken, *typed]) + BLANK) + 1)


def convening(states: Sequence[str], values: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """What the form for a new room shows; `states`: those that can be invited."""
    named = [(code, state_name(code)) for code in states]
    return {
        "kinds": labels.options("room_kind"),
        "networks": labels.options("network"),
        "levels": labels.options("classification"),
        "states": sorted(named, key=lambda pair: pair[1].casefold()),
        "language_options": [(tag, language_here(tag)) for tag in dict.fromkeys((*labels.LANGUAGES, *PAGES))],
        "twice": wall_fields.doubled(values, ["starts_at"], zone),
        "agenda_rows": rows(values),
        "minutes": MINUTES,
    }
