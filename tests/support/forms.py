"""The forms of a page as a browser has them: every control with what it sends when nobody touches it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

FREE = frozenset({"text", "search", "email", "url", "tel", "password", "textarea"})
"""Kinds of controls people type any text into."""
PUSHED = frozenset({"hidden", "radio", "checkbox", "button"})
"""Kinds whose value is not for people to write."""


@dataclass
class Control:
    """One control. `on`: it is ticked, chosen, or sends its value anyway; `most`: how many characters it takes."""

    name: str
    kind: str
    value: str = ""
    on: bool = True
    most: int = 100_000
    options: int = 0
    """How many there are to choose from."""
    fell: bool = False
    """Nobody has said that its value is chosen: it is the first of several."""


@dataclass
class Form:
    """A form. `mark` is whatever the test has marked its template with."""

    method: str
    action: str
    files: bool
    mark: str = ""
    controls: list[Control] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, str | None]:
        """By name the first value there is, None where somebody types or chooses."""
        found: dict[str, str | None] = {}
        for control in self.controls:
            found.setdefault(control.name, control.value if control.kind in PUSHED else None)
        return found

    @property
    def free(self) -> list[Control]:
        """The controls people type any text into."""
        return [control for control in self.controls if control.kind in FREE]

    def untouched(self) -> dict[str, list[str]]:
        """What a browser sends by its first button when nobody has touched the form."""
        sent: dict[str, list[str]] = {}
        pushed = False
        for control in self.controls:
            if control.kind == "button":
                one_on, pushed = not pushed, True
            else:
                one_on = control.on and control.kind != "file"
            if one_on and control.name:
                sent.setdefault(control.name, []).append(control.value)
        return sent


class Forms(HTMLParser):
    """The forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.links: list[str] = []
        self.typed: Control | None = None
        self.chosen: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            files = given.get("enctype", "").startswith("multipart")
            form = Form(given.get("method", "get"), given.get("action", ""), files, given.get("data-form", ""))
            self.found.append(form)
        elif tag == "option" and self.chosen is not None:
            # The first option is chosen as long as none says that it is.
            self.chosen.options += 1
            if not self.chosen.on or "selected" in given:
                self.chosen.value, self.chosen.on = given.get("value", ""), True
            self.chosen.fell = (self.chosen.fell or self.chosen.options == 1) and "selected" not in given
        elif self.found and tag in ("input", "select", "textarea", "button"):
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = tag if tag != "input" else given.get("type") or "text"
        if tag == "button" and given.get("type", "submit") != "submit":
            return
        made = Control(given.get("name", ""), kind, given.get("value", ""), most=int(given.get("maxlength", 100_000)))
        if kind in ("radio", "checkbox"):
            made.on = "checked" in given
            made.value = given.get("value", "on")
        if tag == "textarea":
            self.typed = made
        if tag == "select":
            self.chosen, made.on = made, False
        if (made.name or kind == "button") and "disabled" not in given:
            self.found[-1].controls.append(made)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.typed = None
        elif tag == "select":
            self.chosen = None

    def handle_data(self, data: str) -> None:
        if self.typed is not None:
            first = data.removeprefix("\n") if not self.typed.value else data
            self.typed.value += first.replace("\n", "\r\n")
