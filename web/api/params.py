"""What the function of an operation takes, read from its signature, and its arguments from a request.

`body` is the body. What the path names is of the path; what is marked as a `Header` is a header, with hyphens; every
other parameter is of the query. A parameter of a type in `WHOLE` is given as it is. Limits and texts are pydantic's
(`Annotated[str, Field(max_length=40, description="...")]`).
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, cast, get_args

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from web.api import access, files, problems
from web.api.access import Caller
from web.api.bodies import ReadRequest
from web.api.files import Upload

Place = Literal["path", "query", "header", "body"]

WHOLE: Mapping[Any, Callable[[Request], Any]] = {Request: lambda it: it, Caller: access.current, Upload: files.upload}
"""Arguments that are not validated here, by their type."""
SENT: Mapping[Place, Callable[[Request], Mapping[str, Any]]] = {
    "path": lambda request: request.path_params,
    "query": lambda request: request.query_params,
    "header": lambda request: request.headers,
    "body": lambda request: {"body": cast(ReadRequest, request).value} if cast(ReadRequest, request).data else {},
}
_ABSENT = object()


@dataclass(frozen=True)
class Header:
    """Marks a parameter as a header."""


@dataclass(frozen=True, eq=False)
class Param:
    """A parameter of an operation, or its body."""

    argument: str
    """Its name in the function."""
    place: Place
    name: str
    """Its name in the request."""
    default: Any
    """`inspect.Parameter.empty` when it has to be sent."""
    adapter: TypeAdapter[Any]

    @property
    def required(self) -> bool:
        """Whether it has to be sent."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True)
class Signature:
    """The parameters of an operation, those of the path first, then query, headers and body."""

    params: tuple[Param, ...]
    whole: Mapping[str, Callable[[Request], Any]]
    """By the name of an argument, what gives it."""

    @classmethod
    def of(cls, function: Callable[..., Any], path: set[str]) -> Self:
        """The signature of a function; `path` are the names in its path."""
        params, whole = [], {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.annotation in WHOLE:
                whole[name] = WHOLE[parameter.annotation]
                continue
            place = _place(name, parameter.annotation, path)
            sent = name.replace("_", "-") if place == "header" else name
            params.append(Param(name, place, sent, parameter.default, TypeAdapter(parameter.annotation)))
        return cls(tuple(sorted(params, key=lambda param: get_args(Place).index(param.place))), whole)

    def at(self, *places: Place) -> list[Param]:
        """The parameters at these places."""
        return [param for param in self.params if param.place in places]

    def arguments(self, request: Request) -> dict[str, Any]:
        """The arguments for a request. Raises `ApiError` 422 with everything in it that does not fit."""
        values = {name: give(request) for name, give in self.whole.items()}
        errors: list[problems.Misfit] = []
        for param in self.params:
            where = ("body",) if param.place == "body" else (param.place, param.name)
            value = SENT[param.place](request).get(param.name, _ABSENT)
            if value is not _ABSENT:
                try:
                    values[param.argument] = param.adapter.validate_python(value, from_attributes=True)
                except ValidationError as error:
                    errors += [((*where, *one["loc"]), one["type"], one["msg"]) for one in error.errors()]
            elif param.required:
                errors.append((where, "missing", "Field required"))
            else:
                values[param.argument] = param.default
        if errors:
            raise problems.misfit(errors)
        return values


def _place(name: str, annotation: Any, path: set[str]) -> Place:
    if name in path:
        return "path"
    if name == "body":
        return "body"
    return "header" if any(isinstance(mark, Header) for mark in get_args(annotation)) else "query"
