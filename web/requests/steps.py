"""The steps of a request's wizard: how the fields of each page are displayed, and how form values become fields.

The fields and the step of each are defined in `hearings.requests.fields`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from hearings import errors, reference
from hearings.law import legal_bases
from hearings.law.handling import public_holidays
from hearings.law.handling.contents import ContentItem
from hearings.law.handling.possible import not_bound
from hearings.law.law import Law
from hearings.models import HearingRequest
from hearings.requests import completeness, field_kinds as kinds, fields as request_fields
from hearings.requests.completeness import StepContent
from hearings.requests.demands import columns, demands
from hearings.requests.fields import FIELDS, Field, Values
from hearings.sentences import tell
from hearings.texts import NOT_A_VALUE
from hearings.times import calendars
from web.server import forms, wall_fields
from web.server.forms import Form, FormError
from web.words import labels
from web.words.i18n import (
    _,
    about,
    in_turn,
    language_here,
    listed,
    long_date,
    one_by_one,
    state_name,
    state_word,
    zone_city,
)
from web.words.sentences import english, translated_markup

MOST_SLOTS = 10
"""The maximum number of lines for proposed times."""
SLOTS = 5
"""The number of lines for proposed times on an empty form."""
LENGTH = 60
"""The default length of a proposed time, in minutes."""
ANSWER = {"yes": True, "no": False, "": None}


@dataclass(frozen=True)
class Step:
    """One page of the wizard."""

    slug: str
    title: str

    @property
    def inputs(self) -> list[Field]:
        """The fields of this step."""
        return [field for field in FIELDS.values() if field.step == self.slug]

    def asked(self, row: HearingRequest | None, law: Law) -> list[ContentItem]:
        """What the instruments relied on ask for of which this step holds the first field; nothing before there are
        any."""
        if row is None or not row.instruments:
            return []
        here = {field.name for field in self.inputs}
        return [item for item in demands(row, law) if (names := columns(item)) and names[0] in here]


STEPS: tuple[Step, ...] = tuple(Step(slug, title) for slug, title in request_fields.STEPS.items())
BY_SLUG: Mapping[str, Step] = {step.slug: step for step in STEPS}
BOXES = kinds.Several | kinds.Languages | kinds.States | kinds.Instruments
"""Kinds of which a browser sends every chosen value, and nothing when none is chosen."""
BESIDES = frozenset(
    {"csrf", "lists", "next", "version", "requested_state", "slot_zone", "slot_minutes", "moment_zone", "oral_at_fold"}
    | {f"slot_{number}{part}" for number in range(1, MOST_SLOTS + 1) for part in ("", "_fold")}
)
"""Names of form inputs that are no fields of a request."""


def after(slug: str) -> str:
    """The step that follows, `check` after the last."""
    slugs = [step.slug for step in STEPS]
    return (*slugs, "check")[slugs.index(slug) + 1]


def step_of() -> dict[str, str]:
    """The step of each field, by the name of the field."""
    return {name: field.step for name, field in FIELDS.items()}


def progress(row: HearingRequest, law: Law) -> list[tuple[Step, StepContent]]:
    """The steps of a draft, and how far each is filled in."""
    contents = completeness.steps(row, law=law)
    return [(step, contents[step.slug]) for step in STEPS]


def condition(field: Field) -> str:
    """In words, when a field is asked for that depends on others."""
    ways = []
    for name, values in field.asked_if:
        kind, label = FIELDS[name].kind, labels.label(name)
        said = [labels.word(kind.words, value) for value in values] if isinstance(kind, kinds.Choice) else []
        ways.append(about(label, listed(said, "or")) if said else label)
    return _("Only with: {fields}").format(fields=listed(ways, "or"))


def not_offered(row: HearingRequest, law: Law) -> list[tuple[str, str]]:
    """The instruments that are not offered because they cannot bind both States: the name, and why."""
    return [
        (english(str(law.instruments[key]["name"])), translated_markup(why))
        for key, why in not_bound(row, law, datetime.now(UTC).date())
        if key not in row.instruments
    ]


def closed_days(row: HearingRequest, law: Law) -> list[str]:
    """A warning for each proposed time on a day on which one of the courts does not sit, as far as is known."""
    warnings = []
    for slot in row.proposed_slots:
        at = datetime.fromisoformat(slot["at"])
        for state in (row.requesting_state, row.requested_state):
            zone = reference.jurisdiction(state).default_zone
            on = at.astimezone(ZoneInfo(zone)).date()
            calendar = calendars.CourtCalendar(
                key=state,
                state=state,
                zone=zone,
                hours=calendars.from_law(law, state, zone),
                holidays=public_holidays.holidays_between(state, on, on),
            )
            if calendar.hours_known and on in calendars.openings(calendar, on, on).closed:
                text = _("{day}: no court sits {state:in} on this day.")
                warnings.append(text.format(day=long_date(at, zone), state=state_word(state)))
    return warnings


def languages() -> list[tuple[str, str]]:
    """The languages on offer: those the States accept, and those of the pages."""
    tags = {
        tag for jurisdiction in reference.jurisdictions().values() for tag in jurisdiction.accepted_languages
    } | set(labels.LANGUAGES)
    return _by_name((tag, language_here(tag)) for tag in tags)


def _by_name(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(pairs, key=lambda pair: pair[1].casefold())


def options(
    kind: kinds.Kind,
    *,
    own: str,
    other: str,
    law: Law,
    shown: Mapping[str, Any],
    row: HearingRequest | None = None,
) -> list[tuple[str, str]]:
    """The choices of a field, for a time its time zones; what is now in the form (`shown`) is always among them. Of the
    instruments, those by which both States of the draft `row` can be bound.
    """
    match kind:
        case kinds.Choice() | kinds.Several() | kinds.Level():
            return labels.options(kind.words)
        case kinds.Language() | kinds.Languages():
            return languages()
        case kinds.State() | kinds.States():
            return _by_name((code, state_name(code)) for code in reference.jurisdictions())
        case kinds.Answer():
            return [("", _("Not answered yet")), ("yes", _("Yes")), ("no", _("No"))]
        case kinds.Instruments():
            today = datetime.now(UTC).date()
            unbound = dict(not_bound(row, law, today)) if row else {}
            kept = shown.get("instruments", ())
            keys = [key for key in legal_bases.selectable(today, law=law) if key not in unbound or key in kept]
            return [(key, english(str(law.instruments[key]["name"]))) for key in keys]
        case kinds.Slots() | kinds.Instant():
            zones = [zone for state in (own, other) if state for zone in reference.jurisdiction(state).zones]
            chosen = str(shown.get("slot_zone" if isinstance(kind, kinds.Slots) else "moment_zone", ""))
            zones += [chosen] if chosen else []
            return [(zone, zone_city(zone)) for zone in dict.fromkeys(zones)]
    return []


# --- a row as the form shows it ----------------------------------------------------------------------------------


def values(row: HearingRequest) -> dict[str, Any]:
    """The form values of every field of a draft."""
    form_values = {name: _form_value(field.kind, getattr(row, name)) for name, field in FIELDS.items()}
    return form_values | _slots_shown(row) | _moment_shown(row)


def _form_value(kind: kinds.Kind, value: Any) -> Any:
    if isinstance(kind, kinds.Answer | kinds.Flag):
        return {True: "yes", False: "no" if isinstance(kind, kinds.Answer) else "", None: ""}[value]
    if isinstance(value, list):
        return list(value)
    return "" if value is None else str(value)


def _slots_shown(row: HearingRequest) -> dict[str, Any]:
    """The form values of the proposed times, all in the time zone of the first."""
    slots = row.proposed_slots
    zone = slots[0]["zone"] if slots else reference.jurisdiction(row.requesting_state).default_zone
    form_values = {"slot_zone": zone, "slot_minutes": str(_minutes_shown(row))}
    for number, slot in enumerate(slots, 1):
        form_values |= wall_fields.form_value(f"slot_{number}", datetime.fromisoformat(slot["at"]), zone)
    return form_values


def _minutes_shown(row: HearingRequest) -> int:
    return int(row.proposed_slots[0]["minutes"]) if row.proposed_slots else LENGTH


def _moment_shown(row: HearingRequest) -> dict[str, Any]:
    zone = reference.jurisdiction(row.requesting_state).default_zone
    if row.oral_at is None:
        return {"oral_at": "", "moment_zone": zone}
    return {"moment_zone": zone} | wall_fields.form_value("oral_at", row.oral_at, zone)


def lines(form_values: Mapping[str, Any]) -> range:
    """The numbers of the lines for proposed times: `SLOTS`, or more where a system has sent more times."""
    last = max((number for number in range(1, MOST_SLOTS + 1) if form_values.get(f"slot_{number}")), default=0)
    return range(1, max(SLOTS, last) + 1)


def doubled(form_values: Mapping[str, Any]) -> frozenset[str]:
    """The fields whose wall time is ambiguous because the clocks go back."""
    slots = [f"slot_{number}" for number in lines(form_values)]
    names = wall_fields.doubled(form_values, slots, str(form_values.get("slot_zone", "")))
    return names | wall_fields.doubled(form_values, ["oral_at"], str(form_values.get("moment_zone", "")))


def in_words(row: HearingRequest, name: str) -> str:
    """The value of a field in the language of the page."""
    kind, value = FIELDS[name].kind, getattr(row, name)
    if isinstance(kind, kinds.Answer | kinds.Flag):
        return labels.answer(value)
    if value is None or value in ("", []):
        return ""
    many = value if isinstance(value, list) else [value]
    match kind:
        case kinds.Language() | kinds.Languages():
            return listed(language_here(item) for item in many)
        case kinds.State():
            return state_name(value)
        case kinds.States():
            return listed(state_name(item) for item in many)
        case kinds.Instruments():
            names = {item: str(row["name"]) for item, row in reference.instruments().items()}
            return Markup(one_by_one(english(names.get(item, item)) for item in value))
        case kinds.Choice() | kinds.Several() | kinds.Level():
            return in_turn(labels.word(kind.words, str(item)) for item in many)
    return Markup("<bdi>{}</bdi>").format(value)


# --- what was typed ----------------------------------------------------------------------------------------------


def unknown(form: Form) -> list[str]:
    """The names of inputs in a form that no page of this service sends."""
    return [name for name in form if name not in FIELDS and name not in BESIDES]


def typed(form: Form) -> dict[str, Any]:
    """The values typed, for displaying the form again."""
    return dict(form.first) | {name: form.all(name) for name, field in FIELDS.items() if isinstance(field.kind, BOXES)}


def fields(
    form: Form, step: Step | None, *, law: Law, row: HearingRequest | None = None
) -> tuple[Values, list[FormError]]:
    """The valid fields of a form, and the errors of the others.

    Check boxes of `step` that were not sent count as empty; other fields that were not sent are left unchanged. `row`
    is the draft that was displayed.
    """
    given: dict[str, Any] = {}
    wrong: list[errors.Invalid] = []
    for name, field in FIELDS.items():
        if _sent(form, field, step):
            try:
                given[name] = _slots(form, row) if isinstance(field.kind, kinds.Slots) else _given(form, field)
            except errors.Invalid as error:
                wrong.append(error)
    values, unread = request_fields.read_all(given, law=law)
    order = list(FIELDS)
    return values, [_explained(error) for error in sorted(wrong + unread, key=lambda error: order.index(error.field))]


def _sent(form: Form, field: Field, step: Step | None) -> bool:
    if isinstance(field.kind, kinds.Slots):
        return any(name.startswith("slot_") for name in form)
    box = isinstance(field.kind, BOXES | kinds.Flag) and step is not None and field.step == step.slug
    return box or field.name in form


def _explained(error: errors.Invalid) -> FormError:
    text = wall_fields.explained(error, labels.label(error.field))
    return FormError(error.field, text or forms.explain(error, labels.field_labels()).text)


def _given(form: Form, field: Field) -> Any:
    name, text = field.name, form.text(field.name)
    match field.kind:
        case kinds.Answer():
            if text not in ANSWER:
                raise errors.Invalid(tell(NOT_A_VALUE), name)
            return ANSWER[text]
        case kinds.Flag():
            return text == "yes"
        case kinds.Several() | kinds.Languages() | kinds.States() | kinds.Instruments():
            return form.all(name)
        case kinds.Instant():
            return wall_fields.read(form, name, form.text("moment_zone"))
    return text


def _slots(form: Form, row: HearingRequest | None) -> list[dict[str, Any]]:
    """The times typed, as values of the field. An unchanged time of the draft keeps its own time zone and length, since
    a system may have given each time its own."""
    names = [f"slot_{number}" for number in range(1, MOST_SLOTS + 1)]
    walls = [form.text(name) for name in names]
    minutes = form.text("slot_minutes") or str(LENGTH)
    if not (minutes.isascii() and minutes.isdecimal()):
        raise errors.Invalid(tell(NOT_A_VALUE), "proposed_slots")
    if not any(walls) and int(minutes) != (_minutes_shown(row) if row else LENGTH):
        raise errors.WouldBeLost(tell("Enter a time with this length, or it would not be saved"), "proposed_slots")
    before = _slots_shown(row) if row else {}
    touched = any(form.text(name) != before.get(name, "") for name in ("slot_zone", "slot_minutes"))
    slots = []
    for place, (name, wall) in enumerate(zip(names, walls, strict=True)):
        same = all(form.text(field) == before.get(field, "") for field in (name, f"{name}_fold"))
        if wall and row is not None and same and not touched:
            slots.append(dict(row.proposed_slots[place]))
        elif wall:
            fold = wall_fields.fold(form, name)
            slot: dict[str, Any] = {"wall": wall, "zone": form.text("slot_zone"), "minutes": int(minutes)}
            slots.append(slot | ({} if fold is None else {"fold": fold}))
    return slots
