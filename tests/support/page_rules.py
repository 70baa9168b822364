"""Rules that every page keeps: the order of its headings, one primary button, nothing folded that a person needs."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

UUID = r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z0-9]{4}-[A-Z0-9]{4}|RO-[0-9-]+"
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
NOT_PRIMARY = frozenset({"second", "danger"})
NEEDED = ({"field-error"}, {"inset", "warn"}, {"inset", "rec"}, {"tick", "rec"})
"""Classes of what is an error, a warning, a refusal or overdue: never folded."""
MARKED = frozenset({"chip-rec", "chip-warn", "chip-ask"})
"""Classes of a mark. What is folded may have one if the summary of the fold has one too."""


@dataclass
class Element:
    """An open element: its tag and classes, whether it hides what is in it, and whether it is a summary."""

    tag: str
    classes: frozenset[str]
    hides: bool
    marked: bool = False


@dataclass
class Rules(HTMLParser):
    """What a page breaks, sentence by sentence; a page without an `h1` is no page of the service."""

    levels: list[int] = field(default_factory=list)
    primary: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = frozenset((given.get("class") or "").split())
        if classes & MARKED:
            self.mark(classes)
        if tag == "summary":
            self.open.append(Element(tag, classes, hides=False))
            return
        hidden = self.hidden
        if tag in HEADINGS:
            self.levels.append(int(tag[1]))
        if "button" in classes and not classes & NOT_PRIMARY and not self.gone and given.get("aria-disabled") != "true":
            self.primary.append(given.get("href") or given.get("name") or given.get("id") or tag)
        if hidden and any(needed <= classes for needed in NEEDED):
            self.broken.append(f"folded: {sorted(classes)}")
        if tag not in VOID:
            hides = "hidden" in given or (tag == "details" and "open" not in given) or tag == "template"
            self.open.append(Element(tag, classes, hides))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().tag != tag:
            pass

    def mark(self, classes: frozenset[str]) -> None:
        """Notes a mark: of the fold in whose summary it stands, else of whatever hides it."""
        if any(element.tag == "summary" for element in self.open):
            fold = [element for element in self.open if element.tag == "details"][-1]
            fold.marked = True
        elif "chip-rec" in classes and any(element.hides and not element.marked for element in self.open):
            self.broken.append("folded behind a summary without a mark: chip-rec")

    @property
    def gone(self) -> bool:
        """Whether an element opened here cannot be displayed by unfolding."""
        return any(element.hides and element.tag != "details" for element in self.open)

    @property
    def hidden(self) -> bool:
        """Whether an element opened here is not displayed; the summary of a fold is."""
        inside = [element for element in self.open if element.tag == "summary"]
        hiding = [element for element in self.open if element.hides]
        return len(hiding) > (1 if inside else 0)


def broken_rules(page: str) -> list[str]:
    """The rules that a page breaks."""
    rules = Rules()
    rules.feed(page)
    rules.close()
    broken = list(rules.broken)
    if not rules.levels:
        return broken
    if rules.levels[0] != 1 or rules.levels.count(1) != 1:
        broken.append(f"headings begin with h{rules.levels[0]}, {rules.levels.count(1)} h1")
    leaps = [after for before, after in zip(rules.levels, rules.levels[1:], strict=False) if after > before + 1]
    broken += [f"a heading of level {after} follows one too high" for after in leaps[:1]]
    if len(rules.primary) > 1:
        broken.append(
            f"{len(rules.primary)} primary buttons: {sorted({re.sub(UUID, '*', name) for name in rules.primary})}"
        )
    return broken
