"""Whatever a stranger may send is read in a time that grows with its length, and in 64 MiB; nothing is left out."""

import pytest

from tests.support.growth import grows_linearly
from tests.support.hostile_web import PARSERS, PDF, READ_BY, TAKEN, message_types, read_in_code
from web import api_app

pytestmark = pytest.mark.beside

FROM_OUTSIDE = {"uvicorn x-forwarded-for", "file of the verifier"}
"""What no code of ours takes from a request."""


def test_every_header_body_form_and_message_the_code_reads_has_its_parsers():
    kinds = {f"api {route.operation.body}" for module in api_app.RESOURCES for route in module.router.routes}
    kinds -= {"api none"}
    assert set(READ_BY) == read_in_code() | kinds | FROM_OUTSIDE


def test_every_parser_is_read_by_something_and_has_hostile_shapes():
    names = [parser.name for parser in (*PARSERS, PDF)]
    assert len(names) == len(set(names))
    assert {name for found in READ_BY.values() for name in found} == {*names, TAKEN}
    assert [parser.name for parser in (*PARSERS, PDF) if not parser.shapes] == []


def test_every_message_of_a_page_has_hostile_shapes():
    (websocket,) = [parser for parser in PARSERS if parser.name == "websocket"]
    begun = {shape.split(".")[0].split(" ")[0] for shape in websocket.shapes}
    assert message_types() <= begun


# Starlette forgets the temporary file of a part that has no end; it is closed when it is forgotten.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("parser", [*PARSERS, PDF], ids=lambda parser: parser.name)
def test_reading_takes_twice_as_long_for_twice_as_much_and_no_longer(parser):
    for shape, make in parser.shapes.items():
        try:
            grows_linearly(parser.read, make, parser.limit, refused=parser.refused, doublings=1)
        except Exception as error:
            error.add_note(f"{parser.name}, {shape}")
            raise
