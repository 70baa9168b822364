"""Refusals on pages in another language: nothing of what `hearings` refuses stays English there."""

import gettext
import re
from html import unescape

import pytest

from web.words import i18n


class Marked(gettext.NullTranslations):
    """Translates every message into itself between brackets, so that what is not translated shows."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return f"⟦{singular if n == 1 else plural}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"


@pytest.fixture
def french(service, monkeypatch):
    """Signs somebody in who reads French, by a catalogue that has every message."""

    def signed_in(who: str):
        client = service.signed_in(who)
        monkeypatch.setattr(i18n, "translations", lambda tag: Marked())
        client.headers["accept-language"] = "fr"
        return client

    return signed_in


def refusals(answer) -> list[str]:
    """What the summary of errors says."""
    summary = answer.text.split('id="error-summary"')[1].split("</ul>")[0]
    return [unescape(re.sub(r"<[^>]+>", "", one)).strip() for one in re.findall(r"<li>(.*?)</li>", summary, re.DOTALL)]


RECIPIENTS = {"authority_name": "Tribunalul Cluj", "kind": "requesting", "recipient": "age1x"}


@pytest.mark.parametrize(
    ("who", "page", "form", "told"),
    [
        ("administrator", "/admin/recipients", RECIPIENTS, "⟦An age recipient is one line that begins with age1⟧"),
        (
            "administrator",
            "/admin/recipients",
            RECIPIENTS | {"recipient": ""},
            "⟦Paste the recipient or choose a file with it: one of the two⟧",
        ),
        ("clerk", "/resources/new", {"kind": "room", "name": "x" * 999}, "⟦Too long: at most "),
        ("administrator", "/admin/api-clients", {"name": "DMS", "jwk": "{"}, "⟦This is not JSON⟧"),
        ("administrator", "/webhooks", {"url": "http://a.example/"}, "⟦The address of a webhook begins with https://⟧"),
        ("clerk", "/resources/new", {"kind": "room", "name": "a\u202eb"}, "⟦A character that cannot be shown"),
    ],
)
def test_a_form_is_refused_in_the_language_of_the_page(french, who, page, form, told):
    client = french(who)
    answer = client.post(page, form, page=page)
    assert answer.status_code == 422
    (text,) = refusals(answer)
    assert told in text and re.fullmatch(r"(⟦[^⟧]+⟧: )?⟦.+⟧", text)


def test_mistakes_of_a_table_are_told_line_by_line(french):
    client = french("administrator")
    table = ("file", ("a.csv", b"a,b\n", "text/csv"))
    answer = client.post("/directory", page="/directory", files=[table])
    assert answer.status_code == 422 and "⟦The first line must be: state," in client.words(answer)


def test_a_problem_page_says_what_stands_against_it(french):
    client = french("administrator")
    answer = client.get("/docket?after=nonsense")
    assert (answer.status_code, "⟦Not a valid page token⟧" in client.words(answer)) == (422, True)
    plain = client.get("/docket?after=nonsense", headers={"accept": "application/json"}).json()
    assert plain["detail"] == "⟦Not a valid page token⟧"
