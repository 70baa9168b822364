"""How every request of the API runs, and how a resource declares its operations: `Resource` instead of `APIRouter`.

In this order: who is it, may the client ask once more, does the token carry the scope, is the body what it should be;
then the route, in one session of the caller's database. An act runs in one transaction with its idempotency key and
with the note for the State whose row is shown; the answer goes out when that is committed. A route only reads its
input, calls `hearings` and shows the result.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from hearings.db import Database
from hearings.errors import ProofUsed
from hearings.outward import api_clients, looked_at
from web import security_log
from web.api import access, bodies, etags, files, idempotency, limits, problems
from web.api.access import Caller, parts_of
from web.api.bodies import JSON_LIMIT, Kind, ReadRequest
from web.api.problems import ApiError
from web.paths import BASE
from web.server.security_events import CALLER, who

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
SAFE = frozenset({"GET", "HEAD"})
HEAD = "Vivavoce-Head"
"""How far the docket had come, sealed: told with every answer, and to be handed back with the next request."""
ATTEMPTS = 4
"""How often an act is begun again because another with the same key was committed first."""


@dataclass(frozen=True)
class Operation:
    """What a route needs besides its function."""

    scope: str | None
    """None: no client is needed. `a|b`: either of the two will do."""
    body: Kind
    limit: int
    example: Any
    errors: tuple[int, ...]
    changes: bool
    """PATCH, PUT and DELETE of something that has a tag: `If-Match` is needed."""
    tagged: bool
    paged: bool
    waits: bool
    """A GET that does more than look at the database: it makes a document, or goes on."""
    checked: bool
    """The signatures of a PDF it is sent are checked before the database is held."""
    gives: Mapping[str, str]
    """Path parameters of other operations, and where the answer holds them: `{"request_id": "id"}`."""


OPERATIONS: dict[Callable[..., Any], Operation] = {}
"""By the function of the route; filled while the modules are imported."""


class ApiRoute(APIRoute):
    """A route that runs as this module says."""

    reads: bool
    """A GET that depends on nothing but its caller: `Reads` knows the way."""
    answer: Handler

    def get_route_handler(self) -> Handler:
        """The function FastAPI makes, inside `_serve`."""
        self.dependant.call = _written(self.endpoint, self.status_code or 200)
        operation, depends = OPERATIONS[self.endpoint], {one.call for one in self.dependant.dependencies}
        self.reads = self.methods == {"GET"} and depends <= {access.current}
        inner = _plain(self.dependant) if self.reads else super().get_route_handler()
        known = frozenset(param.alias for param in self.dependant.query_params)

        async def handle(request: Request) -> Response:
            return await _serve(inner, operation, known, request)

        self.answer = handle
        return handle


def _plain(dependant: Dependant) -> Handler:
    """What FastAPI does for a read, and no more: take its parameters, call it with them and with its caller."""
    callers = [str(one.name) for one in dependant.dependencies]

    async def handle(request: Request) -> Response:
        values: dict[str, Any] = {}
        errors: list[Any] = []
        for fields, given in (
            (dependant.path_params, request.path_params),
            (dependant.query_params, request.query_params),
            (dependant.header_params, request.headers),
        ):
            if fields:
                found, wrong = request_params_to_args(fields, given)
                values |= found
                errors += wrong
        if errors:
            raise RequestValidationError(errors)
        assert dependant.call is not None
        for name in callers:
            values[name] = request.scope[CALLER]
        return cast(Response, await dependant.call(**values))

    return handle


class Reads:
    """The API, with a short way to the routes that read: found by their first step, run without the framework.

    Any other request takes the long way, and so does one that no route fits.
    """

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.routes: dict[tuple[str, int], list[ApiRoute]] = {}
        for route in api.routes:
            if isinstance(route, ApiRoute) and "GET" in (route.methods or ()):
                self.routes.setdefault(_place(route.path), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            for route in self.routes.get(_place(scope["path"].removeprefix(scope["root_path"])), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    if not route.reads:
                        break
                    scope.update(found, app=self.api)
                    response = await route.answer(Request(scope, receive, send))
                    await response(scope, receive, send)
                    return
        await self.api(scope, receive, send)


def _place(path: str) -> tuple[str, int]:
    """The first step of a path, and how many there are."""
    steps = path.split("/", 2)
    return steps[1] if len(steps) > 1 else "", path.count("/")


def _written(function: Callable[..., Any], status: int) -> Callable[..., Any]:
    """The function of a route, its answer written as JSON at once: FastAPI would check it and build it anew first."""

    async def call(**given: Any) -> Any:
        found = await function(**given)
        if not isinstance(found, BaseModel):
            return found
        caller = given.get("caller")
        model, data = caller.written if isinstance(caller, Caller) else (None, b"")
        return Response(data if model is found else found.model_dump_json(), status, media_type="application/json")

    return call


class Resource(APIRouter):
    """The operations of one resource. Each names its scope, an example of its answer and what may go wrong."""

    def __init__(self, name: str) -> None:
        super().__init__(route_class=ApiRoute, tags=[name])

    def operation(
        self,
        method: str,
        path: str,
        *,
        scope: str | None,
        example: Any,
        status: int = 200,
        body: Kind = "none",
        limit: int = JSON_LIMIT,
        errors: tuple[int, ...] = (),
        changes: bool = False,
        tagged: bool = False,
        paged: bool = False,
        waits: bool = False,
        checked: bool = False,
        gives: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the operation a function carries out; its name is the operation's id, its docstring the text."""

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            OPERATIONS[function] = Operation(
                scope,
                body,
                limit,
                example,
                errors,
                changes,
                tagged or changes,
                paged,
                waits,
                checked,
                dict(gives or {}),
            )
            self.add_api_route(
                path, function, methods=[method], status_code=status, operation_id=function.__name__, **options
            )
            return function

        return declare

    def read(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a GET."""
        return self.operation("GET", path, **options)

    def act(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a POST that does something to what is there."""
        return self.operation("POST", path, **{"body": "json", **options})

    def create(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a POST that makes something: 201."""
        return self.operation("POST", path, **{"body": "json", "status": 201, **options})

    def change(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a PATCH, which needs `If-Match`."""
        return self.operation("PATCH", path, **{"body": "json", "changes": True, **options})


async def _serve(inner: Handler, operation: Operation, known: frozenset[str], request: Request) -> Response:
    """One request, whatever becomes of it: failures are problems, and the limits are told on every answer."""
    told: dict[str, str] = {}
    try:
        response = await _answer(inner, operation, known, request, told)
    except Exception as error:
        response = problems.answer(request, error)
    if operation.body == "signed":
        route, status = f"{BASE}{request.scope['route'].path}", response.status_code
        how: dict[str, Any] = {"good": status < 400, "method": request.method, "route": route, "status": status}
        security_log.emit(security_log.Code.authority_signed, **how, **who(request.scope))
    if told.pop(HEAD, None) is not None and (head := parts_of(request).anchor.token()):
        told[HEAD] = head  # as it is after what was done
    _dress(response, told)
    return response


async def _answer(
    inner: Handler, operation: Operation, known: frozenset[str], request: Request, told: dict[str, str]
) -> Response:
    parts, now = parts_of(request), datetime.now(UTC)
    scope, reads = operation.scope, request.method in SAFE
    if scope is None:
        limits.take_address(parts, request, "api_description" if reads else "api_token")
        return await inner(await bodies.read(request, operation.body, operation.limit))

    async def look(db: AsyncSession) -> tuple[Caller, Response | None]:
        try:
            caller = await access.authenticate(db, request, now)
        except ApiError:
            limits.take_address(parts, request, "api_refused")
            raise
        told.update(limits.take(parts, caller.client.id))
        caller.require(scope)
        if request.scope["query_string"]:
            _check_query(request, known)
        # The session that found the caller shows the answer too: one look at the database, not two.
        here = reads and not operation.waits and caller.database is parts.database
        return caller, await _look(inner, caller, db, request) if here else None

    caller, response = await parts.database.look(look)
    if caller.database is parts.database:
        told[HEAD] = ""
        if seen := request.headers.get(HEAD, ""):
            await parts.anchor.shown(seen, state=caller.state, client=caller.client.id)
    if reads:
        if response is not None and not caller.notes:  # one commit for the proof and for the note of what is shown
            await _use(parts.database, caller, looked_at.notes(caller.shown, actor=caller.actor, now=now))
            return response
        await _use(parts.database, caller)
        if response is None:
            async with caller.database.reading() as db:
                response = await _look(inner, caller, db, request)
        await _note(caller)
        return response
    read = await bodies.read(request, operation.body, operation.limit)
    if operation.checked:
        await files.check(read, known=operation.body == "pdf")
    await _use(parts.database, caller)
    return await _act(inner, caller, read)


async def _use(database: Database, caller: Caller, also: Sequence[SQLModel] = ()) -> None:
    """Mark the proof as used, for every process and durably. Raises `ProofUsed` the second time, and adds nothing then.
    Effects: adds `also` in the same transaction."""
    proof = caller.proof
    row = api_clients.used_proof(issuer=proof.issuer, jti=proof.jti, state=caller.state, until=proof.until)
    try:
        await database.append([row, *also])
    except IntegrityError:
        raise ProofUsed from None


def _check_query(request: Request, known: frozenset[str]) -> None:
    names = [name for name, _value in request.query_params.multi_items()]
    for name in names:
        if name not in known:
            raise ApiError("unknown_parameter", f"No such parameter: {name[:60]!r}")
    if len(set(names)) != len(names):
        raise ApiError("invalid_input", "A parameter stands twice in the query")


async def _look(inner: Handler, caller: Caller, db: AsyncSession, request: Request) -> Response:
    """Run a route that only reads."""
    caller.db = db
    request.scope[CALLER] = caller
    response = await inner(request)
    _dress(response, caller.headers)
    if etags.unchanged(caller):
        return Response(status_code=304, headers=caller.headers)
    return response


async def _note(caller: Caller) -> None:
    """Note what is about to be shown for the States whose it is. Effects: one line each, committed."""
    lines = looked_at.notes(caller.shown, actor=caller.actor, now=caller.now)
    if caller.notes:
        async with caller.database.transaction() as db:
            db.add_all(lines)
            for note in caller.notes:
                note(db)
    else:
        await caller.database.append(lines)


async def _act(inner: Handler, caller: Caller, read: ReadRequest) -> Response:
    """Run a route that changes something: effect, note and kept answer are committed together, or none of them."""
    key = idempotency.key_of(read)
    for _attempt in range(ATTEMPTS):
        caller.headers.clear()
        caller.shown.clear()
        caller.after.clear()
        try:
            async with caller.database.transaction() as db:
                caller.db = db
                row = None
                if key:
                    row = await idempotency.begin(
                        db, caller, key=key, request_hash=idempotency.hash_of(read), now=caller.now
                    )
                    if row.status:
                        return idempotency.again(row)
                read.scope[CALLER] = caller
                response = await inner(read)
                _dress(response, caller.headers)
                db.add_all(looked_at.notes(caller.shown, actor=caller.actor, now=caller.now))
                if row is not None:
                    idempotency.keep(db, row, response)
        except idempotency.Busy:
            continue
        for tell in caller.after:
            tell()
        return response
    raise ApiError("too_many_requests", "Another request with this Idempotency-Key is under way", {"Retry-After": "1"})


def _dress(response: Response, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        response.headers[name] = value
