"""What can be done in a docket: found out by trying, nothing is said about it here.

What path parameters can be is found by following the links of the description; who may do it, to which row and with
which statement signed, by trying the examples. Whatever was done is undone by copying the databases back.
"""

import collections
import itertools
import json
import math
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.examples import Tape

BASE = "http://localhost:8000"
API = "/api/v1"
NAMES = {
    "request": "request_id",
    "hearing": "ref",
    "requesting_site": "site",
    "requested_site": "site",
    "resources": "resource",
}
"""Members of bodies that name a row as a path parameter does, under another name."""
KNOWN = [{}, {"url": "http://localhost:9/hooks"}]
"""What no operation tells: where a webhook may go in this installation."""
STATE = "RO"
PERSON = "person"
"""A parameter of the query that names an account; what it can be is known, not told by the example."""
TOKEN = "/oauth/token"
TOKEN_LASTS = 200
"""Seconds after which new tokens are asked for; they last 300."""
JOSE = "application/jose"
STREAM = "text/event-stream"
YEAR = str(datetime.now(UTC).year + 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", type=int, default=600, help="how many requests are made from the description")
    parser.addoption("--record", action="store_true", help="write the examples of the description, and no more")


DECIDED = {
    "reason": "Heard in person.", "reasons": "Proceedings here would be disturbed.", "ground": "no_consent",
    "motive": "", "review": "2027-05-01T00:00:00Z", "conditions": "An official of this State is present.", "rules": [],
}  # fmt: skip
"""What a person has decided, in statements that leave it open."""


@dataclass(frozen=True)
class Recipe:
    """A request that was answered 2xx."""

    method: str
    path: str
    client: Any
    params: dict[str, Any]
    kind: str
    body: Any
    query: dict[str, str]
    statement: str
    """Where the statement to be signed is read; empty where none is."""
    tagged: bool
    before: tuple["Recipe", ...] = ()
    """What has to be done first."""


@dataclass
class Finder:
    """Finds recipes: by links, what there is; by examples, what can be done to it."""

    description: dict[str, Any]
    clients: list[Any]
    copies: Any
    facts: list[dict[str, Any]] = field(default_factory=lambda: list(KNOWN))
    recipes: dict[str, list[Recipe]] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    """Of the rows in lists, by what names them."""
    failed: dict[str, collections.Counter[str]] = field(default_factory=dict)
    read: set[tuple[str, str, str]] = field(default_factory=set)
    renewed: float = -math.inf

    @property
    def old(self) -> bool:
        """Whether the tokens are about to end."""
        return time.monotonic() - self.renewed > TOKEN_LASTS

    async def renew(self) -> None:
        """New tokens before the old ones end, for docket and copies alike."""
        if self.old:
            self.copies.restore()
            for client in self.clients:
                client.tokens.clear()
                await client.token()
            self.copies.keep()
            self.renewed = time.monotonic()

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.description["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def targets(self, path: str, limit: int = 60) -> list[dict[str, Any]]:
        """What the path parameters can be, by what is known."""
        names = re.findall(r"{(\w+)}", path)
        found = [{name: fact[name] for name in names} for fact in self.facts if set(names) <= set(fact)]
        return list({json.dumps(one, sort_keys=True): one for one in found}.values())[:limit]

    def values(self, name: str) -> list[Any]:
        """Known values of one parameter."""
        return list(dict.fromkeys(fact[name] for fact in self.facts if name in fact))

    # What there is.

    async def harvest(self) -> None:
        """Read whatever leads to something, until nothing new is found."""
        reading = [(path, _gives(one)) for method, path, one in self.operations() if method == "GET" and _gives(one)]
        known = -1
        while len(self.facts) > known:
            known = len(self.facts)
            for (path, gives), client in itertools.product(reading, self.clients[:2]):
                for params in self.targets(path) if client is self.clients[0] or "{" not in path else ():
                    place = (path, client.id, json.dumps(params))
                    if place not in self.read:
                        self.read.add(place)
                        answer = await client.get(path.format(**params))
                        if answer.status_code == 200 and "json" in answer.headers["content-type"]:
                            self.learn(params, gives, answer.json())

    def learn(self, params: dict[str, Any], gives: list[dict[str, str]], body: Any) -> None:
        for pointers in gives:
            columns = [[(name, value) for value in _values(body, pointer)] for name, pointer in pointers.items()]
            for row in zip(*columns, strict=False):
                fact = params | dict(row)
                if fact not in self.facts:
                    self.facts.append(fact)
        for one in body.get("items", ()):
            if isinstance(one, dict) and "status" in one:
                self.status |= dict.fromkeys((str(value) for value in one.values()), one["status"])

    # What can be done.

    async def find(self) -> None:
        """Try every operation; then those that failed, once more after each thing that can be done to their rows."""
        for method, path, operation in self.operations():
            if STREAM not in operation["responses"].get("200", {}).get("content", {}):  # it would not end
                await self.find_one(method, path, operation)
        late = [one for one in self.operations() if self._hopeful(" ".join(one[:2]))]
        found = -1
        while late and len(self.recipes) > found:
            found = len(self.recipes)
            late = [one for one in late if not await self.find_after(*one)]

    def _hopeful(self, name: str) -> bool:
        """Whether an operation has never succeeded, and the state of the rows was a reason."""
        return name not in self.recipes and any(text.startswith("409") for text in self.failed.get(name, ()))

    async def find_one(self, method: str, path: str, operation: dict[str, Any]) -> None:
        """Try an operation until it has succeeded often enough, or there is no hope."""
        await self.renew()
        attempts = list(self.attempts(method, path, operation))
        random.Random(path).shuffle(attempts)
        alike: collections.Counter[tuple[str, ...]] = collections.Counter()
        turn = {}
        for recipe in attempts:  # first one of each kind: by client and by the status of the rows
            kind = (recipe.client.id, *(self.status.get(str(value), "") for value in recipe.params.values()))
            turn[id(recipe)] = alike[kind]
            alike[kind] += 1
        attempts.sort(key=lambda recipe: turn[id(recipe)])
        found: list[Recipe] = []
        for recipe in attempts[:120]:
            answer = await self.send(recipe)
            if answer.status_code >= 300:
                self.note(recipe, answer)
                continue
            fresh = method == "POST" and any(not self.values(name) for give in _gives(operation) for name in give)
            if fresh:  # the first of its kind: kept, so that others have something to be about
                self.learn(recipe.params, _gives(operation), answer.json())
                self.copies.keep()
                await self.harvest()
                continue
            found.append(recipe)
            if method != "GET":
                await self.look(recipe)
                self.copies.restore()
            if len(found) == (2 if method == "GET" else 1):
                break
        if found:
            self.recipes[f"{method} {path}"] = found

    async def find_after(self, method: str, path: str, operation: dict[str, Any]) -> bool:
        """Try an operation on rows that something else has just been done to."""
        names = set(re.findall(r"{(\w+)}", path))
        steps = [one for found in self.recipes.values() for one in found[:1] if one.method != "GET"]
        for step in reversed(steps):
            await self.renew()
            if not names or not names <= set(step.params):
                continue
            for recipe in self.attempts(method, path, operation, [{name: step.params[name] for name in names}]):
                for each in (*step.before, step):
                    await self.send(each)
                answer = await self.send(recipe)
                await self.look(recipe)
                self.copies.restore()
                if answer.status_code < 300:
                    self.recipes[f"{method} {path}"] = [replace(recipe, before=(*step.before, step))]
                    return True
                self.note(recipe, answer)
        return False

    async def look(self, recipe: Recipe) -> None:
        """Read the list something may now stand in, for the tape."""
        if "get" in self.description["paths"][recipe.path]:
            await recipe.client.get(recipe.path.format(**recipe.params))

    def note(self, recipe: Recipe, answer: Any) -> None:
        name = f"{recipe.method} {recipe.path}"
        self.failed.setdefault(name, collections.Counter())[f"{answer.status_code} {answer.text[:300]}"] += 1

    def attempts(
        self, method: str, path: str, operation: dict[str, Any], targets: list[dict[str, Any]] | None = None
    ) -> Iterator[Recipe]:
        names = re.findall(r"{(\w+)}", path)
        targets = (
            targets
            or self.targets(path)
            or [
                dict(zip(names, row, strict=True))
                for row in itertools.product(
                    *(self.values(name) or _samples(operation, name) or [STATE] for name in names)
                )
            ]
        )
        query = {
            one["name"]: self._asked(operation, one["name"])
            for one in operation.get("parameters", ())
            if one.get("in") == "query" and (one["required"] or (method != "GET" and _samples(operation, one["name"])))
        }
        wants_tag = any(one.get("$ref", "").endswith("/IfMatch") for one in operation.get("parameters", ()))
        bodies = list(self.bodies(operation))
        statements = [""]
        if any(kind == JOSE for kind, _body in bodies):
            bodies, statements = [(JOSE, "")], self.statements(path)
        clients = self.clients if operation["security"] and not names else self.clients[:2]
        queries = [dict(zip(query, row, strict=True)) for row in itertools.product(*query.values())]
        for params, (kind, body), asked, statement, client in itertools.product(
            targets, bodies, queries, statements, clients
        ):
            yield Recipe(method, path, client, params, kind, body, asked, statement, wants_tag)

    def _asked(self, operation: dict[str, Any], name: str) -> list[str]:
        """What a parameter of the query can be."""
        known = self.values(name) if name == PERSON else []
        return list(map(str, known or (_samples(operation, name) or [STATE])[:1]))

    def statements(self, path: str) -> list[str]:
        """Where the statement for an act may be read, the likeliest first."""
        found = []
        for method, where, operation in self.operations():
            schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            if method == "GET" and schema.get("schema", {}).get("$ref", "").endswith("/Statement"):
                words = next(
                    (one["schema"]["enum"] for one in operation["parameters"] if one.get("name") == "act"), [""]
                )
                found += [where.replace("{act}", word) for word in words]
        names = set(re.findall(r"{\w+}", path))
        found = [one for one in found if set(re.findall(r"{\w+}", one)) <= names]
        last = path.rpartition("/")[2].replace("-", "_")
        return sorted(found, key=lambda one: (last not in one, -len(_common(one, path)), len(one)))[:1]

    def bodies(self, operation: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Examples of every kind of body, with rows that exist in place of those of the example."""
        content = operation.get("requestBody", {}).get("content", {})
        if not content or not operation["requestBody"].get("required"):
            yield "", None
        for kind, one in content.items():
            if kind == "multipart/form-data":  # says the same as the file by itself
                continue
            for body in self.filled(one["example"]):
                yield kind, body

    def filled(self, example: Any) -> Iterator[Any]:
        example = json.loads(re.sub(r"\b2027-", f"{YEAR}-", json.dumps(example)))
        if not isinstance(example, dict):
            yield example
            return
        pools = {name: self.values(NAMES.get(name, name)) for name in example}
        pools = {name: values[:12] for name, values in pools.items() if values and example[name] not in ("", None)}
        for row in itertools.islice(itertools.product(*pools.values()), 150):
            said = dict(zip(pools, row, strict=True))
            yield example | {name: [said[name]] if isinstance(example[name], list) else said[name] for name in said}

    async def send(self, recipe: Recipe) -> Any:
        """Do it: with a tag just read, a statement just signed, a token just asked for."""
        client, where = recipe.client, recipe.path.format(**recipe.params)
        headers = await self.headers(recipe)
        options: dict[str, Any] = {"params": recipe.query} if recipe.query else {}
        body = await self.body(recipe)
        if body is not None:
            kinds = {"application/json": "json", "application/x-www-form-urlencoded": "data"}
            if recipe.kind in kinds:
                options[kinds[recipe.kind]] = body
            else:
                options["content"] = str(body).encode()
                headers["content-type"] = recipe.kind
        return await client.call(recipe.method, where, headers=headers, **options)

    async def ready(self, recipe: Recipe, params: dict[str, Any] | None = None) -> tuple[Any, dict[str, str]]:
        """Body and headers of a recipe, for other parameters where they are given."""
        return await self.body(recipe, params), await self.headers(recipe, params)

    async def headers(self, recipe: Recipe, params: dict[str, Any] | None = None) -> dict[str, str]:
        """Headers a recipe needs besides those of every request."""
        where = recipe.path.format(**(params or recipe.params))
        if recipe.path == TOKEN:
            return {"dpop": recipe.client.proof("POST", f"{BASE}{API}{where}")}
        if recipe.tagged:
            return {"if-match": (await recipe.client.get(where)).headers.get("etag", '"none"')}
        return {}

    async def body(self, recipe: Recipe, params: dict[str, Any] | None = None) -> Any:
        """The body of a recipe, with what can be sent only once made anew."""
        if recipe.statement:
            named = {name: value for name, value in recipe.query.items() if name == PERSON}
            where = recipe.statement.format(**(params or recipe.params))
            answer = await recipe.client.get(where, **({"params": named} if named else {}))
            if answer.status_code != 200:
                return recipe.body
            statement = answer.json()
            for name, decided in DECIDED.items():
                if name in statement["body"] and statement["body"][name] is None:
                    statement["body"][name] = decided
            signed = recipe.client.sign(statement)
            return signed["jws"] if recipe.kind == JOSE else signed
        if isinstance(recipe.body, dict) and "client_assertion" in recipe.body:
            known = {name: value for name, value in recipe.body.items() if name not in ("client_id", "scope")}
            return known | {"client_assertion": recipe.client.assertion()}
        return recipe.body


def _gives(operation: dict[str, Any]) -> list[dict[str, str]]:
    """What the links of an operation say its answer holds: path parameters, and where they are."""
    found = []
    for response in operation["responses"].values():
        for link in response.get("links", {}).values():
            mark = "$response.body#/"
            one = {
                name.removeprefix("path."): value.removeprefix(mark)
                for name, value in link["parameters"].items()
                if name.startswith("path.") and value.startswith(mark)
            }
            if one and one not in found:
                found.append(one)
    return found


def _values(body: Any, pointer: str) -> list[Any]:
    """What is at a pointer; for one to the first of several, all of them."""
    step, _, rest = pointer.partition("/")
    if not step:
        return [body]
    if isinstance(body, list):
        return [value for one in body for value in _values(one, rest)]
    return _values(body[step], rest) if isinstance(body, dict) and step in body else []


def _samples(operation: dict[str, Any], name: str) -> list[Any]:
    for one in operation["parameters"]:
        if one.get("name") == name:
            return [one["example"]] if "example" in one else list(one["schema"].get("enum", ()))
    return []


def _common(one: str, other: str) -> str:
    return "".join(a for a, b in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


@pytest.fixture
def tape(installation: Any) -> Tape:
    """What clients are answered from here on."""
    found = Tape()
    installation.http.event_hooks["response"].append(found)
    return found


@pytest.fixture
async def finder(tape: Tape, docket: Any, installation: Any) -> Finder:
    """Everything that can be done there by two States, and in the sandbox."""
    description = (await installation.http.get(f"{API}/openapi.json")).json()
    clients = [docket.ro, docket.th, await installation.client("RO", sandbox=True)]
    docket.copies.keep()
    found = Finder(description, clients, docket.copies)
    found.facts += [{PERSON: one} for one in docket.people]
    await found.renew()
    await found.harvest()
    await found.find()
    installation.http.event_hooks["response"].remove(tape)
    return found
