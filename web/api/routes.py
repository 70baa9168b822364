"""How every request of the API runs, and how a resource declares its operations: `Resource`.

In this order: who is it, may the client ask once more, does the token carry the scope, is the body what it should be;
then the route, in one session of the caller's database. An act runs in one transaction with its idempotency key and
with the note for the State whose row is shown; the answer goes out when that is committed. A route only reads its
input, calls `hearings` and shows the result.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hearings import reference
from hearings.db import Database
from hearings.errors import ProofUsed
from hearings.law import law
from hearings.outward import api_clients, view_notes
from web import security_log
from web.api import access, bodies, etags, files, idempotency, problems
from web.api.access import Caller, parts_of
from web.api.bodies import JSON_LIMIT, Kind, ReadRequest
from web.api.params import Signature
from web.api.problems import ApiError
from web.paths import BASE
from web.server.security_events import CALLER, who

SAFE = frozenset({"GET", "HEAD"})
HEAD = "Vivavoce-Head"
"""Header with the sealed number of the latest act, sent with every answer; the client returns it with its next
request."""
ATTEMPTS = 4
"""How often an act is retried because another request with the same idempotency key was committed first."""


@dataclass(frozen=True)
class Operation:
    """What is declared of an operation beside its handler function."""

    scope: str | None
    """The OAuth scope a token needs; with `a|b` either is enough. None: no client and no token is needed."""
    status: int = 200
    """That of an answer that is no `Response` of its own."""
    body: Kind = "none"
    limit: int = JSON_LIMIT
    errors: tuple[int, ...] = ()
    changes: bool = False
    """True for PATCH, PUT and DELETE of something that has an entity tag: `If-Match` is required."""
    tagged: bool = False
    paged: bool = False
    waits: bool = False
    """True for a GET that does more than read the database: it makes a document, or keeps the answer open."""
    checked: bool = False
    """True when the signatures of an uploaded PDF are checked before a database session is opened."""
    gives: Mapping[str, str] = field(default_factory=dict)
    """Path parameters of other operations that the answer supplies, each with its place there: `{"request_id":
    "id"}`."""
    model: type[BaseModel] | None = None
    """What is answered, where the function does not say so itself."""
    content: Mapping[str, Any] | None = None
    """By media type, how an answer that is no JSON of a model is described (`web.api.files.answers`)."""


class ApiRoute(Route):
    """A route whose function runs with the checks and the transaction that this module describes."""

    def __init__(self, method: str, path: str, function: Callable[..., Any], tag: str, operation: Operation) -> None:
        super().__init__(path, self._respond, methods=[method], name=function.__name__)
        self.app = self._respond
        self.methods = {method}  # not HEAD as well: it is not declared
        self.endpoint, self.method, self.tag, self.operation = function, method, tag, operation
        self.takes = Signature.of(function, set(self.param_convertors))
        given = operation.model or inspect.signature(function).return_annotation
        self.model = given if isinstance(given, type) and issubclass(given, BaseModel) else None

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await _serve(self, Request(scope, receive, send))
        await response(scope, receive, send)

    async def run(self, request: Request) -> Response:
        """Read the arguments, call the function, and write what it gives."""
        given = self.takes.arguments(request)
        found: Response | BaseModel | None = await self.endpoint(**given)
        if found is None:
            return Response(status_code=self.operation.status)
        if isinstance(found, Response):
            return found
        caller = request.scope.get(CALLER)
        model, data = caller.written if caller else (None, b"")
        text = data if model is found else found.model_dump_json()
        return Response(text, self.operation.status, media_type="application/json")


class Resource:
    """The operations of one resource. Each declares its scope and its possible errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[ApiRoute] = []

    def operation(self, method: str, path: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the operation a function carries out, with the fields of `Operation`; its name is the operation's id,
        its docstring the text."""
        operation = Operation(**{"tagged": declared.get("changes", False), **declared})

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            self.routes.append(ApiRoute(method, path, function, self.name, operation))
            return function

        return declare

    def read(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a GET."""
        return self.operation("GET", path, **options)

    def act(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a POST that acts on something that exists."""
        return self.operation("POST", path, **{"body": "json", **options})

    def create(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a POST that creates something; the status of the answer is 201."""
        return self.operation("POST", path, **{"body": "json", "status": 201, **options})

    def change(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a PATCH, which needs `If-Match`."""
        return self.operation("PATCH", path, **{"body": "json", "changes": True, **options})


async def _serve(route: ApiRoute, request: Request) -> Response:
    """Answer one request: turns exceptions into problems and adds the rate-limit headers to every answer."""
    told: dict[str, str] = {}
    try:
        response = await _answer(route, request, told)
    except Exception as error:
        response = problems.answer(request, error)
    if route.operation.body == "signed":
        path, status = f"{BASE}{route.path}", response.status_code
        how: dict[str, Any] = {"good": status < 400, "method": request.method, "route": path, "status": status}
        security_log.emit(security_log.EventCode.authority_signed, **how, **who(request.scope))
    if told.pop(HEAD, None) is not None and (head := parts_of(request).anchor.token()):
        told[HEAD] = head  # as it is after what was done
    _dress(response, told)
    return response


async def _answer(route: ApiRoute, request: Request, told: dict[str, str]) -> Response:
    parts, now, operation = parts_of(request), datetime.now(UTC), route.operation
    scope, reads = operation.scope, request.method in SAFE
    if scope is None:
        access.take_address(parts, request, "api_description" if reads else "api_token")
        return await route.run(await bodies.read(request, operation.body, operation.limit))

    async def look(db: AsyncSession) -> tuple[Caller, Response | None]:
        try:
            caller = await access.authenticate(db, request, now)
        except ApiError:
            access.take_address(parts, request, "api_refused")
            raise
        told.update(access.take(parts, caller.client.id))
        caller.require(scope)
        if request.scope["query_string"]:
            _check_query(request, {param.name for param in route.takes.at("query")})
        # The session that found the caller shows the answer too: one look at the database, not two.
        here = reads and not operation.waits and caller.database is parts.database
        return caller, await _look(route, caller, db, request) if here else None

    caller, response = await parts.database.look(look)
    if caller.database is parts.database:
        told[HEAD] = ""
        if seen := request.headers.get(HEAD, ""):
            await parts.anchor.take_back(seen, state=caller.state, client=caller.client.id)
    if reads:
        if response is not None and not caller.notes:  # one commit for the proof and for the note of what is shown
            await _use(parts.database, caller, _displayed(caller, response))
            return response
        await _use(parts.database, caller)
        if response is None:
            async with caller.database.reading() as db:
                response = await _look(route, caller, db, request)
        await _note(caller, response)
        return response
    read = await bodies.read(request, operation.body, operation.limit)
    if operation.checked:
        await files.check(read, operation.body)
    await _use(parts.database, caller)
    return await _act(route, caller, read)


async def _use(database: Database, caller: Caller, also: Sequence[SQLModel] = ()) -> None:
    """Records a DPoP proof as used, durably and for every process.

    Raises `ProofUsed` the second time, and adds nothing then. Effects: adds `also` in the same transaction.
    """
    proof = caller.proof
    row = api_clients.used_proof(issuer=proof.issuer, jti=proof.jti, state=caller.state, until=proof.until)
    try:
        await database.append([row, *also])
    except IntegrityError:
        raise ProofUsed from None


def _check_query(request: Request, known: set[str]) -> None:
    names = [name for name, _value in request.query_params.multi_items()]
    for name in names:
        if name not in known:
            raise ApiError("unknown_parameter", f"No such parameter: {name[:60]!r}")
    if len(set(names)) != len(names):
        raise ApiError("invalid_input", "A parameter stands twice in the query")


async def _run(route: ApiRoute, caller: Caller, request: Request) -> Response:
    """Run a route by the law of the caller's database: the sandbox has its own."""
    if caller.database is parts_of(request).database:
        return await route.run(request)
    with reference.in_force(await law.current(caller.db)):
        return await route.run(request)


async def _look(route: ApiRoute, caller: Caller, db: AsyncSession, request: Request) -> Response:
    """Run a route that only reads."""
    caller.db = db
    request.scope[CALLER] = caller
    response = await _run(route, caller, request)
    _dress(response, caller.headers)
    if etags.unchanged(caller):
        return Response(status_code=304, headers=caller.headers)
    return response


def _displayed(caller: Caller, response: Response) -> Sequence[SQLModel]:
    """What is to be recorded of the rows that an answer displays."""
    handed_over = caller.handed_over and response.status_code == 200
    return view_notes.of_shown(caller.shown, handed_over=handed_over, actor=caller.actor, now=caller.now)


async def _note(caller: Caller, response: Response) -> None:
    """Records, for the States that own them, that rows are about to be displayed. Effects: one row each, committed."""
    lines = _displayed(caller, response)
    if caller.notes:
        async with caller.database.transaction() as db:
            db.add_all(lines)
            for note in caller.notes:
                note(db)
    else:
        await caller.database.append(lines)


async def _act(route: ApiRoute, caller: Caller, read: ReadRequest) -> Response:
    """Run a route that changes something. Its effect, the note to other States and the kept answer are committed
    together, or none of them."""
    key = idempotency.key_of(read)
    for _attempt in range(ATTEMPTS):
        caller.headers.clear()
        caller.shown.clear()
        caller.handed_over = False
        caller.after.clear()
        caller.finish = None
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
                response = await _run(route, caller, read)
                _dress(response, caller.headers)
                db.add_all(_displayed(caller, response))
                if row is not None:
                    idempotency.keep(db, row, response)
        except idempotency.Busy:
            continue
        for tell in caller.after:
            tell()
        return response if caller.finish is None else await caller.finish()
    raise ApiError("too_many_requests", "Another request with this Idempotency-Key is under way", {"Retry-After": "1"})


def _dress(response: Response, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        response.headers[name] = value
