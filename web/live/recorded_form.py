"""The form of recorded acts: the kinds a role may record, with their fields and options. Pure.

The live page gets it as JSON and builds the form; the page of recorded acts renders it as HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hearings.events import EventKind
from hearings.models import Attachment, Hearing, HearingEvent, Participant
from hearings.models.request_parts import AttachmentKind
from hearings.permissions import may
from hearings.roles import Role
from hearings.sitting.recorded_acts import KINDS, LONGEST, ActField, ActKind, Sort, correctable_by, replaced
from hearings.status import IN_ROOM, PresenceStatus
from web.words import recorded_acts as recorded_words
from web.words.i18n import _, language_here, state_name
from web.words.recorded_acts import NameRules

Option = tuple[str, str]
"""A value and its label."""


@dataclass(frozen=True, kw_only=True)
class FieldForm:
    """One field: a text of at most `most` characters when nothing can be chosen (`options` None)."""

    name: str
    label: str
    required: bool
    options: Sequence[Option] | None
    most: int = LONGEST


@dataclass(frozen=True, kw_only=True)
class KindForm:
    """One kind of act and its fields."""

    kind: str
    label: str
    fields: Sequence[FieldForm]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Data from which the options are derived."""

    hearing: Hearing
    people: Sequence[Participant]
    files: Sequence[Attachment]
    """Of the request."""
    entries: Sequence[HearingEvent]
    shown: NameRules


def forms(rows: Choices, role: Role | None, *, corrects: int | None = None) -> list[KindForm]:
    """The forms of the kinds this role may record; with `corrects`, those that correct or withdraw that entry."""
    old = next((entry for entry in rows.entries if entry.seq == corrects), None)
    return [
        KindForm(
            kind=kind.value,
            label=_(recorded_words.TITLES[kind]),
            fields=[_field(rows, kind, name, field, correcting=old is not None) for name, field in act.fields.items()],
        )
        for kind, act in KINDS.items()
        if not act.by_card
        and may(_needs(act, old), role, own=True).allowed
        and (not act.withdraws if old is None else _fits(kind, act, old))
    ]


def _needs(kind: ActKind, old: HearingEvent | None) -> str:
    """The action of the permission table needed to record it; to withdraw an entry, the one to record such an entry."""
    return KINDS[EventKind(old.kind)].withdrawn_by if kind.withdraws and old is not None else kind.needs


def _fits(kind: EventKind, act: ActKind, old: HearingEvent) -> bool:
    return act.withdraws or kind == old.kind


def correctable(event: HearingEvent, entries: Sequence[HearingEvent], role: Role | None) -> bool:
    """Whether somebody in this role can correct or withdraw an entry."""
    kind = EventKind(event.kind)
    stands = event.seq not in replaced(entries) and not KINDS[kind].withdraws
    return stands and may(KINDS[kind].withdrawn_by, role, own=True).allowed and correctable_by(event, role)


def values(event: HearingEvent, names: NameRules) -> dict[str, str]:
    """The values of an entry's fields, in the form's representation."""
    texts: dict[str, str] = {}
    for name, field in KINDS[EventKind(event.kind)].fields.items():
        value = event.data.get(name)
        if value is not None:
            text = str(value["id"] if isinstance(value, dict) else value)
            texts[name] = names.quoted(text) if field.sort is Sort.text else text
    return texts


def _field(rows: Choices, kind: EventKind, name: str, field: ActField, *, correcting: bool) -> FieldForm:
    options = None if field.sort is Sort.text else list(_options(rows, field, correcting=correcting))
    return FieldForm(name=name, label=recorded_words.field(kind, name), required=field.required, options=options)


def _options(rows: Choices, field: ActField, *, correcting: bool) -> Iterable[Option]:
    hearing = rows.hearing
    match field.sort:
        case Sort.participant:
            for person in rows.people:
                here = person.presence in IN_ROOM or (correcting and person.presence is not PresenceStatus.invited)
                if person.role in field.roles and here:
                    yield person.id, rows.shown.names[person.id]
        case Sort.state:
            yield from ((state, state_name(state)) for state in (hearing.requesting_state, hearing.requested_state))
        case Sort.language:
            spoken = [*hearing.languages, *(person.speaks for person in rows.people)]
            yield from ((fromkey, language_here(fromkey)) for fromkey in dict.fromkeys(spoken))
        case Sort.choice:
            yield from ((choice, _(recorded_words.CHOICES[choice])) for choice in field.choices)
        case Sort.exhibit:
            for file in rows.files:
                if file.kind is AttachmentKind.exhibit:
                    yield file.id, f"{rows.shown.quoted(file.name)} ({file.sha256[:8]}…)"
        case Sort.entry:
            gone = replaced(rows.entries)
            for event in rows.entries:
                if event.kind in field.kinds and event.seq not in gone:
                    yield str(event.seq), _entry(event, rows.shown)


def _entry(event: HearingEvent, names: NameRules) -> str:
    """`entry 12: Objection, A leading question.`"""
    title, number = _(recorded_words.TITLES[EventKind(event.kind)]), _("entry {n}").format(n=event.seq)
    return f"{number}: {title}, {names.quoted(str(event.data.get('text', '')))[:60]}"


def chosen(form: KindForm, given: Mapping[str, str]) -> dict[str, str]:
    """The fields of a submitted form that belong to this kind."""
    return {field.name: given[field.name] for field in form.fields if given.get(field.name, "").strip()}
