"""The page of the languages: what is translated, what awaits review, and who may see it."""

from typing import Any

from hearings.law import termbase
from web.words import catalogues
from web.words.i18n import LANGUAGES


def test_an_administrator_sees_how_far_each_language_is_and_nobody_else_does(service: Any) -> None:
    answer = service.signed_in("administrator").get("/admin/languages")
    words = " ".join(service.client().words(answer).split())
    assert answer.status_code == 200
    for tag, found in catalogues.installed().items():
        terms = f"{termbase.unconfirmed(tag)} of {len(termbase.terms())}"
        figures = f"{LANGUAGES[tag].name} {found.messages} {found.translated} {found.awaiting} {terms}"
        assert figures in words
    assert set(catalogues.installed()) == set(LANGUAGES) - {"en"}
    assert service.signed_in("clerk").get("/admin/languages").status_code == 403
    assert service.client().get("/admin/languages").status_code == 401


def test_the_page_is_linked_where_pages_of_administrators_are(service: Any) -> None:
    assert 'href="/admin/languages"' in service.signed_in("administrator").get("/admin").text
    assert 'href="/admin/languages"' not in service.signed_in("clerk").get("/admin").text
