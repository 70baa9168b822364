"""What the functions of operations take: every argument has a place in the request, and what does not fit is told."""

from typing import Annotated

import pytest
from pydantic import Field
from starlette.requests import Request

from web import api_app
from web.api.bodies import ReadRequest
from web.api.fields import Reason
from web.api.params import Header, Signature
from web.api.problems import ApiError

ROUTES = {route.name: route for module in api_app.RESOURCES for route in module.router.routes}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_an_operation_takes_what_its_path_names_and_the_body_it_declares(route):
    assert {param.name for param in route.takes.at("path")} == set(route.param_convertors)
    assert len(route.takes.at("body")) == (route.operation.body in ("json", "signed", "form"))
    assert all(param.required for param in route.takes.at("path"))
    assert route.model or route.operation.content or route.operation.status == 204


async def _operation(
    body: Reason, name: str, number: Annotated[int, Field(ge=1)], last_id: Annotated[str, Header()], most: int = 5
) -> None:
    """Nothing."""


def _sent(query: str, path: dict[str, str], value: object, *headers: tuple[bytes, bytes]) -> ReadRequest:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "path_params": path}
    return ReadRequest(Request(scope | {"query_string": query.encode()}), b"{}" if value is not None else b"", value)


def test_arguments_come_from_path_query_headers_and_body():
    takes = Signature.of(_operation, {"number"})
    request = _sent("name=a", {"number": "7"}, {"reason": "because"}, (b"last-id", b"x"))
    body = Reason(reason="because")
    assert takes.arguments(request) == {"number": 7, "name": "a", "most": 5, "last_id": "x", "body": body}


def test_everything_that_does_not_fit_is_told_at_once_and_nothing_of_it_repeated():
    takes = Signature.of(_operation, {"number"})
    with pytest.raises(ApiError) as refused:
        takes.arguments(_sent("most=many", {"number": "0"}, {"reason": "because", "secret": 1}))
    told = [(one["field"], one["code"]) for one in refused.value.more["errors"]]
    assert told == [
        ("path.number", "greater_than_equal"),
        ("query.name", "missing"),
        ("query.most", "int_parsing"),
        ("header.last-id", "missing"),
        ("body.secret", "extra_forbidden"),
    ]
    with pytest.raises(ApiError) as refused:
        takes.arguments(_sent("name=a", {"number": "1"}, None, (b"last-id", b"x")))
    assert [(one["field"], one["code"]) for one in refused.value.more["errors"]] == [("body", "missing")]
