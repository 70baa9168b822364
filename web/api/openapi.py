"""The description of the API, OpenAPI 3.1: what signatures say, and what every operation has in common.

It is made once, in two codings, each with its own entity tag. Anybody may read it, so it has a rate of its own by
address; who has it already is told so in a few bytes.
"""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.api import access, bodies, etags, problems
from web.api.params import Param
from web.api.problems import ApiError
from web.api.routes import SAFE, ApiRoute, Operation
from web.api.tokens import PATH as TOKEN_PATH
from web.paths import BASE

DESCRIPTION = """Hearings by video across borders, for the systems of central authorities and courts.

Every request but that for a token carries `Authorization: DPoP <token>` and a fresh `DPoP` proof. What belongs to
another State and was not shared is answered as what does not exist. Times are UTC unless a zone stands beside them.
"""
EXAMPLES = Path(__file__).with_name("examples.json")
"""Of each operation one request and its answer, as they were recorded (`python -m tests.vectors.examples`)."""
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_TEXTS = {
    304: "The representation named by `If-None-Match` is still the one.",
    400: "The body or the address could not be read.",
    401: "Token, proof or signature do not hold.",
    403: "Not with this scope, or not for this State.",
    404: "There is no such thing, or it is another State's and was not shared.",
    405: "The resource does not take this method.",
    409: "Not possible as things stand.",
    412: "`If-Match` names an older representation.",
    413: "The body is too large.",
    415: "The body has a type this resource does not take.",
    422: "The input was read and cannot be right.",
    428: "`If-Match` is needed.",
    429: "Too many requests; `Retry-After` says when to try again.",
    500: "The service has failed; the problem has a reference.",
    503: "A part of the service does not answer.",
}
_LIMITS = {
    name: {"$ref": f"#/components/headers/{name}"}
    for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
}
HEADERS: dict[str, Any] = {
    "RateLimit-Limit": {"description": "Requests at once.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "Requests left now.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds until all are there again.", "schema": {"type": "integer"}},
    "RateLimit-Policy": {"description": "Limit and window.", "schema": {"type": "string"}},
    "ETag": {"description": "Tag of this representation.", "schema": {"type": "string"}},
    "Link": {"description": "The next page, `rel=next`.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Location": {"description": "Address of what was made.", "schema": {"type": "string", "format": "uri"}},
    "DPoP-Nonce": {
        "description": "With `use_dpop_nonce`: ask again with this as `nonce` in the proof (RFC 9449 §8).",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {"description": "RFC 9449 §7.1.", "schema": {"type": "string"}},
}


def _parameter(name: str, text: str, *, required: bool, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": text,
        "schema": {"type": "string", "maxLength": 16_384},
        "example": example,
    }


PARAMETERS: dict[str, Any] = {
    "DPoP": _parameter(
        "DPoP",
        "A proof for this request (RFC 9449), by the key the token is bound to.",
        required=True,
        example="eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJodG0iOiJHRVQifQ.c2ln",
    ),
    "IdempotencyKey": {
        **_parameter(
            "Idempotency-Key",
            "A value of your own, such as a UUID. Sent again within 24 hours, the request is not done again but "
            "answered as the first time.",
            required=False,
            example="6f1c2f9a-6f7e-4d0c-9c5e-0a7e6d1b2c3d",
        ),
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    },
    "IfMatch": _parameter(
        "If-Match", "The ETag of what you have read.", required=True, example='"0123456789abcdef0123456789abcdef"'
    ),
}


def describe(routes: Sequence[ApiRoute], origin: str) -> dict[str, Any]:
    """The whole description."""
    schemas, components = _schemas(routes)
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    paths: dict[str, Any] = {}
    for route in routes:
        shown = _operation(route, schemas)
        _complete(shown, route.operation, route.method, examples.get(route.name, {}))
        if links := _links(route, routes):
            shown["responses"][str(route.operation.status)]["links"] = links
        paths.setdefault(route.path_format, {})[route.method.lower()] = shown
    flow = {"tokenUrl": f"{origin}{BASE}{TOKEN_PATH}", "scopes": dict(access.scopes_text())}
    oauth = {
        "type": "oauth2",
        "description": "Client credentials by `private_key_jwt`; tokens are bound to a key by DPoP.",
        "flows": {"clientCredentials": flow},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vivavoce", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": origin + BASE}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _problem_schema()},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {"oauth": oauth},
        },
    }


def _schemas(routes: Sequence[ApiRoute]) -> tuple[Mapping[Any, Any], Mapping[str, Any]]:
    """The schema of each parameter and of each model that is answered, and of every model they name."""
    taken = [(param, _IN, param.adapter) for route in routes for param in route.takes.params]
    given = {route.model: TypeAdapter(route.model) for route in routes if route.model}
    answers = [(model, _OUT, adapter) for model, adapter in given.items()]
    schemas, named = TypeAdapter.json_schemas([*taken, *answers], ref_template="#/components/schemas/{model}")
    return _lean(schemas), _as_before(_lean(named["$defs"]))


_IN: Literal["validation"] = "validation"
_OUT: Literal["serialization"] = "serialization"


def _lean(value: Any) -> Any:
    """A schema without members that are null."""
    if isinstance(value, Mapping):
        return {name: _lean(member) for name, member in value.items() if member is not None}
    return [_lean(member) for member in value] if isinstance(value, list) else value


def _as_before(value: Any) -> Any:
    """A component with its bounds written as `240.0`: so they were in the first versions, and so its bytes stay."""
    if isinstance(value, Mapping):
        return {name: float(one) if name in _BOUNDS else _as_before(one) for name, one in value.items()}
    return [_as_before(one) for one in value] if isinstance(value, list) else value


_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})


def _operation(route: ApiRoute, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    """What the signature of an operation says of it."""
    shown: dict[str, Any] = {
        "tags": [route.tag],
        "summary": route.name.replace("_", " ").title(),
        "description": inspect.cleandoc(route.endpoint.__doc__ or ""),
        "operationId": route.name,
    }
    if params := route.takes.at("path", "query", "header"):
        shown["parameters"] = [_shown_param(param, _titled(param, schemas)) for param in params]
    for body in route.takes.at("body"):
        required = {"required": True} if body.required else {}
        shown["requestBody"] = required | {"content": {"application/json": {"schema": _titled(body, schemas)}}}
    content: Any = route.operation.content
    if content is None and route.model:
        content = {"application/json": {"schema": schemas[route.model, _OUT]}}
    response = {"description": "Successful Response"} | ({"content": deepcopy(content)} if content else {})
    shown["responses"] = {str(route.operation.status): response}
    return shown


def _titled(param: Param, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    schema = dict(schemas[param, _IN])
    if not param.required and param.default is not None:
        schema["default"] = param.adapter.dump_python(param.default, mode="json")
    return schema if "$ref" in schema else {**schema, "title": param.name.replace("_", " ").title()}


def _shown_param(param: Param, schema: dict[str, Any]) -> dict[str, Any]:
    text = {"description": schema["description"]} if "description" in schema else {}
    return {"name": param.name, "in": param.place, "required": param.required, "schema": schema} | text


def _problem_schema() -> dict[str, Any]:
    texts = ("type", "title", "detail", "code")
    return {
        "type": "object",
        "description": "RFC 9457. `code` is stable; further members say more.",
        "properties": {**{name: {"type": "string"} for name in texts}, "status": {"type": "integer"}},
        "required": [*texts, "status"],
    }


def _complete(shown: dict[str, Any], operation: Operation, method: str, example: dict[str, Any]) -> None:
    """Add to one operation what its signature does not say of it."""
    own = operation.scope is not None
    if own:
        shown["security"] = [{"oauth": [one] if one else []} for one in (operation.scope or "").split("|")]
    else:
        shown["security"] = []
    for parameter in shown.get("parameters", ()):
        if (value := example.get(parameter["in"], {}).get(parameter["name"])) is not None:
            parameter["example"] = int(value) if parameter["schema"].get("type") == "integer" else value
    wanted = ["DPoP"] if own or operation.body == "form" else []
    wanted += ["IdempotencyKey"] if own and method == "POST" else []
    wanted += ["IfMatch"] if operation.changes else []
    if wanted:
        shown.setdefault("parameters", []).extend({"$ref": f"#/components/parameters/{name}"} for name in wanted)
    _bodies(shown, operation, example)
    responses: dict[str, Any] = shown["responses"]
    for status, response in list(responses.items()):
        for content in response.get("content", {}).values():
            if "answer" in example:
                content["example"] = example["answer"]
        response["headers"] = (dict(_LIMITS) if own else {}) | _own_headers(operation, status)
    if operation.tagged and method in SAFE:
        responses["304"] = {"description": _TEXTS[304]}
    for code in sorted(_errors(operation, method, bool(shown.get("parameters") or shown.get("requestBody")))):
        responses[str(code)] = _refusal(code, own)


def _links(route: ApiRoute, routes: Sequence[ApiRoute]) -> dict[str, Any]:
    """What can be asked next with what an answer gives (`Operation.gives`): every operation its ids are enough for.

    Where the next one changes the very thing that is shown, its tag goes along.
    """
    operation, own = route.operation, set(route.param_convertors)
    found: dict[str, Any] = {}
    for target in routes if operation.gives else ():
        needed, next_ = set(target.param_convertors), target.operation
        if not needed & set(operation.gives) or not needed <= own | set(operation.gives):
            continue
        parameters = {
            f"path.{name}": f"$response.body#/{operation.gives[name]}"
            if name in operation.gives
            else f"$request.path.{name}"
            for name in sorted(needed)
        }
        same = target.model is route.model
        if next_.changes and operation.tagged and same:
            parameters["header.If-Match"] = "$response.header.ETag"
        found[target.name] = {"operationId": target.name, "parameters": parameters}
    return found


def _own_headers(operation: Operation, status: str) -> dict[str, Any]:
    told = {"ETag": operation.tagged, "Link": operation.paged, "Location": status == "201"}
    return {name: {"$ref": f"#/components/headers/{name}"} for name, there in told.items() if there}


def _errors(operation: Operation, method: str, takes_input: bool) -> set[int]:
    """Every status but success an operation may answer."""
    found = {429, 500, *operation.errors}
    if operation.scope is not None:
        found |= {400, 401, 403, 422, 503}
    if takes_input:
        found |= {400, 422}
    if operation.body != "none":
        found |= {400, 413, 415, 422}
    if operation.changes:
        found |= {409, 412, 428}
    elif operation.tagged and method not in SAFE:
        found |= {412}
    return found


def _refusal(code: int, own: bool) -> dict[str, Any]:
    names = {401: ("WWW-Authenticate", "DPoP-Nonce"), 429: ("Retry-After",)}.get(code, ())
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    samples = [name for name, (status, _title) in problems.codes().items() if status == code]
    content: dict[str, Any] = {"schema": _PROBLEM}
    if samples:
        content["example"] = {
            "type": f"https://court.example{BASE}/problems#{samples[0]}",
            "title": problems.codes()[samples[0]][1],
            "status": code,
            "detail": problems.codes()[samples[0]][1],
            "code": samples[0],
        }
    found: dict[str, Any] = {"description": _TEXTS[code], "content": {problems.MEDIA_TYPE: content}}
    return found | ({"headers": headers} if headers else {})


def _bodies(shown: dict[str, Any], operation: Operation, example: dict[str, Any]) -> None:
    """The types a body may have, each with an example; a signature says nothing of files."""
    kinds, sent = bodies.accepted(operation.body), example.get("request", {})
    if operation.body in bodies.FILES:
        files = {kind: _file(sent if kind == example.get("type") else "bytes", kind) for kind in kinds}
        shown["requestBody"] = {"required": True, "content": files}
    elif body := shown.get("requestBody"):
        schema = body["content"].pop("application/json")["schema"]
        for kind in kinds:
            body["content"][kind] = {"schema": schema, "example": sent}
        if bodies.JOSE in kinds:
            body["content"][bodies.JOSE] = {"schema": {"type": "string"}, "example": sent.get("jws", "")}


def _file(sent: str, kind: str) -> dict[str, Any]:
    """A file as a body: its bytes, or a form with one part."""
    bytes_ = {"type": "string", "format": "binary"}
    if kind != bodies.MULTIPART:
        return {"schema": bytes_, "example": sent}
    schema = {"type": "object", "properties": {"file": bytes_}, "required": ["file"], "additionalProperties": False}
    return {"schema": schema, "example": {"file": sent}}


# --- the route ---------------------------------------------------------------------------------------------------


PATH = "/openapi.json"


def route(describe: Callable[[], Any]) -> Route:
    """The route that shows what `describe` gives, asked once."""

    @cache
    def described() -> tuple[bytes, str]:
        data = json.dumps(describe(), ensure_ascii=False).encode()
        return data, etags.tag_of(data)

    async def show(request: Request) -> Response:
        try:
            access.take_address(access.parts_of(request), request, "api_description")
        except ApiError as error:
            return problems.answer(request, error)
        data, tag = await run_in_threadpool(described)
        headers = {"ETag": tag}
        if etags.known(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type="application/json")

    return Route(PATH, show)
