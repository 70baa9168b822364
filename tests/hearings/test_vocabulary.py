"""The vocabulary and the permission page say what the code says."""

import enum
from pathlib import Path

import pytest

from hearings import events, permission_table, roles, status
from hearings.models import (
    directory as directory_model,
    request as request_model,
    request_parts as request_parts_model,
    signature as signature_model,
    sitting as sitting_model,
)

DOCS = Path(__file__).parents[2] / "docs"
KINDS: list[type[enum.Enum]] = [
    kind
    for module in (
        *(status, roles, events),
        *(request_model, request_parts_model, directory_model, signature_model, sitting_model),
    )
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and kind is not enum.StrEnum
]


@pytest.mark.parametrize("kind", sorted(set(KINDS), key=str))
def test_every_member_is_in_the_vocabulary(kind: type[enum.Enum]) -> None:
    page = (DOCS / "vocabulary.md").read_text(encoding="utf-8")
    assert [member.value for member in kind if f"`{member.value}`" not in page] == []


def test_the_permission_page_is_the_table() -> None:
    assert (DOCS / "permissions.md").read_text(encoding="utf-8") == permission_table.page()
