"""A State is added by page, with all it needs in one go, and is then offered wherever States are, without a restart."""

import re

import pytest

from hearings import reference
from hearings.law import law as laws
from hearings.law.law import LAW
from tests.web.law.test_row_pages import confirm
from web.requests.steps import STEPS

pytestmark = pytest.mark.beside

PAGE = "/admin/law/state"
NEW_ZEALAND = {
    "iso2": "NZ",
    "name": "New Zealand",
    "central_authority": "Ministry of Justice of New Zealand",
    "central_authority_conf": "knowledge-high",
    "languages": "mi | en",
    "languages_conf": "knowledge-high",
    "zones": "Pacific/Auckland",
    "weekdays": "1-5",
    "opens": "09:00",
    "closes": "16:00",
    "bound-untoc": "2010-06-12",
    "confidence": "knowledge-high",
    "source": "Depositary notification",
    "reason": "Asked for by the clerk",
}


@pytest.fixture
def admin(service):
    return service.signed_in("administrator")


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


OFFERED = {
    "/requests/new": "New Zealand",
    "/directory": "Ministry of Justice of New Zealand",
    "/law/check": "New Zealand",
    "/calendars": "New Zealand",
    "/admin/law/treaty": "New Zealand",
}
"""Pages that list States, and what stands there of the one that is added."""


@pytest.fixture(scope="module")
def before():
    """What these pages said before it was added."""
    return {}


@pytest.fixture
def added(admin, before):
    """New Zealand in the law data, added once for this module."""
    if not before:
        before |= {path: admin.words(admin.get(path)) for path in OFFERED}
        preview = admin.post(PAGE, NEW_ZEALAND, page=PAGE)
        assert preview.status_code == 200, admin.words(preview)
        assert confirm(admin, preview).status_code == 303
    return before


def test_what_was_not_offered_is_offered_wherever_states_are_at_the_next_request(admin, clerk, added):
    assert "NZ" not in LAW.jurisdictions
    for path, said in OFFERED.items():
        assert said not in added[path], path
        answer = (admin if path.startswith("/admin") else clerk).get(path)
        assert (answer.status_code, said in clerk.words(answer)) == (200, True), path
    assert "Ministry of Justice of New Zealand" in clerk.words(clerk.get("/directory?state=NZ"))
    assert "Auckland" in clerk.words(clerk.get("/calendars/NZ"))


def test_a_request_to_it_is_drafted_through_every_step_and_its_basis_is_offered(clerk, added):
    given = {"requested_state": "NZ", "requesting_authority": "Bucharest Tribunal", "next": "continue"}
    made = clerk.post("/requests/new", given, page="/requests/new")
    assert made.status_code == 303, clerk.words(made)
    draft = re.match(r"(/requests/[^/?]+)", made.headers["location"])[1]
    pages = {step.slug: clerk.get(f"{draft}/edit/{step.slug}") for step in STEPS}
    assert {page.status_code for page in pages.values()} == {200}
    assert "Māori" in clerk.words(pages["basis"]), "the languages it accepts"
    assert "UN Convention against Transnational Organized Crime" in clerk.words(pages["basis"])
    assert "Ministry of Justice of New Zealand" in clerk.words(pages["authorities"])
    assert "Auckland" in clerk.words(pages["arrangements"])
    assert clerk.get(f"{draft}/check").status_code == 200
    assert clerk.get(draft).status_code == 200


def test_the_clock_and_the_commands_know_it_too(service, added):
    async def zones(database):
        async with laws.reading(database) as law:
            assert reference.jurisdiction("NZ") == law.jurisdiction("NZ")
            return law.jurisdiction("NZ").zones

    assert service.run(zones) == ("Pacific/Auckland",)


def test_what_is_missing_is_named_all_at_once_and_nothing_is_added(admin, service, everything):
    before = service.run(everything)
    answer = admin.post(PAGE, {"name": "New Zealand", "zones": "Atlantic/Atlantis"}, page=PAGE)
    assert answer.status_code == 422
    named = set(re.findall(r'href="#([a-z0-9_-]+)"', answer.text.split("<form")[0] + answer.text))
    assert {"iso2", "zones", "opens", "closes", "source", "confidence", "central_authority_conf"} <= named
    assert 'value="New Zealand"' in answer.text
    known = admin.post(PAGE, NEW_ZEALAND | {"iso2": "RO"}, page=PAGE)
    assert (known.status_code, "in the law data already" in admin.words(known)) == (422, True)
    assert service.run(everything) == before


def test_a_bare_row_of_a_new_state_is_refused_for_lack_of_court_hours(admin):
    page = "/admin/law/new/jurisdiction"
    values = {
        "kind": "jurisdiction",
        "key": "",
        "f-iso2": "FJ",
        "f-name": "Fiji",
        "f-eu_member": "false",
        "f-central_authority_conf": "unknown",
        "f-languages_conf": "unknown",
        "f-default_tz": "Pacific/Fiji",
        "f-tz_ids": "Pacific/Fiji",
        "f-source": "the gazette",
        "reason": "because",
    }
    answer = admin.post("/admin/law/preview", values, page=page)
    assert (answer.status_code, "court hours" in admin.words(answer)) == (422, True)
    assert "Pacific/Fiji" in admin.words(answer)
