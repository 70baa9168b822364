"""The description of the API, OpenAPI 3.1: what FastAPI finds, and what every operation has in common."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from hearings.people.directory import COLUMNS
from web.api import bodies, problems
from web.api.access import scopes_text
from web.api.routes import OPERATIONS, SAFE, Operation
from web.api.tokens import PATH as TOKEN_PATH
from web.paths import BASE

DESCRIPTION = """Hearings by video across borders, for the systems of central authorities and courts.

Every request but that for a token carries `Authorization: DPoP <token>` and a fresh `DPoP` proof. What belongs to
another State and was not shared is answered as what does not exist. Times are UTC unless a zone stands beside them.
"""
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


def describe(api: FastAPI, origin: str) -> dict[str, Any]:
    """The whole description."""
    routes = [route for route in _routes(api) if route.include_in_schema]
    found = get_openapi(
        title=api.title, version=api.version, openapi_version="3.1.0", description=DESCRIPTION, routes=routes
    )
    found["servers"] = [{"url": origin + BASE}]
    parts = found.setdefault("components", {})
    parts["schemas"] = {name: schema for name, schema in parts.get("schemas", {}).items() if name not in _FASTAPI_OWN}
    parts["schemas"]["Problem"] = _problem_schema()
    parts["parameters"], parts["headers"] = PARAMETERS, HEADERS
    flow = {"tokenUrl": f"{origin}{BASE}{TOKEN_PATH}", "scopes": dict(scopes_text())}
    parts["securitySchemes"] = {
        "oauth": {
            "type": "oauth2",
            "description": "Client credentials by `private_key_jwt`; tokens are bound to a key by DPoP.",
            "flows": {"clientCredentials": flow},
        }
    }
    for route in routes:
        for method in route.methods or ():
            shown = found["paths"][route.path_format][method.lower()]
            _complete(shown, OPERATIONS[route.endpoint], method, parts["schemas"])
    for route in routes:
        links = _links(route, routes)
        for method in route.methods or () if links else ():
            for status, response in found["paths"][route.path_format][method.lower()]["responses"].items():
                if status.startswith("2"):
                    response["links"] = links
    return found


_FASTAPI_OWN = frozenset({"HTTPValidationError", "ValidationError"})


def _routes(api: FastAPI) -> list[APIRoute]:
    return [route for route in api.routes if isinstance(route, APIRoute)]


def _problem_schema() -> dict[str, Any]:
    texts = ("type", "title", "detail", "code")
    return {
        "type": "object",
        "description": "RFC 9457. `code` is stable; further members say more.",
        "properties": {**{name: {"type": "string"} for name in texts}, "status": {"type": "integer"}},
        "required": [*texts, "status"],
    }


def _complete(shown: dict[str, Any], operation: Operation, method: str, schemas: dict[str, Any]) -> None:
    """Add to one operation what FastAPI does not know of it."""
    own = operation.scope is not None
    if own:
        shown["security"] = [{"oauth": [one] if one else []} for one in (operation.scope or "").split("|")]
    else:
        shown["security"] = []
    wanted = ["DPoP"] if own or operation.body == "form" else []
    wanted += ["IdempotencyKey"] if own and method == "POST" else []
    wanted += ["IfMatch"] if operation.changes else []
    if wanted:
        shown.setdefault("parameters", []).extend({"$ref": f"#/components/parameters/{name}"} for name in wanted)
    _bodies(shown, operation, schemas)
    responses: dict[str, Any] = shown["responses"]
    for status, response in list(responses.items()):
        if not status.startswith("2"):
            del responses[status]
            continue
        for content in response.get("content", {}).values():
            content["example"] = operation.example
        response["headers"] = (dict(_LIMITS) if own else {}) | _own_headers(operation, status)
    if operation.tagged and method in SAFE:
        responses["304"] = {"description": _TEXTS[304]}
    for code in sorted(_errors(operation, method, bool(shown.get("parameters") or shown.get("requestBody")))):
        responses[str(code)] = _refusal(code, own)


def _links(route: APIRoute, routes: list[APIRoute]) -> dict[str, Any]:
    """What can be asked next with what an answer gives (`Operation.gives`): every operation its ids are enough for.

    Where the next one changes the very thing that is shown, its tag goes along.
    """
    operation, own = OPERATIONS[route.endpoint], set(route.param_convertors)
    found: dict[str, Any] = {}
    for target in routes if operation.gives else ():
        needed, next_ = set(target.param_convertors), OPERATIONS[target.endpoint]
        if not needed & set(operation.gives) or not needed <= own | set(operation.gives):
            continue
        parameters = {
            f"path.{name}": f"$response.body#/{operation.gives[name]}"
            if name in operation.gives
            else f"$request.path.{name}"
            for name in sorted(needed)
        }
        same = target.response_model is route.response_model
        if next_.changes and operation.tagged and same:
            parameters["header.If-Match"] = "$response.header.ETag"
        found[target.endpoint.__name__] = {"operationId": target.endpoint.__name__, "parameters": parameters}
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


def _bodies(shown: dict[str, Any], operation: Operation, schemas: dict[str, Any]) -> None:
    """The types a body may have, each with an example: FastAPI has seen them all as JSON, and files not at all."""
    if operation.body in bodies.FILES:
        files = {kind: _file(kind) for kind in bodies.FILES[operation.body]}
        shown["requestBody"] = {"required": True, "content": files}
        return
    body = shown.get("requestBody")
    if body is None:
        return
    schema = body["content"].pop("application/json")["schema"]
    names = [one["$ref"].rpartition("/")[2] for one in [schema, *schema.get("anyOf", [])] if "$ref" in one]
    for kind in bodies.accepted(operation.body):
        if kind == bodies.JOSE:
            body["content"][kind] = {"schema": {"type": "string"}, "example": "header.payload.signature"}
        else:
            body["content"][kind] = {"schema": schema, "example": _example(schemas[names[0]])}


_SAMPLES = {
    "text/plain": "A note.\n",
    "application/pdf": "%PDF-1.7\n%%EOF\n",
    "text/csv": f"{','.join(COLUMNS)}\nTH,court,Criminal Court,,court@th.example,,Bangkok,th,,the court,2026-01-15\n",
}


def _file(kind: str) -> dict[str, Any]:
    """A file as a body: its bytes, or a form with one part."""
    bytes_ = {"type": "string", "format": "binary"}
    if kind != bodies.MULTIPART:
        return {"schema": bytes_, "example": _SAMPLES.get(kind, "bytes")}
    schema = {"type": "object", "properties": {"file": bytes_}, "required": ["file"], "additionalProperties": False}
    return {"schema": schema, "example": {"file": "bytes"}}


def _example(schema: dict[str, Any]) -> Any:
    """An example of a model: its own, or made of those of its fields."""
    if "examples" in schema:
        return schema["examples"][0]
    fields: dict[str, Any] = schema.get("properties", {})
    shown = {name: one["examples"][0] for name, one in fields.items() if "examples" in one}
    return shown | {name: one["const"] for name, one in fields.items() if "const" in one}
