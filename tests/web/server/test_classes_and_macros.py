"""Classes of pages: each that the style sheets name is used, and each that a template uses is in a style sheet."""

import re
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).parents[3] / "web"
SHEETS = sorted((WEB / "static" / "css").glob("*.css"))
ISLANDS = sorted((WEB / "frontend" / "src").rglob("*.css"))
TEMPLATES = sorted(WEB.glob("*/templates/*.html"))
PROGRAMS = [
    *WEB.rglob("*.py"),
    *(WEB / "static" / "js").glob("*.js"),
    *(WEB / "frontend" / "src").rglob("*.ts"),
    *(WEB / "frontend" / "src").rglob("*.tsx"),
]

ATTRIBUTE = re.compile(r'\bclass="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', re.DOTALL)
CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
LITERAL = re.compile(r"""(["'`])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)
NAME = re.compile(r"[A-Za-z][\w-]*")
PALETTE = re.compile(r"(f|k)(\d|-\w+)")
"""The colours of charts and of their keys: each chart takes what it needs of them."""


HOOKS = {"sign", "city"}
"""Classes without a style, by which tests find a form and the city of a time."""


def selected(sheet: Path) -> set[str]:
    """The classes in the selectors of a style sheet."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    return set(re.findall(r"\.([A-Za-z][\w-]*)", re.sub(r'\{[^{}]*\}|"[^"]*"', " ", text)))


def literals(text: str) -> Iterator[str]:
    """The words in the string literals of a program, or of the code in a template."""
    for match in LITERAL.finditer(text):
        yield from NAME.findall(match[2])


def written(template: str) -> tuple[set[str], set[str]]:
    """The classes that stand whole in the attributes of a template, and the beginnings that code completes."""
    whole, begun = set[str](), set[str]()
    for match in ATTRIBUTE.finditer(template):
        plain = CODE.sub(lambda code: "\0" if code[0].startswith("{{") else " ", match[1])
        for word in plain.split():
            (begun if "\0" in word else whole).add(word.partition("\0")[0])
    return whole, begun - {""}


def completed(name: str, beginning: str) -> bool:
    """Code may complete a beginning with a hyphen by a word, another by a number."""
    end = name.removeprefix(beginning)
    return end != name and (beginning.endswith("-") or end.isdecimal())


def test_every_class_of_a_style_sheet_is_used_by_a_template_or_a_program() -> None:
    used, begun = set[str](), set[str]()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        whole, beginnings = written(text)
        used |= whole | {word for code in CODE.findall(text) for word in literals(code)}
        begun |= beginnings
    for path in PROGRAMS:
        used |= set(literals(path.read_text(encoding="utf-8")))
    unused = {
        f"{sheet.name}: .{name}"
        for sheet in SHEETS
        for name in selected(sheet)
        if name not in used
        and not PALETTE.fullmatch(name)
        and not any(completed(name, beginning) for beginning in begun)
    }
    assert unused == set()


def test_every_class_of_a_template_is_in_a_style_sheet() -> None:
    known = {name for sheet in (*SHEETS, *ISLANDS) for name in selected(sheet)}
    unknown = {
        f"{path.name}: {name}"
        for path in TEMPLATES
        for name in written(path.read_text(encoding="utf-8"))[0]
        if name not in known | HOOKS
    }
    assert unknown == set()


def test_every_macro_is_called() -> None:
    """Except charts: test_charts.py draws every kind."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES if path.name != "charts.html")
    made = re.findall(r"\{% macro (\w+)\(", text)
    assert [name for name in made if len(re.findall(rf"\b{name}\(", text)) == made.count(name)] == []


ENDING = re.compile(r"/(retire|revoke|disable|withdraw|refuse|ended|strike|unblock|deactivate|remove|cancel)$")


def test_what_ends_something_stands_behind_a_confirmation_with_its_consequence() -> None:
    """A form that ends something has a field of its own to be filled in, or is the second step of `c.confirm`."""
    bare = []
    for path in TEMPLATES:
        for form in re.findall(r"<form\b.*?</form>", path.read_text(encoding="utf-8"), re.DOTALL):
            action = re.search(r'action="([^"]*)"', form)
            if action and ENDING.search(CODE.sub("x", action[1])) and "_field(" not in form and "<textarea" not in form:
                bare.append((path.name, CODE.sub("…", action[1])))
    assert not bare
