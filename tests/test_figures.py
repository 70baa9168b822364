"""The figures see what a tree holds twice, and the draw of docstrings is the same for the same seed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import figures

FUNCTION = """
def {name}({row}):
    \"\"\"What {name} does, in a few words.\"\"\"
    if {row}.closed:
        raise ValueError("A closed {name} is changed by nobody")
    {row}.text = {row}.read("{name}")
    found = {row}.rows()
    {row}.save(found, {row}.text)
    {row}.send()  # whoever waits for {name} hears of it
    return found
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout in which two modules have the same class, message and function, under other names."""
    for folder in ("hearings", "web"):
        (tmp_path / folder).mkdir()
    text = 'class Line:\n    """A line of a page, of some kind."""\n\n\nNEEDED = "A name for this is needed"\n'
    (tmp_path / "hearings/offers.py").write_text(text + FUNCTION.format(name="offer", row="row"))
    (tmp_path / "hearings/sites.py").write_text(text + FUNCTION.format(name="site", row="place"))
    (tmp_path / "web/pages.py").write_text("class Line:\n    pass\n")
    return tmp_path


def test_what_two_modules_have_is_found(tree: Path) -> None:
    numbers, things = figures.figures(tree)
    assert things["class names twice in hearings"] == {"Line": ["hearings/offers.py", "hearings/sites.py"]}
    assert things["class names twice in web"] == {}
    assert things["messages in several places"] == {
        "A name for this is needed": ["hearings/offers.py:5", "hearings/sites.py:5"]
    }
    (where,) = things["equal sequences of 6"].items()
    assert where == (
        "hearings/offers.py offer, hearings/sites.py site",
        ["hearings/offers.py:9", "hearings/sites.py:9"],
    )
    assert numbers["lines of hearings"] == numbers["lines of the four packages"] - 2
    assert (numbers["modules of hearings"], numbers["functions"]) == (2, 2)


def test_the_draw_pairs_each_docstring_with_what_is_in_its_place(tree: Path) -> None:
    command = [sys.executable, "-m", "tests.figures", "--before", str(tree), "--docstrings", "6", "--seed", "3"]
    done = [
        subprocess.run(command, cwd=figures.ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
        for _ in range(2)
    ]
    assert done[0] == done[1]
    assert set(figures.remarks(tree).values()) == {
        "A line of a page, of some kind.",
        "What offer does, in a few words.",
        "What site does, in a few words.",
        "whoever waits for offer hears of it",
        "whoever waits for site hears of it",
    }
