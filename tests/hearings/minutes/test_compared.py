"""Two versions of a passage, compared word by word, in bounded time."""

import pytest

from hearings.minutes.passages import compared
from hearings.minutes.revision import LONGEST
from tests.support.growth import grows_linearly


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("He saw it.", "He saw her.", [("same", "He saw "), ("gone", "it"), ("new", "her"), ("same", ".")]),
        ("", "a", [("new", "a")]),
        ("a", "", [("gone", "a")]),
        ("a b", "a b", [("same", "a b")]),
        ("a " * 2000 + "\nb", "a " * 2000 + "\nc", [("same", "a " * 2000 + "\n"), ("gone", "b"), ("new", "c")]),
    ],
)
def test_what_has_changed_is_told_and_nothing_is_lost(old, new, found):
    assert compared(old, new) == found


@pytest.mark.parametrize("piece", ["a ", "a\n", " ", ".", "a b c ", "а б\n"])
def test_the_same_word_again_and_again_holds_nobody_up(piece):
    # 10,000 times the same word took half a minute, at each view of the page.
    def read(data):
        text = data.decode("utf-8", "ignore")[:LONGEST]
        assert "".join(one for what, one in compared(text, f"x {text}") if what != "new") == text

    grows_linearly(read, lambda size: (piece * size).encode()[:size], LONGEST, doublings=0)
