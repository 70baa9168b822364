"""Whether a request says what UNTOC art. 18(15)(a)-(f) and UNCAC art. 46(15)(a)-(f) ask of it, letter by letter. Pure.

What the text demands and nobody has written is missing and stops the submission. What is written but says little, or
what the text asks for only "where possible", is thin: it is shown, and stops nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings import languages
from hearings.models import HearingRequest, Translation
from hearings.requests.rules import rules
from hearings.sentences import Sentence, Tongue, tell, tell_n


class Found(StrEnum):
    """What there is of one item, or of a whole letter."""

    given = "given"
    thin = "thin"
    missing = "missing"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing a letter asks for. `field` is the column that holds it."""

    field: str
    found: Found
    text: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "found": self.found.value, "text": self.text}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter of paragraph 15."""

    letter: str
    asks: str
    items: tuple[Item, ...]

    @property
    def found(self) -> Found:
        """The worst of its items."""
        worst = {one.found for one in self.items}
        return Found.missing if Found.missing in worst else Found.thin if Found.thin in worst else Found.given

    def as_json(self) -> dict[str, Any]:
        return {
            "letter": self.letter,
            "provisions": [f"UNTOC art. 18(15)({self.letter})", f"UNCAC art. 46(15)({self.letter})"],
            "asks": self.asks,
            "found": self.found.value,
            "items": [one.as_json() for one in self.items],
        }


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """All six letters, and what is besides them."""

    letters: tuple[Letter, ...]
    others: tuple[Item, ...] = ()
    """What no letter asks for and the request still needs, or would be better with."""

    @property
    def missing(self) -> tuple[Item, ...]:
        """What stops the submission."""
        return tuple(one for one in self._all if one.found is Found.missing)

    @property
    def thin(self) -> tuple[Item, ...]:
        """What would make it better."""
        return tuple(one for one in self._all if one.found is Found.thin)

    @property
    def _all(self) -> list[Item]:
        return [one for letter in self.letters for one in letter.items] + list(self.others)

    def as_json(self) -> dict[str, Any]:
        return {
            "complete": not self.missing,
            "letters": [one.as_json() for one in self.letters],
            "others": [one.as_json() for one in self.others],
        }


LETTERS: tuple[tuple[str, Sentence, tuple[tuple[str, bool, Sentence], ...]], ...] = (
    (
        "a",
        tell("The identity of the authority making the request"),
        (
            ("requesting_authority", True, tell("the requesting authority")),
            ("authority_contact", False, tell("a person to turn to")),
            ("authority_mailbox", False, tell("the authority's mailbox")),
        ),
    ),
    (
        "b",
        tell("The subject matter and nature of the proceedings, and who conducts them with what functions"),
        (
            ("case_number", True, tell("the case number")),
            ("proceeding_nature", True, tell("the nature of the proceedings")),
            ("proceeding_subject", True, tell("the subject of the proceedings")),
            ("conducting_authority", True, tell("the authority that conducts the proceedings")),
            ("conducting_functions", True, tell("the functions of that authority")),
            ("stage", False, tell("the stage of the proceedings")),
        ),
    ),
    (
        "c",
        tell("A summary of the relevant facts"),
        (
            ("offence_summary", True, tell("a summary of the offence")),
            ("offences", False, tell("the offences by name and provision")),
            ("penalty_max", False, tell("the highest penalty")),
            ("convention_link", False, tell("how the facts fall under the convention")),
        ),
    ),
    (
        "d",
        tell("The assistance sought, and any particular procedure to be followed"),
        (
            ("reason_text", False, tell("the reasons for a hearing by video in this case")),
            ("recording_asked", False, tell("whether the hearing is to be recorded")),
            ("interpreter_side", False, tell("who provides the interpreter")),
            ("oath_form", False, tell("what the person says before being heard")),
        ),
    ),
    (
        "e",
        tell("Where possible, the identity, place and nationality of the person"),
        (
            ("person_name", True, tell("the person to be heard")),
            ("person_nationality", False, tell("the person's nationality")),
            ("person_address", False, tell("where the person is")),
            ("person_born", False, tell("the person's date of birth")),
        ),
    ),
    (
        "f",
        tell("The purpose for which the evidence is sought"),
        (("purpose", True, tell("the purpose for which the evidence is sought")),),
    ),
)
"""Letter, what it asks, and its items: column, whether the text demands it, and what it is."""

OTHERS: tuple[tuple[str, Sentence], ...] = (
    ("requested_authority", tell("the requested authority")),
    ("language_of_person", tell("the person's language")),
    ("language_of_court", tell("the court's language")),
    ("instruments", tell("the instrument relied on")),
)
"""What no letter names and a hearing cannot be arranged without."""


def completeness(request: HearingRequest, translations: Sequence[Translation] = ()) -> Completeness:
    """What paragraph 15 asks, and what of it there is."""
    letters = tuple(
        Letter(letter=letter, asks=asks, items=tuple(_item(request, *one) for one in items))
        for letter, asks, items in LETTERS
    )
    others = [_item(request, name, True, what) for name, what in OTHERS]
    return Completeness(letters=letters, others=(*others, *_lint(request, translations)))


def _item(request: HearingRequest, field: str, demanded: bool, what: Sentence) -> Item:
    value = getattr(request, field)
    if field in ("interpreter_side",) and not _needs_interpreter(request):
        return Item(field=field, found=Found.given, text=tell("No interpreter is needed"))
    if value is None or value in ("", []):
        if field == "authority_mailbox" and request.authority_phone:
            return Item(field=field, found=Found.given, text=tell("A telephone number"))
        missing = tell("Missing: {what}", what=what)
        return Item(field=field, found=Found.missing if demanded else Found.thin, text=missing)
    least = rules()["thin"].get(field, 0)
    if isinstance(value, str) and len(value) < least:
        short = tell_n(
            "Short: {what} ({n} character of {least} or more)",
            "Short: {what} ({n} characters of {least} or more)",
            len(value),
            what=what,
            least=least,
        )
        return Item(field=field, found=Found.thin, text=short)
    if field == "offences" and not all(any(sign.isdigit() for sign in line) for line in value.split("\n") if line):
        return Item(field=field, found=Found.thin, text=tell("An offence without the number of its provision"))
    return Item(field=field, found=Found.given, text=tell("Stated: {what}", what=what))


def _needs_interpreter(request: HearingRequest) -> bool:
    one, other = request.language_of_person, request.language_of_court
    return not (one and other and languages.same(one, other))


def _lint(request: HearingRequest, translations: Sequence[Translation]) -> list[Item]:
    """What a reader on the other side would ask back about (UNODC paper, paragraph 42)."""
    found = [
        (
            "translations",
            one.machine and not one.reviewer,
            tell("A machine's translation nobody has read: {language}", language=Tongue.of(one.language)),
        )
        for one in translations
    ]
    urgent = request.urgent and not request.urgent_reason
    found += [
        ("urgent_reason", urgent, tell("Urgent, but not said why")),
        (
            "wanted_by_reason",
            bool(request.wanted_by and not request.wanted_by_reason),
            tell("A day is set, but not said why"),
        ),
        (
            "protection_reason",
            bool(request.protection_requested and not request.protection_reason),
            tell("Protection is asked for, but not said why"),
        ),
        (
            "evidence_risk_reason",
            bool(request.evidence_risk and not request.evidence_risk_reason),
            tell("Evidence may be lost, but not said how"),
        ),
        (
            "dual_criminality",
            bool(request.instruments == [] and not request.dual_criminality),
            tell("Without a treaty, say how the act is punishable in both States"),
        ),
    ]
    return [Item(field=field, found=Found.thin, text=text) for field, bad, text in found if bad]
