"""A facilitator on pages: entered, let in by a link, shown what is shared, and nothing else of any case."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import col, select

from hearings.models import OutboxMessage
from hearings.outward import administrators
from tests.support.page_client import found
from tests.support.walk import ROUTES
from web.server.sign_in import FACILITATION

PUBLIC = re.compile(r"/(static|healthz|metrics|verify|s$|j|own-test|csp)")
"""What is shown to anybody."""
OWN_FORMS = ("/facilitation/notices", "/facilitation/rooms")
"""Where a facilitator sends forms of its own, which are shown again when they are empty."""
pytestmark = pytest.mark.beside


def enter(administrator, email="desk@eurojust.example", **more):
    until = datetime.now(UTC).date() + timedelta(days=30)
    given = {
        "name": "E. Desk", "email": email, "kind": "eurojust_desk", "organisation": "Eurojust",
        "states": ["RO", "TH"], "valid_until": f"{until}", "mandate": "Decision 1",
    }  # fmt: skip
    return administrator.post("/facilitators", given | more, page="/facilitators")


@pytest.fixture
def desk(service):
    """A facilitator who has signed in by the link an administrator made."""
    return let_in(service)


def let_in(service):
    administrator = service.signed_in("administrator")
    email = f"{datetime.now(UTC).timestamp()}@eurojust.example"
    answer = enter(administrator, email)
    assert answer.status_code == 303, administrator.words(answer)
    action = found(r'action="(/facilitators/[0-9a-f-]{36}/link)"', administrator.get("/facilitators").text)[1]
    made = administrator.post(action, {}, page="/facilitators")
    client = service.client()
    secret = found(r"/s#([\w-]+)", unescape(made.text))[1]
    answer = client.post("/s", {"secret": secret})
    assert answer.headers["location"] == "/facilitation"
    return client


def shared(service):
    """Share the hearing's request with the newest facilitator; its address and the client that did."""
    clerk = service.signed_in("clerk")
    request = next(
        path
        for path in re.findall(r"/requests/RO-[0-9]{4}-[0-9]+", clerk.get("/requests").text)
        if '<option value="' in clerk.get(f"{path}/facilitators").text
    )
    page = f"{request}/facilitators"
    chosen = re.findall(r'<option value="([0-9a-f-]{36})"', clerk.get(page).text)[0]
    answer = clerk.post(page, {"facilitator": chosen}, page=page)
    assert answer.headers["location"] == f"{page}?done=shared", clerk.words(answer)
    return clerk, request


def test_a_facilitator_is_mailed_that_a_link_was_made_for_it(service, desk):
    async def read(database):
        query = select(OutboxMessage).where(col(OutboxMessage.address).endswith("@eurojust.example"))
        async with database.reading() as db:
            return [row.payload["text"] for row in (await db.exec(query)).all()]

    assert desk.get("/facilitation").status_code == 200
    assert [text for text in service.run(read) if text.startswith(administrators.LINK_MADE)]


def test_a_facilitator_reads_what_is_shared_until_that_is_ended(service, desk):
    assert "No State shares a request" in desk.words(desk.get("/facilitation"))
    clerk, request = shared(service)
    reference = request.rsplit("/", 1)[1]
    shown = desk.words(desk.get("/facilitation"))
    assert reference in shown
    page = f"{request}/facilitators"
    revoke = re.findall(rf'action="({page}/[0-9a-f-]{{36}}/revoke)"', clerk.get(page).text)[-1]
    assert clerk.post(revoke, {}, page=page).status_code == 303
    assert reference not in desk.words(desk.get("/facilitation"))
    assert "E. Desk" in clerk.words(clerk.get(page))


def test_no_other_page_shows_a_facilitator_anything_of_a_case(service, desk):
    _clerk, request = shared(service)
    reference = request.rsplit("/", 1)[1]
    given = {"reference": reference, "ref": service.ref}
    let_in = set()
    for route in ROUTES:
        if "GET" not in route.methods:
            continue
        path = re.sub(r"\{([a-z_]+)(:[a-z]+)?\}", lambda name: given.get(name[1], "1"), route.path)
        service.app.state.parts.buckets.levels.clear()
        answer = desk.get(path)
        if answer.status_code in (401, 404) or answer.is_redirect:
            continue
        let_in.add(route.path)
        assert FACILITATION.fullmatch(path) or re.match(r"/(static|healthz|metrics|verify|s$|j|own-test|csp)", path), (
            path
        )
        if path != "/facilitation":
            assert reference not in answer.text, path
        assert service.made.hearing.case_number not in answer.text, path
    assert "/facilitation" in let_in
    api = desk.get("/api/v1/requests")
    assert api.status_code == 401


def test_a_facilitator_acts_on_nothing_of_a_state(service, desk):
    _clerk, request = shared(service)
    token = desk.token("/facilitation")
    for route in ROUTES:
        if "POST" not in route.methods or route.path in (*OWN_FORMS, "/sign-out", "/language"):
            continue
        path = re.sub(r"\{([a-z_]+)(:[a-z]+)?\}", "1", route.path.replace("{reference}", request.rsplit("/", 1)[1]))
        if re.match(r"/(s$|j|sign-in|confirm|csp-report|issuer)", path):
            continue
        service.app.state.parts.buckets.levels.clear()
        answer = desk.post(path, {"csrf": token})
        assert answer.status_code in (401, 404, 405), (path, answer.status_code)


def test_a_facilitator_publishes_a_warning_that_the_state_confirms_and_never_a_block(service, desk):
    today = datetime.now(UTC).date() + timedelta(days=1)
    notice = {
        "state": "TH",
        "topic": "closure",
        "text": "Closed for repairs.",
        "effect": "warn",
        "first_day": f"{today}",
    }
    answer = desk.post("/facilitation/notices", notice, page="/facilitation")
    assert answer.headers["location"] == "/facilitation?done=published", desk.words(answer)
    blocked = desk.post("/facilitation/notices", notice | {"effect": "block"}, page="/facilitation")
    assert blocked.status_code == 403
    wrong = desk.post("/facilitation/notices", notice | {"state": "FR"}, page="/facilitation")
    assert wrong.status_code == 422 and "Closed for repairs." in wrong.text
    authority = service.signed_in("authority")
    page = found(r'href="(/notices/[0-9a-f-]{36})"', authority.get("/notices?state=TH").text)[1]
    assert "Confirmation by the State pending" in authority.words(authority.get(page))
    assert authority.post(f"{page}/confirm", {}, page=page).status_code == 303
    assert "pending" not in authority.words(authority.get(page))


def test_a_wrong_entry_keeps_what_was_typed_and_staff_have_no_page_of_facilitators(service):
    administrator = service.signed_in("administrator")
    answer = enter(administrator, "other@eurojust.example", states=[])
    assert answer.status_code == 422 and "other@eurojust.example" in answer.text
    assert service.signed_in("clerk").get("/facilitators").status_code == 403
    assert service.signed_in("clerk").get("/facilitation").status_code == 403
