"""The page and the browser's types follow the message table."""

import pytest

from media import messages, protocol


def test_page_is_as_written_by_the_generator() -> None:
    assert protocol.PAGE.read_text(encoding="utf-8") == protocol.page(), "run python -m media.protocol"


def test_browser_types_are_as_written_by_the_generator() -> None:
    assert protocol.TYPES.read_text(encoding="utf-8") == protocol.types(), "run python -m media.protocol"


def test_every_message_of_the_table_belongs_to_a_direction() -> None:
    told = {cls for _, _, union in protocol.DIRECTIONS for cls in protocol.structs(union)}
    bases = {messages.Message, messages.Command, messages.Order}
    known = {
        value
        for value in vars(messages).values()
        if isinstance(value, type) and issubclass(value, messages.Message) and value not in bases
    }
    assert known - told == set()


@pytest.mark.parametrize("union", [messages.BROWSER_TO_WEB, messages.WEB_TO_BROWSER])
def test_every_message_of_the_browser_has_a_type_of_its_own(union: object) -> None:
    text = protocol.types()
    for cls in protocol.structs(union):
        assert text.count(f"export interface {cls.__name__} {{") == 1
