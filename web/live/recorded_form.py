"""The form of recorded acts: of each kind somebody may record, its fields with what can be chosen. Pure.

The live room asks for it as JSON and draws it, the page of recorded acts writes it into HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hearings.events import EventKind
from hearings.models import Attachment, Hearing, HearingEvent, Participant
from hearings.models.request_parts import AttachmentKind
from hearings.permissions import may
from hearings.roles import Role
from hearings.sitting.recorded_acts import KINDS, LONGEST, Field, Kind, Sort, correctable_by, replaced
from hearings.status import IN_ROOM, PresenceStatus
from web.words import recorded_acts as recorded_words
from web.words.i18n import _, language_here, state_name
from web.words.recorded_acts import Shown

Option = tuple[str, str]
"""A value and what it is called."""


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
class Rows:
    """What can be chosen from."""

    hearing: Hearing
    people: Sequence[Participant]
    files: Sequence[Attachment]
    """Of the request."""
    entries: Sequence[HearingEvent]
    shown: Shown


def forms(rows: Rows, role: Role | None, *, corrects: int | None = None) -> list[KindForm]:
    """The kinds somebody in this role may record; with `corrects` the kind of that entry, and its withdrawal."""
    old = next((one for one in rows.entries if one.seq == corrects), None)
    return [
        KindForm(
            kind=kind.value,
            label=_(recorded_words.TITLES[kind]),
            fields=[_field(rows, kind, name, field, correcting=old is not None) for name, field in one.fields.items()],
        )
        for kind, one in KINDS.items()
        if may(_needs(one, old), role, own=True).allowed
        and (not one.withdraws if old is None else _fits(kind, one, old))
    ]


def _needs(kind: Kind, old: HearingEvent | None) -> str:
    """What the table asks of who records it; to withdraw an entry, what it asks of who makes one like it."""
    return KINDS[EventKind(old.kind)].needs if kind.withdraws and old is not None else kind.needs


def _fits(kind: EventKind, one: Kind, old: HearingEvent) -> bool:
    return one.withdraws or kind == old.kind


def correctable(event: HearingEvent, entries: Sequence[HearingEvent], role: Role | None) -> bool:
    """Whether somebody in this role can correct or withdraw an entry."""
    kind = EventKind(event.kind)
    stands = event.seq not in replaced(entries) and not KINDS[kind].withdraws
    return stands and may(KINDS[kind].needs, role, own=True).allowed and correctable_by(event, role)


def values(event: HearingEvent, shown: Shown) -> dict[str, str]:
    """What the fields of an entry hold, as a form takes it."""
    found: dict[str, str] = {}
    for name, field in KINDS[EventKind(event.kind)].fields.items():
        value = event.data.get(name)
        if value is not None:
            held = str(value["id"] if isinstance(value, dict) else value)
            found[name] = shown.quoted(held) if field.sort is Sort.text else held
    return found


def _field(rows: Rows, kind: EventKind, name: str, field: Field, *, correcting: bool) -> FieldForm:
    options = None if field.sort is Sort.text else list(_options(rows, field, correcting=correcting))
    return FieldForm(name=name, label=recorded_words.field(kind, name), required=field.required, options=options)


def _options(rows: Rows, field: Field, *, correcting: bool) -> Iterable[Option]:
    hearing = rows.hearing
    match field.sort:
        case Sort.participant:
            for one in rows.people:
                here = one.presence in IN_ROOM or (correcting and one.presence is not PresenceStatus.invited)
                if one.role in field.roles and here:
                    yield one.id, rows.shown.names[one.id]
        case Sort.state:
            yield from ((one, state_name(one)) for one in (hearing.requesting_state, hearing.requested_state))
        case Sort.language:
            spoken = [hearing.language_requesting, hearing.language_requested, *(one.speaks for one in rows.people)]
            yield from ((one, language_here(one)) for one in dict.fromkeys(spoken))
        case Sort.choice:
            yield from ((one, _(recorded_words.CHOICES[one])) for one in field.choices)
        case Sort.exhibit:
            for file in rows.files:
                if file.kind is AttachmentKind.exhibit:
                    yield file.id, f"{rows.shown.quoted(file.name)} ({file.sha256[:8]}…)"
        case Sort.entry:
            gone = replaced(rows.entries)
            for event in rows.entries:
                if event.kind in field.kinds and event.seq not in gone:
                    yield str(event.seq), _entry(event, rows.shown)


def _entry(event: HearingEvent, shown: Shown) -> str:
    """`entry 12: Objection, A leading question.`"""
    title, number = _(recorded_words.TITLES[EventKind(event.kind)]), _("entry {n}").format(n=event.seq)
    return f"{number}: {title}, {shown.quoted(str(event.data.get('text', '')))[:60]}"


def chosen(form: KindForm, given: Mapping[str, str]) -> dict[str, str]:
    """What of a page's form belongs to this kind."""
    return {field.name: given[field.name] for field in form.fields if given.get(field.name, "").strip()}
