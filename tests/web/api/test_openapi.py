"""The description says what the API does: every operation, its input, its answers and its refusals."""

import re
import subprocess
import sys
from functools import partial

import jsonschema_rs
import pytest

from web import api_docs
from web.api import problems
from web.server.compression import accepts

pytestmark = pytest.mark.beside


@pytest.fixture
async def description(installation):
    return (await installation.http.get("/api/v1/openapi.json")).json()


def operations(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_it_is_openapi_3_1_and_every_operation_is_whole(description):
    assert description["openapi"] == "3.1.0"
    assert description["servers"] == [{"url": "http://localhost:8000/api/v1"}]
    ids = [operation["operationId"] for _name, operation in operations(description)]
    assert len(ids) == len(set(ids)) > 40
    for name, operation in operations(description):
        assert operation["description"], name
        (good,) = [status for status in operation["responses"] if status.startswith("2")]
        for content in operation["responses"][good].get("content", {}).values():
            assert content["example"], name
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            assert "example" in content, (name, kind)
            schema = description["components"]["schemas"].get(content["schema"].get("$ref", "").split("/")[-1], {})
            assert set(schema.get("required", ())) <= set(content["example"]), (name, kind)
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (name, status)
        assert {"429", "500"} <= set(operation["responses"]), name
        if operation["security"]:
            assert {"401", "403"} <= set(operation["responses"]), name
            assert {"$ref": "#/components/parameters/DPoP"} in operation["parameters"], name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), name
        if name.startswith("PATCH"):
            assert {"409", "412", "428"} <= set(operation["responses"]), name
        if name.startswith("POST") and operation["security"]:
            assert {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"], name


async def test_every_reference_in_it_leads_somewhere(description):
    targets = set(re.findall(r"'\$ref': '#/([^']+)'", str(description)))
    assert len(targets) > 50
    for target in targets:
        found = description
        for step in target.split("/"):
            found = found.get(step)
            assert found, target


async def test_every_example_fits_its_schema(description):
    """That they are what the service takes and answers is found by docket/fuzz, which makes its requests of them."""
    for name, operation in operations(description):
        said = {
            (one["in"], one["name"]): (one["schema"], one) for one in operation.get("parameters", ()) if "in" in one
        }
        answers = [answer for status, answer in operation["responses"].items() if status < "3"]
        for whole in (operation.get("requestBody", {}), *answers):
            said |= {(name, kind): (one["schema"], one) for kind, one in whole.get("content", {}).items()}
        for where, (schema, one) in said.items():
            if "example" in one:
                told = jsonschema_rs.Draft202012Validator({**schema, "components": description["components"]})
                assert [error.message for error in told.iter_errors(one["example"])] == [], (name, where)


def test_the_name_of_a_schema_says_what_it_is_and_not_where_its_code_lies(description):
    places = ("hearings", "web", "media", "scheduler")
    assert [name for name in description["components"]["schemas"] if "__" in name or name.startswith(places)] == []


def test_the_page_says_what_the_code_does():
    text = api_docs.PAGE.read_text(encoding="utf-8")
    assert api_docs.filled(text) == text, "run `python -m web.api_docs`"


async def test_every_code_of_a_problem_is_listed(installation):
    listed = (await installation.http.get("/api/v1/problems")).json()["items"]
    assert {one["code"]: (one["status"], one["title"]) for one in listed} == problems.codes()
    assert problems.codes()["not_found"][0] == 404
    assert problems.codes()["signature_wrong"][0] == 401
    assert problems.codes()["nonexistent_time"][0] == 422


async def test_evaluation_says_what_is_open_and_changes_nothing(ro):
    body = {"requesting_state": "RO", "requested_state": "TH", "capacity": "witness"}
    answer = await ro.post("/legal-bases/evaluate", body)
    assert answer.status_code == 200
    verdicts = {one["instrument"]: one for one in answer.json()["verdicts"]}
    assert {"untoc", "uncac"} <= set(verdicts)
    assert any(line["status"] == "missing" for line in verdicts["untoc"]["lines"])
    same = await ro.post("/legal-bases/evaluate", body | {"requested_state": "RO"})
    assert (same.status_code, same.json()["code"]) == (422, "invalid")
    nowhere = await ro.post("/legal-bases/evaluate", body | {"requested_state": "ZZ"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "unknown_state")
    one = await ro.get("/law/instruments/untoc")
    assert one.json()["data"]["id"] == "untoc"
    assert (await ro.get("/law/instruments/none")).json()["code"] == "not_found"


def test_the_application_begins_without_what_only_the_api_needs():
    code = "import sys, web.app, web.cli; print('web.api_app' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


async def test_it_is_compressed_for_who_takes_that_and_each_coding_has_its_own_tag(installation):
    ask = partial(installation.http.get, "/api/v1/openapi.json")
    plain = await ask(headers={"accept-encoding": "identity"})
    packed = await ask(headers={"accept-encoding": "br, gzip;q=0.5"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json()
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert plain.headers["etag"] != packed.headers["etag"]
    assert {one.headers["vary"] for one in (plain, packed)} == {"Accept-Encoding"}
    assert {one.headers["cache-control"] for one in (plain, packed)} == {"no-cache"}
    for one, accepted in ((plain, "identity"), (packed, "gzip")):
        for told in (one.headers["etag"], f'"x", W/{one.headers["etag"]}'):
            again = await ask(headers={"accept-encoding": accepted, "if-none-match": told})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", one.headers["etag"])


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [("gzip", True), ("", False), ("identity", False), ("*", True), ("gzip;q=0, *", False), ("GZIP ; q=0.1", True),
     ("br,gzip;q=0.000", False), ("gzipped", False), ("*;q=0", False), ("x-gzip", True)],
)  # fmt: skip
def test_gzip_is_taken_by_name_or_star_and_not_at_no_weight(accepted, taken):
    assert accepts(accepted, "gzip") is taken
