"""Recorded acts in the reader's language, with protected persons by role and number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearings.events import EventKind
from hearings.minutes.facts import SECTIONS, redacted, secrets
from hearings.models import HearingEvent, Participant
from hearings.people.staff import protected
from hearings.sitting.cards import CARDS
from hearings.sitting.recorded_acts import GROUNDS, KINDS, PRIVILEGES, Sort
from web.words import roles
from web.words.i18n import N_, _, about, in_turn, language_here, one_by_one, state_name
from web.words.sentences import translated

K = EventKind
TITLES: dict[EventKind, str] = {
    K.log_note: N_("Note"),
    K.rights_notice: N_("Rights explained"),
    K.counsel_waived: N_("Counsel waived"),
    K.oath: SECTIONS["oath"],
    K.interpreting: N_("Interpreting"),
    K.objection: N_("Objection"),
    K.privilege_claim: N_("Privilege claimed"),
    K.objection_withdrawn: N_("Objection or claim withdrawn"),
    K.ruling: N_("Ruling"),
    K.exhibit_shown: N_("Exhibit shown"),
    K.intervention: N_("Intervention of the requested authority"),
    K.remark: N_("Remark"),
    K.counsel_asked: N_("Counsel asked for"),
    K.card_adopted: N_("Draft of a card taken over"),
    K.card_read: N_("Card read out"),
    K.card_rendered: N_("Card interpreted"),
    K.card_answered: N_("Card answered"),
    K.entry_withdrawn: N_("Entry withdrawn"),
}
FIELDS: dict[str, str] = {
    "participant": N_("Person"),
    "by": N_("Administered by"),
    "form": N_("Form"),
    "outcome": N_("Outcome"),
    "what": N_("What"),
    "ruling": N_("Decision"),
    "on": N_("On what"),
    "ground": N_("Ground"),
    "law": N_("Under the law of"),
    "language": N_("Language"),
    "exhibit": N_("Exhibit"),
    "interpreter": N_("Interpreter"),
    "answer": N_("Answer"),
    "text": N_("Text"),
}
SPECIAL: dict[tuple[EventKind, str], str] = {
    (K.log_note, "text"): N_("Note"),
    (K.rights_notice, "by"): N_("Explained by"),
    (K.rights_notice, "text"): N_("Text used, or a remark"),
    (K.counsel_asked, "text"): N_("Remark"),
    (K.card_read, "participant"): N_("Read to"),
    (K.card_read, "by"): N_("Read by"),
    (K.card_rendered, "participant"): N_("Read to"),
    (K.card_answered, "text"): N_("Word for word"),
    (K.counsel_waived, "by"): N_("Accepted by"),
    (K.counsel_waived, "text"): N_("What the person said"),
    (K.oath, "text"): N_("Wording, or where it is found"),
    (K.interpreting, "participant"): N_("Interpreter"),
    (K.interpreting, "text"): N_("Remark"),
    (K.objection, "participant"): N_("Raised by"),
    (K.objection, "text"): N_("Against what, and why"),
    (K.privilege_claim, "text"): N_("Which privilege, and for what"),
    (K.objection_withdrawn, "by"): N_("Withdrawn by"),
    (K.objection_withdrawn, "text"): N_("Why"),
    (K.ruling, "by"): N_("Decided by"),
    (K.ruling, "text"): N_("Reasons"),
    (K.exhibit_shown, "participant"): N_("Shown to"),
    (K.exhibit_shown, "by"): N_("Shown by"),
    (K.exhibit_shown, "text"): N_("Which part, or a remark"),
    (K.intervention, "text"): N_("Against what, and on which principle"),
    (K.remark, "text"): N_("Remark, for the minutes"),
    (K.entry_withdrawn, "text"): N_("Why"),
}
"""Labels of fields that differ from `FIELDS` in one kind of act."""
CHOICES: dict[str, str] = {
    "oath": N_("Oath"),
    "affirmation": N_("Affirmation"),
    "caution": N_("Caution"),
    "taken": N_("Taken or acknowledged"),
    "refused": N_("Refused by the person"),
    "not_required": N_("Not required by that law"),
    "yes": N_("Yes"),
    "no": N_("No"),
    "other": N_("Another answer"),
    "consecutive": N_("Consecutive from here on"),
    "simultaneous": N_("Simultaneous from here on"),
    "break_begun": N_("Break started"),
    "break_ended": N_("Break ended"),
    "handed_over": N_("Takes over from a colleague"),
    "quality_good": N_("Quality good"),
    "quality_poor": N_("Quality poor"),
    "upheld": N_("Upheld"),
    "upheld_in_part": N_("Upheld in part"),
    "rejected": N_("Rejected"),
    "reserved": N_("Reserved for later"),
    **GROUNDS,
    **PRIVILEGES,
}


@dataclass(frozen=True)
class NameRules:
    """The displayed names of the people of a hearing, and the names that must not be displayed."""

    names: Mapping[str, str]
    hidden: Mapping[str, str]

    def quoted(self, text: str) -> str:
        """A text somebody typed, without the names of protected persons."""
        return translated(redacted(text, self.hidden))


REPLACES = N_("replaces entry {n}")


def name_rules(people: Sequence[Participant], person_name: str = "") -> NameRules:
    """The rules by ids of participants and of staff. `person_name` is the name of the person heard in the request."""
    names: dict[str, str] = {}
    for person in people:
        names[person.id] = name_of(person)
        if person.person_id:
            names[person.person_id] = names[person.id]
    return NameRules(names, dict(secrets(person_name, people)))


def name_of(participant: Participant) -> str:
    """The name of a participant; role and number for a protected person."""
    return (
        f"{roles.label(participant.role)} {participant.number}" if protected(participant) else participant.display_name
    )


def field(kind: EventKind, name: str) -> str:
    """The label of a field."""
    return _(SPECIAL.get((kind, name), FIELDS[name]))


def detail(event: HearingEvent, rules: NameRules, *, participant: bool = True) -> str:
    """The fields of a recorded act; without its `participant` where that is displayed separately."""
    return in_turn(_pieces(event, rules, participant=participant))


def _pieces(event: HearingEvent, rules: NameRules, *, participant: bool) -> Iterator[str]:
    kind = EventKind(event.kind)
    if event.data.get("corrects"):
        yield _(REPLACES).format(n=event.data["corrects"])
    if card := event.data.get("card"):
        yield from _card(card)
    for name, spec in KINDS[kind].fields.items():
        value = event.data.get(name)
        if value is None or (name == "participant" and not participant):
            continue
        text = _value(spec.sort, value, rules)
        yield text if spec.sort is Sort.text else about(field(kind, name), text)


def _card(card: Mapping[str, Any]) -> Iterator[str]:
    """The script card of an entry: which, its version, and the hash of each text with what it is."""
    name = CARDS[card["id"]]
    yield about(_("Card"), _(name))
    if card["texts"]:
        yield about(_("Version"), str(card["version"]))
    for text in card["texts"]:
        status = _("approved text") if text["approved"] else _("draft text")
        hashed = f"SHA-256 {text['sha256']}"
        yield about(language_here(text["language"]), one_by_one((status, hashed)))


def _value(sort: Sort, value: object, rules: NameRules) -> str:
    match sort:
        case Sort.participant:
            return rules.names.get(str(value), "–")
        case Sort.state:
            return state_name(str(value))
        case Sort.language:
            return language_here(str(value))
        case Sort.choice:
            return _(CHOICES[str(value)])
        case Sort.exhibit:
            assert isinstance(value, dict)
            return one_by_one((rules.quoted(value["name"]), f"SHA-256 {value['sha256']}"))
        case Sort.entry:
            return _("entry {n}").format(n=value)
        case Sort.text:
            return _("“{text}”").format(text=rules.quoted(str(value)))


def by(event: HearingEvent, rules: NameRules) -> str:
    """The author of a recorded act: the name, or the role of a system that acts for its State."""
    return rules.names.get(event.actor) or roles.label(event.actor_role)
