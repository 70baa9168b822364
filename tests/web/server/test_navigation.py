"""The menu: what is in it answers, and nobody is shown what they may not open."""

import pytest
from starlette.routing import Route

from web.app import _routes
from web.server.navigation import ADMINISTRATION, NAVIGATION, current

ITEMS = [item for _heading, items in NAVIGATION for item in items]


@pytest.mark.parametrize("who", ["clerk", "judge", "authority", "administrator"])
def test_whatever_the_menu_and_the_administration_show_somebody_opens_for_them(service, who):
    client = service.signed_in(who)
    shown = [item.href for item in ITEMS + list(ADMINISTRATION)]
    menu = client.get("/docket").text + client.get("/admin").text
    for href in shown:
        status = client.get(href).status_code
        assert status == 200 if f'<a href="{href}"' in menu else status in (200, 403), href


def test_every_page_of_the_administration_is_listed_there():
    lists = {
        route.path
        for route in _routes()
        if isinstance(route, Route) and route.path.startswith("/admin/") and "GET" in (route.methods or ())
    }
    first_pages = {path for path in lists if path.count("/") == 2 and not {"{", "."} & set(path)}  # no CSV of a page
    assert first_pages == {item.href for item in ADMINISTRATION if item.href.startswith("/admin/")}


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("/docket/plan", "/docket/plan"),
        ("/docket", "/docket"),
        ("/h/ABCD-EFGH/times", "/docket"),
        ("/requests/RO-2026-0001", "/requests"),
        ("/admin/staff/x", "/admin"),
        ("/sites/new", "/sites"),
        ("/help", ""),
    ],
)
def test_a_page_marks_its_item_of_the_menu(path, item):
    assert current(path) == item
