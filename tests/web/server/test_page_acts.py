"""What every form that is sent goes through: sign-in, right, token, one transaction, the page again, the way on."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.errors import Invalid, NotReady
from hearings.models import Person
from hearings.models.outbox import FeedScope
from hearings.outward import feeds
from hearings.sentences import tell
from web.server import page_acts
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, page_act

ROOT = Path(__file__).parents[3]
FOLLOWED: list[str] = []
"""What was called after a commit."""


async def shown_again(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    told = "; ".join(f"{one.field}={one.text}" for one in wrong)
    return Response(f"{person.owner_state} {values['how']} {told}", 422, media_type="text/plain")


@page_act(again(shown_again, explained({"how": "The way"})), right="manage_webhooks")
async def tried(sent: Sent) -> str | Any:
    """Adds a row, and then does what the form says."""
    how = sent.form.text("how")
    await feeds.make(sent.db, person=sent.person, scope=FeedScope.own, now=sent.now)
    sent.after.append(lambda: FOLLOWED.append(how))
    if how == "invalid":
        raise Invalid(tell("Cannot be empty"), "how")
    if how == "not ready":
        raise NotReady(tell("No question has been asked"))
    if how == "after":
        return lambda: shown_again(sent.request, sent.person, sent.form.first, [])
    return "/docket?done=yes"


@pytest.fixture
def form(service) -> Iterator[str]:
    routes = service.app.router.routes
    routes.insert(0, Route("/tried", tried, methods=["POST"]))
    FOLLOWED.clear()
    yield "/tried"
    del routes[0]


def test_what_was_refused_has_changed_nothing_and_is_shown_again_beside_its_field(service, everything, form):
    client = service.signed_in("administrator")
    token, before = client.token("/docket"), service.run(everything)
    answer = client.post(form, {"csrf": token, "how": "invalid"})
    assert (answer.status_code, answer.text) == (422, "RO invalid how=The way: this cannot be empty.")
    answer = client.post(form, {"csrf": token, "how": "not ready"}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "No question has been asked")
    assert (service.run(everything), FOLLOWED) == (before, [])


@pytest.mark.parametrize(("how", "status"), [("well", 303), ("after", 422)])
def test_what_follows_a_commit_is_called_once_and_the_way_goes_on(service, everything, form, how, status):
    client = service.signed_in("administrator")
    token, before = client.token("/docket"), service.run(everything)
    answer = client.post(form, {"csrf": token, "how": how})
    assert (answer.status_code, answer.headers.get("location")) == (
        status,
        "/docket?done=yes" if how == "well" else None,
    )
    after = service.run(everything)
    assert [name for name in after if after[name] != before[name]] == ["calendar_feed"]
    assert [how] == FOLLOWED


@pytest.mark.parametrize(
    ("who", "token", "status", "code"),
    [
        (None, "", 401, "sign_in_needed"),
        ("clerk", "", 403, "not_allowed"),
        ("administrator", "", 403, "csrf"),
        ("administrator", "0" * 64, 403, "csrf"),
    ],
)
def test_nobody_else_and_no_other_page_gets_as_far_as_the_act(service, everything, form, who, token, status, code):
    client = service.signed_in(who) if who else service.client()
    before = service.run(everything)
    answer = client.post(form, {"csrf": token, "how": "well"}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (service.run(everything), FOLLOWED) == (before, [])


OWN = {
    "web/coordination/room_file_pages.py:share": "a file of 25 MiB, which is not read for a room of others",
    "web/costs/claim_pages.py:attach": "a file of 25 MiB, which is not read for a claim of somebody else",
    "web/documents/container_pages.py:bring_in": "a file, whose signatures are checked before the transaction",
    "web/documents/file_pages.py:attach": "a file of 25 MiB, which is not read for a request of somebody else",
    "web/hearing/people_pages.py:create": "looks before it acts, at who may be named",
    "web/hearing/people_pages.py:edit": "looks before it acts, at who is there",
    "web/law/row_pages.py:preview": "changes nothing",
    "web/law/row_pages.py:treaty": "changes nothing",
    "web/law/state_pages.py:preview": "changes nothing",
    "web/people/directory_pages.py:import_table": "a file",
    "web/people/entry_pages.py:_by_pin": "nobody has signed in yet",
    "web/sitting/excerpt_pages.py:make": "the answer is a file, and it acts on no row",
    "web/people/entry_pages.py:send_code": "nobody has signed in yet",
    "web/people/entry_pages.py:use_link": "nobody has signed in yet",
    "web/people/entry_pages.py:sign_out": "of whoever has signed in, with a cookie to drop",
    "web/people/entry_pages.py:choose_language": "of whoever is there, signed in or not",
    "web/people/passkey_pages.py:sign_in": "nobody has signed in yet",
    "web/people/passkey_pages.py:confirm": "uses the challenge up whatever comes of it",
    "web/people/passkey_pages.py:add": "uses the challenge up whatever comes of it",
    "web/people/recovery_pages.py:stop_by_link": "nobody has signed in: whoever has the mail stops it",
    "web/requests/signing_pages.py:page": "changes nothing",
    "web/sitting/recording_pages.py:export": "writes into the custody log, which is no row",
    "web/times/plan_pages.py:plan": "changes nothing",
    "web/times/schedule_pages.py:counter": "warns before it acts",
    "web/times/schedule_pages.py:propose": "warns before it acts",
    "web/times/slot_pages.py:propose": "searches before it acts",
}
"""Handlers that read their form themselves, and why."""


def test_every_other_form_is_read_by_the_decorator():
    found = set()
    for path in sorted((ROOT / "web").rglob("*pages.py")):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.AsyncFunctionDef) and any(
                isinstance(call, ast.Call) and ast.unparse(call.func) in ("forms.read", "request.form")
                for call in ast.walk(function)
            ):
                found.add(f"{path.relative_to(ROOT).as_posix()}:{function.name}")
    assert found == set(OWN)


WAITING = frozenset({"run_in_threadpool", "asyncio.to_thread", "seal_of", "proven_logs", "seal_lines.append"})
"""Calls that wait for the seal, for the lock of a folder, or for a file: on SQLite everybody who writes would wait."""
READS_IN_PLACE = {"web/custody/key_pages.py:take_in"}
"""Reads the journal, where a file that is handed in has keys of closed sessions."""


def within(function: ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions in it: what an act does in its transaction."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_no_act_waits_for_seal_or_files_while_it_holds_its_transaction():
    acts, found = 0, set()
    for path in sorted((ROOT / "web").rglob("*pages.py")):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.AsyncFunctionDef) and "page_act" in map(_decorator, function.decorator_list):
                acts += 1
                calls = {ast.unparse(node.func) for node in within(function) if isinstance(node, ast.Call)}
                if calls & WAITING:
                    found.add(f"{path.relative_to(ROOT).as_posix()}:{function.name}")
    assert acts > 50
    assert found - READS_IN_PLACE == set()


def _decorator(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def test_every_form_says_where_it_is_sent() -> None:
    """Else it is sent to the address with its fragment, and the browser goes there instead of to what was wrong."""
    forms = [
        (path.name, form)
        for path in (Path(page_acts.__file__).parents[1]).glob("*/templates/*.html")
        for form in re.findall(r'<form method="post"[^>]*>', path.read_text(encoding="utf-8"))
    ]
    assert len(forms) > 50
    assert [name for name, form in forms if not re.search(r' action="[^"#]+"', form)] == []
