"""No message stands twice in the code: a module that needs what another says imports it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
MARKS = frozenset({"_", "N_", "NP_", "ngettext", "pgettext", "tell", "tell_n"})
LEAST_WORDS = 4
TWICE = {
    "Answer the legal check": "an act, a statement to sign, and a line of the checklist",
    "Consent of the person": "a fact of the legal check, and a measure of the statistics",
    "Stage of the proceedings": "a field of a request, and a cut of the statistics",
    "Format of the recording": "what a request asks for, and a line of a technical agreement",
    "Security code read aloud": "an event, and a line of a technical agreement",
    "Add and retire recipients of recordings": "a scope of API clients, and an act of the table of permissions",
}
"""Messages that two nouns share by chance, and which."""


def examples(path: str) -> bool:
    """Whether the plain texts of a module are examples of API answers."""
    return path.startswith("web/") and path.endswith(("api.py", "bodies.py"))


def texts(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Each text of some words in the code, and whether it is marked as a message; docstrings are none."""
    marked = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS
        for argument in node.args
    }
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if id(node) not in documented and len(text.split()) >= LEAST_WORDS:
            yield text, id(node) in marked


def repeated(sources: dict[str, str]) -> dict[str, set[str]]:
    """Messages that stand in several modules, and in which."""
    where: dict[str, set[str]] = defaultdict(set)
    messages = set()
    for path, source in sources.items():
        for text, is_message in texts(ast.parse(source)):
            if is_message:
                messages.add(text)
            if is_message or not examples(path):
                where[text].add(path)
    return {text: where[text] for text in messages if len(where[text]) > 1}


def test_no_message_stands_in_two_modules() -> None:
    sources = {
        file.relative_to(ROOT).as_posix(): file.read_text("utf-8")
        for package in ("hearings", "scheduler", "web")
        for file in (ROOT / package).rglob("*.py")
        if not {"node_modules", "versions"} & set(file.parts)
    }
    found = repeated(sources)
    assert {text: paths for text, paths in found.items() if text not in TWICE} == {}
    assert found.keys() == TWICE.keys()


def test_a_message_that_stands_twice_would_be_seen() -> None:
    said = 'tell("This stands here and there")'
    assert repeated({"a.py": said, "b.py": f"x = N_({said[5:-1]})"}) == {"This stands here and there": {"a.py", "b.py"}}
    assert repeated({"a.py": said, "b.py": f"x = {said[5:-1]}"}) == {"This stands here and there": {"a.py", "b.py"}}
    assert repeated({"a.py": said, "web/x/bodies.py": f"x = {said[5:-1]}", "c.py": said[5:-1]}) == {}
    assert repeated({"a.py": 'tell("In a word")', "b.py": 'tell("In a word")'}) == {}
