"""Every field of a request, taken from the API's own description, is sent with values that fit it and with some that
do not: none is left out, and whatever is sent is taken or refused by name."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis
import jsonschema_rs
import pytest
import schemathesis
from schemathesis import GenerationMode

from hearings.requests import field_kinds as kinds
from hearings.requests.fields import FIELDS, Field

pytestmark = pytest.mark.beside

SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
    max_examples=6,
)
EACH = 3
"""Generated values of each field that are sent, of those that fit and of those that do not."""
FITTING: dict[type[kinds.Kind], Callable[[Any], Any]] = {
    kinds.Line: lambda kind: "A text",
    kinds.Lines: lambda kind: "One line\nAnother",
    kinds.Answer: lambda kind: True,
    kinds.Flag: lambda kind: True,
    kinds.Choice: lambda kind: list(kind.of)[-1].value,
    kinds.Several: lambda kind: [next(iter(kind.of)).value],
    kinds.Language: lambda kind: "th",
    kinds.Languages: lambda kind: ["th", "ro"],
    kinds.Instruments: lambda kind: ["untoc"],
    kinds.Day: lambda kind: "2027-01-15",
    kinds.Number: lambda kind: kind.most,
    kinds.Level: lambda kind: kind.most,
    kinds.Instant: lambda kind: "2026-11-02T10:00:00Z",
    kinds.State: lambda kind: "TH",
    kinds.States: lambda kind: ["TH"],
    kinds.Slots: lambda kind: [{"wall": f"2027-11-{day}T09:00", "zone": "Asia/Bangkok"} for day in (22, 23, 24)],
}
"""By kind, a value with a meaning; what is generated from a schema seldom has one."""
BESIDE: dict[str, dict[str, Any]] = {"oral": {"oral_at": "2026-11-02T10:00:00Z"}, "oral_at": {"oral": True}}
"""What a field cannot be said without."""


def generated(field: str, schema: dict[str, Any], parts: dict[str, Any], mode: GenerationMode) -> list[Any]:
    """Values schemathesis makes of the schema of one field."""
    body = {"type": "object", "properties": {field: schema}, "required": [field], "additionalProperties": False}
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "Taken"}},
    }
    description = {"openapi": "3.1.0", "info": {"title": "One field", "version": "1"}, "components": parts}
    loaded = schemathesis.openapi.from_dict(description | {"paths": {"/one": {"post": operation}}})
    fits = jsonschema_rs.Draft202012Validator(body | {"components": parts})
    found: list[Any] = []

    @hypothesis.given(loaded["/one"]["POST"].as_strategy(generation_mode=mode))
    @SETTINGS
    def collect(case: Any) -> None:
        alone = isinstance(case.body, dict) and set(case.body) == {field}
        if alone and fits.is_valid(case.body) == (mode is GenerationMode.POSITIVE):
            found.append(case.body[field])

    collect()
    return found


def misfits(schema: dict[str, Any], parts: dict[str, Any]) -> list[Any]:
    """Values of other types than the schema has, and one too long or too large."""
    fits = jsonschema_rs.Draft202012Validator(schema | {"components": parts})
    tried = ["x" * 10_000, 10_000, -1, 1.5, {"a": 1}, [["x"]], "yes", True, None]
    return [value for value in tried if not fits.is_valid(value)]


def wanted(field: Field) -> Any:
    return FITTING[type(field.kind)](field.kind)


async def test_every_field_of_a_request_is_sent_fitting_and_not_fitting(ro, installation) -> None:
    description = (await installation.http.get("/api/v1/openapi.json")).json()
    parts = description["components"]
    properties = parts["schemas"]["RequestFields"]["properties"]
    assert set(properties) == set(FIELDS)
    fitting: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    answers: Counter[int] = Counter()

    async def send(name: str, value: Any) -> Any:
        content = {name: value} | BESIDE.get(name, {})
        answer = await ro.post("/requests", {"requested_state": "TH", "content": content})
        answers[answer.status_code] += 1
        assert answer.status_code in {201, 422}, (name, value, answer.text)
        return answer

    for name, schema in properties.items():
        answer = await send(name, wanted(FIELDS[name]))
        assert answer.status_code == 201, (name, answer.text)
        fitting[name] += answer.json()["content"][name] not in (None, "", [])
        for value in generated(name, schema, parts, GenerationMode.POSITIVE)[:EACH]:
            fitting[name] += (await send(name, value)).status_code == 201
        wrong = generated(name, schema, parts, GenerationMode.NEGATIVE)[:EACH] + misfits(schema, parts)[:EACH]
        for value in wrong:
            answer = await send(name, value)
            named = name in answer.text or answer.json()["code"] == "not_a_number"  # refused before it is read
            assert (answer.status_code, named) == (422, True), (name, value, answer.text)
            refused[name] += 1
    assert {name for name in properties if not fitting[name]} == set(), "never sent with a value that fits"
    assert {name for name in properties if not refused[name]} == set(), "never sent with a value that does not"
    assert answers[201] >= len(properties) and answers[422] >= len(properties)
