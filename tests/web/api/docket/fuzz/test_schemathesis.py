"""Hundreds of requests made from the description alone: no failure, nothing the description does not say.

Every operation takes part as soon as it is described. Six hundred requests belong to the suite; more are made by
`pytest tests/web/api/docket/fuzz --cases 10000 --timeout 3600`. The seed is fixed: what fails, fails again.
"""

import asyncio
import collections
import json
import math
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup

from hearings import queries
from hearings.overview import worklist
from hearings.requests import requests as domain
from tests.support.examples import first_event, names
from web.api import openapi

pytestmark = [pytest.mark.timeout(3600), pytest.mark.beside]
BASE = "http://localhost:8000"
IN_THE_SUITE = 600
"""Requests: of each operation what is plain, and a few of what is generated."""
API = "/api/v1"
SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
    verbosity=hypothesis.Verbosity.quiet,
)
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EVENTS = "/events"
SLOW = {"POST /documents/check", "GET /docket/plan", "application/pdf", "application/zip", "text/event-stream"}
FEW = 3
"""Cases of an operation that answers so."""
PLAIN, MIXED, AIMED, KNOWN = 25, 60, 88, 98
"""Of a hundred cases: a recipe to the letter, up to 25; one with one member of its body as it was generated, up to 60;
one with body and query as generated, up to 88; made up from end to end, up to 98; without a token too, the rest.
Hypothesis throws low numbers more often than a die would."""
STATEFUL = 0.2
"""The share of cases that follow links."""
NO_FILES = {
    "take_released_copy": "POST /recordings/{recording}/releases/{release}/copy",
    "enter_receipt": "POST /recordings/{recording}/releases/{release}/receipt",
    "propose_change": "POST /changes",
    "review_row": "POST /law/reviews",
    "confirm_directory_entry": "POST /directory/{entry_id}/confirm",
    "import_request": "POST /requests/import",
    "confirm_notice": "POST /notices/{notice_id}/confirm",
    "finish_room_outcome": "POST /rooms/{room}/outcomes/{outcome}/done",
    "draft_of_room_outcome": "POST /rooms/{room}/outcomes/{outcome}/draft",
    "share_request": "POST /requests/{request_id}/shares",
    "revoke_share": "POST /requests/{request_id}/shares/{share_id}/revoke",
    "record_service": "POST /hearings/{ref}/summons",
    "answer_gate": "POST /requests/{request_id}/gate-answers",
    "convene_room": "POST /rooms",
    "choose_period": "POST /personal-data/rules/{rule}",
    "read_costs": "GET /hearings/{ref}/costs",
    "put_cost_term": "POST /hearings/{ref}/costs/terms",
    "list_cost_claims": "GET /hearings/{ref}/costs/claims",
    "make_cost_claim": "POST /hearings/{ref}/costs/claims",
    "read_cost_claim": "GET /hearings/{ref}/costs/claims/{claim_id}",
    "add_cost_receipt": "POST /hearings/{ref}/costs/claims/{claim_id}/receipts",
    "download_cost_receipt": "GET /hearings/{ref}/costs/claims/{claim_id}/receipts/{receipt_id}",
    "submit_cost_claim": "POST /hearings/{ref}/costs/claims/{claim_id}/submit",
    "pay_cost_claim": "POST /hearings/{ref}/costs/claims/{claim_id}/pay",
}
"""What needs the files of a recording, of which this docket has none, a signed container, which no example can hold, a
mark of the law or the directory as they are at that moment, an own outcome, share, person or claim among many, or
what a person has decided at a page. The tests of each subject do it: test_releases_api.py, test_rows_api.py,
test_directory_api.py, test_containers.py and others."""
STEPS = 8
"""How many in a row."""


@schemathesis.serializer("application/jose", "text/csv", "application/pdf", "image/png", "image/jpeg")
def as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@dataclass
class Signed(requests.auth.AuthBase):
    """The hook in the transport: token and proof of one request."""

    client: Any
    token: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        where = BASE + urlsplit(str(request.url)).path
        if self.token:
            request.headers["authorization"] = f"DPoP {self.token}"
        request.headers["dpop"] = self.client.proof(request.method, where, self.token)
        return request


@dataclass
class Run:
    """Sends cases, checks every answer, and counts them."""

    finder: Any
    port: int
    loop: asyncio.AbstractEventLoop
    checks: list[Any] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)
    answered: dict[str, collections.Counter[int]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    generated: int = 0
    """Cases with something in them that no example says."""
    followed: int = 0
    """Links."""

    @property
    def total(self) -> int:
        return sum(one.total() for one in self.answered.values())

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Let the loop of the application do something."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def aim(self, case: Any, dice: int, pick: int) -> Any:
        """Make a case one that can succeed, more or less; the recipe it follows, if any."""
        recipes = self.finder.recipes.get(f"{case.method.upper()} {case.path}", [])
        if not recipes or dice >= AIMED:
            return None
        recipe = recipes[pick % len(recipes)]
        for each in recipe.before:
            self.wait(self.finder.send(each))
        case.path_parameters = dict(recipe.params)
        if dice < MIXED:
            case.query = dict(recipe.query)
            self.fill(case, recipe, recipe.params, mixed=dice >= PLAIN, pick=pick)
        elif recipe.tagged:
            case.headers = CaseInsensitiveDict({**case.headers, **self.wait(self.finder.headers(recipe))})
        return recipe

    def fill(self, case: Any, recipe: Any, params: dict[str, Any], *, mixed: bool, pick: int) -> None:
        """The body and headers of a recipe; `mixed`: with one member as it was generated."""
        (body, headers), generated = self.wait(self.finder.ready(recipe, params)), case.body
        if mixed and isinstance(body, dict) and isinstance(generated, dict) and generated and not recipe.statement:
            name = sorted(generated)[pick % len(generated)]
            body = {**body, name: generated[name]}
        if recipe.kind:
            case.body, case.media_type = body, recipe.kind
        else:
            case.body, case.media_type = NotSet(), None
        case.headers = CaseInsensitiveDict(headers)

    def send(self, case: Any, client: Any, *, known: bool = True) -> Any:
        """Send a case and check its answer."""
        name = f"{case.method.upper()} {case.path}"
        own = bool(case.operation.definition.raw["security"])
        token = client.tokens[""] if own and known else ""
        response = case.call(
            base_url=f"http://127.0.0.1:{self.port}{API}",
            session=self.session,
            auth=Signed(client, token),
            timeout=2 if case.path == EVENTS else 120,  # at the lowest priority, beside browsers
        )
        self.answered.setdefault(name, collections.Counter())[response.status_code] += 1
        try:
            case.validate_response(response, checks=self.checks)
        except FailureGroup as group:
            for failure in group.exceptions:
                told = f"{failure}"[:1500] + "\n" + f"{group}"[-1200:]
                self.failures.setdefault(f"{name} {response.status_code} {failure.title}", told)
        return response

    def one(self, operation: Any, case: Any, dice: int, pick: int) -> None:
        """One case on a docket as it was found."""
        if self.finder.old:
            self.wait(self.finder.renew())
        case = case or operation.Case()
        recipe = self.aim(case, dice, pick)
        client = recipe.client if recipe else self.finder.clients[pick % 2]
        self.generated += not recipe or dice >= PLAIN
        response = self.send(case, client, known=dice < KNOWN)
        if (case.method.upper() != "GET" and response.status_code < 300) or (recipe and recipe.before):
            self.finder.copies.restore()


def single(run: Run, schema: Any, cases: int) -> None:
    """Cases of each operation by itself."""
    operations = [result.ok() for result in schema.get_all_operations()]
    slow = {operation.label for operation in operations if SLOW & {operation.label, *_kinds(operation)}}
    each_of_others = math.ceil((cases - FEW * len(slow)) / (len(operations) - len(slow)))
    for operation in operations:
        _try(run, operation, FEW if operation.label in slow else each_of_others)


def _try(run: Run, operation: Any, cases: int) -> None:
    @hypothesis.given(_thrown(operation, known=operation.label in run.finder.recipes))
    @hypothesis.settings(SETTINGS, max_examples=cases)
    def case_by_case(thrown: tuple[int, int, Any]) -> None:
        dice, pick, case = thrown
        run.one(operation, case, dice, pick)

    case_by_case()


def _thrown(operation: Any, *, known: bool) -> st.SearchStrategy[tuple[int, int, Any]]:
    """Dice, a number to pick by, and a case that was generated: none where a recipe is followed to the letter."""
    generated = operation.as_strategy()

    def case(dice: int) -> st.SearchStrategy[tuple[int, int, Any]]:
        plain = known and dice < PLAIN
        return st.tuples(st.just(dice), st.integers(0, 999), st.none() if plain else generated)

    return st.integers(0, 99).flatmap(case)


def _kinds(operation: Any) -> set[str]:
    """The types an operation answers with."""
    responses = operation.definition.raw["responses"]
    return {kind for status, one in responses.items() if status < "3" for kind in one.get("content", ())}


def linked(run: Run, schema: Any, cases: int) -> None:
    """Cases that follow the links of the description: what an answer gives is asked for next."""

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            run.wait(run.finder.renew())
            run.finder.copies.restore()

        def step(self, input: Any) -> Any:
            case = input.case
            run.followed += input.transition is not None
            recipe = (run.finder.recipes.get(f"{case.method.upper()} {case.path}") or [None])[0]
            if recipe and input.transition is None:
                run.aim(case, 0, run.total)
            elif recipe:
                run.fill(case, recipe, dict(case.path_parameters), mixed=False, pick=run.total)
            response = run.send(case, recipe.client if recipe else run.finder.clients[0])
            self.after_call(response, case)
            return schemathesis.generation.stateful.state_machine.StepOutput(response, case)

    Machine.run(settings=hypothesis.settings(SETTINGS, max_examples=max(1, cases // STEPS), stateful_step_count=STEPS))


def drive(run: Run, cases: int) -> None:
    schema = loaded(run)
    linked(run, schema, int(cases * STATEFUL))
    single(run, schema, cases - run.total)


def loaded(run: Run) -> Any:
    """The description as schemathesis has it; a stream is read up to its first event."""
    load_all_checks()
    run.checks = CHECKS.get_by_names(list(CHECKED))
    config = schemathesis.Config()
    config.projects.default.max_stream_events = 1
    return schemathesis.openapi.from_dict(run.finder.description, config=config)


def _without_files() -> dict[str, Any]:
    """The examples, written by hand, of what needs files or a mark."""
    kept = json.loads(openapi.EXAMPLES.read_text(encoding="utf-8"))
    return {name: kept[name] for name in NO_FILES}


async def test_whatever_is_asked_the_answer_is_one_the_description_knows(finder, tape, api_port, request) -> None:
    events = {"answer": await first_event(api_port, finder.clients[0])}
    recorded = tape.examples(finder.description, follow_events=events, **_without_files())
    if request.config.getoption("--record", default=False):
        openapi.EXAMPLES.write_text(json.dumps(recorded, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    kept = json.loads(openapi.EXAMPLES.read_text(encoding="utf-8"))
    assert names(kept) == names(recorded), "run `python -m tests.vectors.examples`"
    cases = request.config.getoption("--cases", default=IN_THE_SUITE)
    run = Run(finder, api_port, asyncio.get_running_loop())
    await asyncio.to_thread(drive, run, cases)
    assert not run.failures, "\n\n".join(f"{name}\n{text}" for name, text in run.failures.items())
    never = {
        name: (dict(run.answered.get(name, {})), finder.failed.get(name, collections.Counter()).most_common(3))
        for name in (f"{method} {path}" for method, path, _operation in finder.operations())
        if name not in NO_FILES.values() and not any(200 <= status < 300 for status in run.answered.get(name, ()))
    }
    assert not never, f"Never answered 2xx (what is needed is not in the docket of conftest.py): {never}"
    answers = sum(run.answered.values(), collections.Counter())
    good = sum(count for status, count in answers.items() if 200 <= status < 300)
    assert answers.total() >= cases
    assert run.generated >= cases / 3
    assert run.followed >= cases / 20
    assert good * 2 >= answers.total(), answers


@pytest.mark.parametrize("limits", [{}])
async def test_who_asks_too_often_is_told_so_as_the_description_says(installation, api_port) -> None:
    client = await installation.client("RO")
    description = (await installation.http.get(f"{API}/openapi.json")).json()
    await client.token()
    run = Run(Bare(description, [client]), api_port, asyncio.get_running_loop())
    answers = await asyncio.to_thread(ask_often, run)
    shipped = installation.settings
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 429}
    assert shipped.api_burst <= statuses.count(200) <= shipped.api_burst + 10
    assert not run.failures
    for answer in answers:
        told = {name.lower(): values[0] for name, values in answer.headers.items()}
        assert told["ratelimit-limit"] == str(shipped.api_burst)
        assert told["ratelimit-policy"].startswith(f"{shipped.api_burst};w=")
        assert ("retry-after" in told) == (answer.status_code == 429)
        if answer.status_code == 429:
            assert (told["ratelimit-remaining"], answer.json()["code"]) == ("0", "too_many_requests")
            assert 1 <= int(told["retry-after"]) <= 60


@dataclass
class Bare:
    """A docket of which nothing is known."""

    description: Any
    clients: list[Any]
    recipes: dict[str, Any] = field(default_factory=dict)


def ask_often(run: Run) -> list[Any]:
    schema = loaded(run)
    operation = schema["/states"]["GET"]
    return [run.send(operation.Case(), run.finder.clients[0]) for _time in range(80)]


@pytest.mark.parametrize(
    "failure",
    [ValueError("x"), KeyError("x"), TypeError("x"), AssertionError("x"), OSError("x"), NotImplementedError("x")],
)
async def test_an_exception_nobody_foresaw_is_our_failure_and_not_the_callers(
    installation, ro, story, failure, monkeypatch
) -> None:
    made = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    asked = [
        ("GET", "/requests", None),
        ("GET", f"/requests/{made['id']}", None),
        ("POST", "/requests", {"requested_state": "TH", "content": story.content}),
        ("POST", f"/requests/{made['id']}/acknowledge", None),
        ("POST", f"/requests/{made['id']}/submit", ro.sign({})),
        ("GET", "/hearings/7F3K-22QD", None),
        ("GET", "/worklist", None),
    ]

    def fail(*_given: Any, **_named: Any) -> None:
        raise failure

    for module, name in (
        (queries, "requests_told"),
        (queries, "request"),
        (domain, "draft"),
        (queries, "hearing"),
        (worklist, "waiting"),
    ):
        monkeypatch.setattr(module, name, fail)
    for method, path, body in asked:
        answer = await ro.call(method, path, **({"json": body} if body is not None else {}))
        assert (answer.status_code, answer.json()["code"]) == (500, "failed"), (method, path, answer.text)
        assert answer.json()["instance"].startswith("urn:vivavoce:failure:")
        assert "x" not in answer.json()["detail"].split()
