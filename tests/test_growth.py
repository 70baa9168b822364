"""The measure of growth itself: it lets linear readers pass, and stops the others."""

import re

import pytest

from tests.support.growth import GrowsTooFast, grows_linearly

STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def test_a_linear_reader_passes() -> None:
    grows_linearly(lambda data: data.split(b","), lambda n: b"a," * (n // 2), 64_000)


def test_a_quadratic_expression_is_seen() -> None:
    with pytest.raises(GrowsTooFast, match="times"):
        grows_linearly(lambda data: STRINGS.sub(b"", data), lambda n: b'"' + b'\\"' * (n // 2), 4_800)


def test_a_reader_that_holds_too_much_is_seen() -> None:
    with pytest.raises(GrowsTooFast, match="MiB"):
        grows_linearly(lambda data: bytes(len(data) * 100), lambda n: b"a" * n, 1_000_000)


def test_what_a_reader_refuses_is_no_failure_and_any_other_exception_is() -> None:
    grows_linearly(lambda data: int(data), lambda n: b"a" * n, 4_000, refused=(ValueError,))
    with pytest.raises(ValueError, match="invalid literal"):
        grows_linearly(lambda data: int(data), lambda n: b"a" * n, 4_000)
