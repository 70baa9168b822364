"""Script cards: what is read out in a hearing, and which text is read under whose law in which language. Pure.

`data/scripts.yaml` describes cards and neutral drafts, `data/oath_forms.csv` what a State's courts commonly use before
testimony. A State's own texts come from the operator's folder (docs/cards.md). `Scripts.sheet` chooses; it never passes
off a draft as a State's text, nor one State's text as another's, nor one text as the translation of another.
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from hearings import languages
from hearings.errors import UnknownLanguage
from hearings.events import EventKind
from hearings.models.request import Capacity
from hearings.roles import Role
from hearings.status import SittingStatus

DATA = files("hearings") / "data"
NEUTRAL = "*"
LONGEST = 1500
"""Longest text with its placeholders, in characters; filled in it still fits into an entry of the log."""
LAWS = ("requesting", "requested", "both", "either", "own")
ANSWERS = ("yes", "no", "other", "claims", "not_required")
FORMS = ("oath", "affirmation", "caution")
STATUSES = ("draft", "local_review", "approved", "withdrawn")
KNOWN = frozenset({"presiding", "court", "law", "requesting_state", "requested_state", "requested_authority"})
"""Placeholders that the service fills in."""
TYPED = ("charge", "invoked", "beside", "last_heard", "means")
"""Placeholders that whoever reads fills in."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class ScriptError(Exception):
    """A file of cards or texts cannot be used. The text names the file, the row and what was expected."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One card. The fields are those of `data/scripts.yaml`."""

    id: str
    when: frozenset[str]
    read_by: tuple[Role, ...]
    to: tuple[Role, ...]
    """Empty: everybody at once."""
    capacities: tuple[str, ...]
    law: str
    answers: tuple[str, ...]
    events: Mapping[str, EventKind]
    form: str
    group: str
    settled_by: str
    each_sitting: bool
    due: bool
    self_answer: bool

    def event(self, press: str, answer: str = "") -> EventKind:
        """The kind of the entry that a press makes."""
        plain = {"read": EventKind.card_read, "answer": EventKind.card_answered}
        if answer == "other":
            return EventKind.card_answered
        return self.events.get(answer) or self.events.get(press) or plain[press]


@dataclass(frozen=True, kw_only=True)
class ScriptText:
    """The text of a card for one State's law or for any (`*`), in one language and version."""

    card: str
    jurisdiction: str
    capacity: str
    language: str
    version: int
    text: str
    status: str
    approved_by: str
    approved_on: date | None
    valid_from: date | None
    valid_to: date | None
    source: str

    @property
    def approved(self) -> bool:
        """Whether an authority of the State has approved it."""
        return self.status == "approved"

    def valid(self, on: date) -> bool:
        """Whether it may be shown on a day: not withdrawn, within its dates, not before its approval."""
        began = max((day for day in (self.valid_from, self.approved_on) if day), default=on)
        return self.status != "withdrawn" and began <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def typed(self) -> str:
        """The placeholder that whoever reads fills in; empty if there is none."""
        return next((name for name in placeholders(self.text) if name in TYPED), "")


@dataclass(frozen=True, kw_only=True)
class CardText:
    """A text exactly as it is shown, and what it is."""

    card: str
    jurisdiction: str
    capacity: str
    language: str
    version: int
    approved: bool
    approved_by: str
    approved_on: str
    wanted: str
    """The language it was wanted in."""
    text: str
    sha256: str

    @property
    def translated(self) -> bool:
        """Whether it is in the language it was wanted in."""
        return languages.same(self.language, self.wanted)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A card's text in the language of whoever reads and in that of the person; None if both speak one language."""

    reader: CardText
    person: CardText | None
    typed: str
    """The placeholder to fill in; empty if there is none."""

    @property
    def texts(self) -> tuple[CardText, ...]:
        """Both texts, or the one."""
        return (self.reader,) if self.person is None else (self.reader, self.person)

    @property
    def drafts(self) -> frozenset[str]:
        """Hashes of the texts that no State has approved: to be taken over before they are read."""
        return frozenset(shown.sha256 for shown in self.texts if not shown.approved)


@dataclass(frozen=True, kw_only=True)
class Scripts:
    """Every card and text."""

    cards: Mapping[str, Card]
    texts: tuple[ScriptText, ...]
    own: frozenset[str] = field(default_factory=frozenset)
    """States that have texts of their own."""

    def family(self, card: str, law: str, capacity: str, on: date) -> tuple[ScriptText, ...]:
        """The text of a card under the law of a State, in all its languages.

        In this order: what the State has approved, its own drafts, the neutral drafts; of each the text for the
        capacity, then the one for any, and of those the highest version. Never the text of another State. Empty if
        there is none.
        """
        found: dict[tuple[int, int, int], list[ScriptText]] = {}
        for row in self.texts:
            fits = row.card == card and row.jurisdiction in (law, NEUTRAL) and row.capacity in (capacity, NEUTRAL)
            if fits and row.valid(on):
                found.setdefault(_rank(row), []).append(row)
        best = min(found, default=None)
        if best is None:
            return ()
        first = found[best][0]
        same = (first.jurisdiction, first.capacity, first.version)
        return tuple(
            row for rows in found.values() for row in rows if (row.jurisdiction, row.capacity, row.version) == same
        )

    def sheet(
        self,
        card: str,
        *,
        law: str,
        capacity: str,
        reader: str,
        person: str,
        on: date,
        values: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Sheet | None:
        """The text to read out, in the language of `reader` and of `person` (BCP 47); None if there is none at all.

        `values` by language of the text; what they do not name stays as a placeholder. Without a text in a language
        there is no translation: the text is then in another of its languages, and `CardText.translated` is False.
        """
        rows = self.family(card, law, capacity, on)
        if not rows:
            return None
        texts = [
            _card_text(_in_language(rows, wanted), wanted, values or {})
            for wanted in ([reader] if languages.same(reader, person) else [reader, person])
        ]
        return Sheet(reader=texts[0], person=texts[1] if len(texts) > 1 else None, typed=rows[0].typed)

    def unapproved(self, states: Sequence[str], on: date) -> list[tuple[str, str]]:
        """States and cards for which a State has approved no text that is valid on the day."""
        return [
            (state, card)
            for state in states
            for card in self.cards
            if not any(
                row.card == card and row.jurisdiction == state and row.approved and row.valid(on) for row in self.texts
            )
        ]


def _rank(row: ScriptText) -> tuple[int, int, int]:
    whose = 2 if row.jurisdiction == NEUTRAL else 0 if row.approved else 1
    return whose, int(row.capacity == NEUTRAL), -row.version


def _in_language(rows: Sequence[ScriptText], wanted: str) -> ScriptText:
    """The text in a language, an approved one first; else the approved one, the English one, the first."""
    spoken = [row for row in rows if languages.same(row.language, wanted)]
    if spoken:
        return min(spoken, key=lambda row: (not row.approved, row.language != wanted))
    return min(rows, key=lambda row: (not row.approved, not languages.same(row.language, "en")))


def _card_text(row: ScriptText, wanted: str, values: Mapping[str, Mapping[str, str]]) -> CardText:
    text = filled(row.text, values.get(row.language, {}))
    return CardText(
        card=row.card,
        jurisdiction=row.jurisdiction,
        capacity=row.capacity,
        language=row.language,
        version=row.version,
        approved=row.approved,
        approved_by=row.approved_by,
        approved_on=row.approved_on.isoformat() if row.approved_on else "",
        wanted=wanted,
        text=text,
        sha256=sha256(text),
    )


def placeholders(text: str) -> list[str]:
    """The names of the placeholders of a text, in their order."""
    return _PLACEHOLDER.findall(text)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in, in one pass and normalised (NFC); unknown values stay as they are."""
    whole = _PLACEHOLDER.sub(lambda match: values.get(match[1]) or match[0], text)
    return unicodedata.normalize("NFC", whole)


def sha256(text: str) -> str:
    """SHA-256 over the text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


# --- files -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OathForms:
    """What a State's courts commonly use for an adult witness: forms, and what is known of it in words."""

    forms: Mapping[str, tuple[str, ...]]
    """By role, witness and interpreter."""
    detail: str
    confidence: str


_COMMON = {"choice": ("oath", "affirmation"), "none": (), **{form: (form,) for form in FORMS}}


@cache
def oath_forms() -> Mapping[str, OathForms]:
    """By State, what its courts commonly use; to be confirmed by the State before use."""
    rows = csv.DictReader((DATA / "oath_forms.csv").read_text(encoding="utf-8").splitlines())
    return {
        row["state"]: OathForms(
            forms={role: _COMMON[row[role]] for role in ("witness", "interpreter")},
            detail=row["detail"],
            confidence=row["confidence"],
        )
        for row in rows
    }


_TEXT_KEYS = {
    *("card", "jurisdiction", "capacity", "version", "status", "approved_by", "approved_on", "valid_from"),
    *("valid_to", "source", "in"),
}


def read(text: str, name: str, *, shipped: bool) -> tuple[Mapping[str, Card], tuple[ScriptText, ...]]:
    """The cards and texts of one file. Raises `ScriptError`.

    Only the `shipped` file has cards and neutral texts; a file of the operator has the texts of States.
    """
    try:
        whole = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScriptError(f"{name}: not YAML: {error}") from None
    parts = {"cards", "texts"} if shipped else {"texts"}
    if not isinstance(whole, dict) or set(whole) != parts or not all(isinstance(rows, list) for rows in whole.values()):
        raise ScriptError(f"{name}: expected {' and '.join(sorted(parts))}, each a list, and nothing else")
    cards = {str(row["id"]): _card(row) for row in whole.get("cards", [])}
    rows = enumerate(whole["texts"], 1)
    return cards, tuple(one for number, row in rows for one in _texts(row, f"{name}, text {number}", shipped))


def _card(row: Mapping[str, Any]) -> Card:
    """A card of the shipped file; a test examines each."""
    return Card(
        id=row["id"],
        when=frozenset(SittingStatus(status) for status in row["when"]),
        read_by=tuple(Role(role) for role in row["read_by"]),
        to=tuple(Role(role) for role in row["to"]),
        capacities=tuple(Capacity(capacity) for capacity in row["capacities"]),
        law=row["law"],
        answers=tuple(row["answers"]),
        events={press: EventKind(kind) for press, kind in row.get("events", {}).items()},
        form=row.get("form", ""),
        group=row.get("group", ""),
        settled_by=row.get("settled_by", ""),
        each_sitting=row.get("each_sitting", False),
        due=row["due"],
        self_answer=row.get("self_answer", False),
    )


def _texts(row: Any, where: str, shipped: bool) -> Iterator[ScriptText]:
    if not isinstance(row, dict) or not {"card", "in"} <= set(row) <= _TEXT_KEYS or not isinstance(row["in"], dict):
        raise ScriptError(f"{where}: expected card and in, and of the others only {', '.join(sorted(_TEXT_KEYS))}")
    state, status = str(row.get("jurisdiction", NEUTRAL)), str(row.get("status", "draft"))
    version, capacity = row.get("version", 1), str(row.get("capacity", NEUTRAL))
    by, on = str(row.get("approved_by") or ""), _day(row, "approved_on", where)
    neutral = state == NEUTRAL
    whose = "jurisdiction: a State, as ISO 3166-1 alpha-2 in quotes" if neutral else "no State here"
    for wrong, expected in (
        (neutral is not shipped, whose),
        (not neutral and state not in Locale.parse("en").territories, f"jurisdiction: a State, not {state!r}"),
        (status not in STATUSES, f"status: one of {', '.join(STATUSES)}, not {status!r}"),
        (neutral and status == "approved", "status: a neutral text is nobody's to approve"),
        (status == "approved" and not (by and on), "approved_by and approved_on of an approved text"),
        (status != "approved" and bool(by or on), "approved_by and approved_on of an approved text only"),
        (type(version) is not int or version < 1, f"version: a whole number from 1, not {version!r}"),
        (capacity not in {NEUTRAL, "interpreter", *Capacity}, f"capacity: one of enums.yaml, not {capacity!r}"),
        (not row["in"], "in: at least one language"),
    ):
        if wrong:
            raise ScriptError(f"{where}: expected {expected}")
    for tag, text in row["in"].items():
        yield ScriptText(
            card=str(row["card"]),
            jurisdiction=state,
            capacity=capacity,
            language=_tag(tag, where),
            version=version,
            text=_words(text, where),
            status=status,
            approved_by=by,
            approved_on=on,
            valid_from=_day(row, "valid_from", where),
            valid_to=_day(row, "valid_to", where),
            source=str(row.get("source", "")),
        )


def _tag(tag: object, where: str) -> str:
    try:
        return languages.language(str(tag))
    except UnknownLanguage:
        raise ScriptError(f"{where}: expected a language tag in quotes, not {tag!r}") from None


def _words(text: object, where: str) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise ScriptError(f"{where}: expected a text of at most {LONGEST} characters in each language")
    names = placeholders(text)
    unknown = [name for name in names if name not in KNOWN and name not in TYPED]
    if unknown or len({name for name in names if name in TYPED}) > 1 or "{" in _PLACEHOLDER.sub("", text):
        known = ", ".join([*sorted(KNOWN), *TYPED])
        raise ScriptError(f"{where}: expected the placeholders {known}, at most one of {', '.join(TYPED)}")
    return unicodedata.normalize("NFC", text.strip())


def _day(row: Mapping[str, Any], name: str, where: str) -> date | None:
    value = row.get(name)
    if value is None or type(value) is date:
        return value
    raise ScriptError(f"{where}: expected {name} as a day, such as 2027-01-31, not {value!r}")


def load(folder: Path | None) -> Scripts:
    """The shipped cards and texts, and those of the operator's folder (`*.yaml`). Raises `ScriptError`."""
    cards, texts = read((DATA / "scripts.yaml").read_text(encoding="utf-8"), "scripts.yaml", shipped=True)
    try:
        for path in sorted(folder.glob("*.yaml")) if folder is not None else ():
            texts += read(path.read_text(encoding="utf-8"), str(path), shipped=False)[1]
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{folder}: cannot be read: {error}") from None
    if folder is not None and not folder.is_dir():
        raise ScriptError(f"{folder}: expected a folder")
    seen: set[tuple[object, ...]] = set()
    for row in texts:
        key = (row.card, row.jurisdiction, row.capacity, row.version, row.language)
        if row.card not in cards:
            raise ScriptError(f"a text of {row.jurisdiction}: there is no card {row.card!r}")
        if key in seen:
            raise ScriptError(f"{row.card} of {row.jurisdiction}, version {row.version}, {row.language}: there are two")
        seen.add(key)
    _same_gaps(texts)
    own = frozenset(row.jurisdiction for row in texts if row.jurisdiction != NEUTRAL)
    return Scripts(cards=cards, texts=texts, own=own)


def _same_gaps(texts: Sequence[ScriptText]) -> None:
    """One text leaves the same to fill in in all its languages. Raises `ScriptError`."""
    typed: dict[tuple[object, ...], str] = {}
    for row in texts:
        key = (row.card, row.jurisdiction, row.capacity, row.version)
        if typed.setdefault(key, row.typed) != row.typed:
            raise ScriptError(
                f"{row.card} of {row.jurisdiction}, version {row.version}: expected one gap in all languages"
            )


_loaded: list[Scripts] = []


def bring_in(folder: Path | None) -> None:
    """Load the texts of the operator's folder, once, when a process begins. Raises `ScriptError`."""
    _loaded[:] = [load(folder)]


def current() -> Scripts:
    """The cards and texts of this process: those of `bring_in`, else the shipped ones."""
    if not _loaded:
        bring_in(None)
    return _loaded[0]
