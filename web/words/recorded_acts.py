"""Recorded acts in the words of the person who reads them; protected persons by role and number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hearings.events import EventKind
from hearings.minutes.facts import redacted, secrets
from hearings.minutes.phrases import Joined, say
from hearings.models import HearingEvent, Participant
from hearings.people.protected_names import protected
from hearings.sitting.recorded_acts import KINDS, Sort
from web.words import roles
from web.words.i18n import N_, _, about, current, in_turn, language_here, ngettext, one_by_one, state_name

K = EventKind
TITLES: dict[EventKind, str] = {
    K.log_note: N_("Note"),
    K.rights_notice: N_("Rights explained"),
    K.oath: N_("Oath, affirmation or caution"),
    K.interpreting: N_("Interpreting"),
    K.objection: N_("Objection"),
    K.privilege_claim: N_("Privilege claimed"),
    K.ruling: N_("Ruling"),
    K.exhibit_shown: N_("Exhibit shown"),
    K.intervention: N_("Intervention of the requested authority"),
    K.remark: N_("Remark"),
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
    "law": N_("Under the law of"),
    "language": N_("Language"),
    "exhibit": N_("Exhibit"),
    "text": N_("Text"),
}
SPECIAL: dict[tuple[EventKind, str], str] = {
    (K.log_note, "text"): N_("Note"),
    (K.rights_notice, "by"): N_("Explained by"),
    (K.rights_notice, "text"): N_("Text used, or a remark"),
    (K.oath, "text"): N_("Words, or where they stand"),
    (K.interpreting, "participant"): N_("Interpreter"),
    (K.interpreting, "text"): N_("Remark"),
    (K.objection, "participant"): N_("Raised by"),
    (K.objection, "text"): N_("Against what, and why"),
    (K.privilege_claim, "text"): N_("Which privilege, and for what"),
    (K.ruling, "by"): N_("Decided by"),
    (K.ruling, "text"): N_("Reasons"),
    (K.exhibit_shown, "participant"): N_("Shown to"),
    (K.exhibit_shown, "by"): N_("Shown by"),
    (K.exhibit_shown, "text"): N_("Which part, or a remark"),
    (K.intervention, "text"): N_("Against what, and on which principle"),
    (K.remark, "text"): N_("Remark, for the minutes"),
    (K.entry_withdrawn, "text"): N_("Why"),
}
"""Where a field of a kind is called otherwise."""
CHOICES: dict[str, str] = {
    "oath": N_("Oath"),
    "affirmation": N_("Affirmation"),
    "caution": N_("Caution"),
    "taken": N_("Taken or acknowledged"),
    "refused": N_("Refused by the person"),
    "not_required": N_("Not required by that law"),
    "consecutive": N_("Consecutive from here on"),
    "simultaneous": N_("Simultaneous from here on"),
    "break_begun": N_("Break begun"),
    "break_ended": N_("Break ended"),
    "handed_over": N_("Takes over from a colleague"),
    "quality_good": N_("Found good"),
    "quality_poor": N_("Found wanting"),
    "upheld": N_("Upheld"),
    "upheld_in_part": N_("Upheld in part"),
    "rejected": N_("Rejected"),
    "reserved": N_("Reserved for later"),
}


@dataclass(frozen=True)
class Shown:
    """How the people of a hearing are called here, and names that must not be read."""

    names: Mapping[str, str]
    hidden: Mapping[str, Joined]

    def quoted(self, text: str) -> str:
        """What somebody typed, without names of protected persons."""
        return say(redacted(text, self.hidden), current.get().tag, _here) or ""


def _here(message: str, plural: str = "", n: int = 1, /) -> str:
    return ngettext(message, plural, n) if plural else _(message)


def shown(people: Sequence[Participant], person_name: str = "") -> Shown:
    """By ids of participants and of staff. `person_name`: of the person heard, as the request has it."""
    names: dict[str, str] = {}
    for one in people:
        names[one.id] = name_of(one)
        if one.person_id:
            names[one.person_id] = names[one.id]
    return Shown(names, dict(secrets(person_name, people)))


def name_of(one: Participant) -> str:
    """The name, or for a protected person role and number."""
    return f"{roles.label(one.role)} {one.number}" if protected(one) else one.display_name


def field(kind: EventKind, name: str) -> str:
    """What a field is called."""
    return _(SPECIAL.get((kind, name), FIELDS[name]))


def detail(event: HearingEvent, found: Shown, *, participant: bool = True) -> str:
    """What was recorded, field by field; without its person when that is told apart."""
    return in_turn(_pieces(event, found, participant=participant))


def _pieces(event: HearingEvent, found: Shown, *, participant: bool) -> Iterator[str]:
    kind = EventKind(event.kind)
    if event.data.get("corrects"):
        yield _("in place of entry {n}").format(n=event.data["corrects"])
    for name, one in KINDS[kind].fields.items():
        value = event.data.get(name)
        if value is None or (name == "participant" and not participant):
            continue
        said = _value(one.sort, value, found)
        yield said if one.sort is Sort.text else about(field(kind, name), said)


def _value(sort: Sort, value: object, found: Shown) -> str:
    match sort:
        case Sort.participant:
            return found.names.get(str(value), "–")
        case Sort.state:
            return state_name(str(value))
        case Sort.language:
            return language_here(str(value))
        case Sort.choice:
            return _(CHOICES[str(value)])
        case Sort.exhibit:
            assert isinstance(value, dict)
            return one_by_one((found.quoted(value["name"]), f"SHA-256 {value['sha256']}"))
        case Sort.entry:
            return _("entry {n}").format(n=value)
        case Sort.text:
            return _("“{text}”").format(text=found.quoted(str(value)))


def by(event: HearingEvent, found: Shown) -> str:
    """Who recorded it: the name, or the part of a system that acts for its State."""
    return found.names.get(event.actor) or roles.label(event.actor_role)
