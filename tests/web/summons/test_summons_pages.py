"""The page of the summonses: who records, what is asked again, and what both States read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.page_client import Service

pytestmark = pytest.mark.beside


def form(page: str, **more: str) -> dict[str, str]:
    """The form as the authority fills it in, with the time by the clocks of Bangkok."""
    options = re.findall(r'<option value="([^"]+)"[^>]*>[^<]*\((?:Witness|Defendant|Expert)', page)
    at = datetime.now(ZoneInfo("Asia/Bangkok")) - timedelta(hours=3)
    given = {
        "participant_id": options[0], "outcome": "served", "way": "in_person",
        "served_at": f"{at:%Y-%m-%dT%H:%M}", "served_by": "Bailiff of the Criminal Court", "language": "th",
        "translation": "", "attachment_id": "", "reason": "", "remarks": "At her door.",
    }  # fmt: skip
    return given | more


def test_the_authority_records_a_service_and_the_other_court_reads_it_by_both_clocks(service: Service) -> None:
    place = f"/h/{service.ref}/summons"
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    assert f'href="{place}"' in clerk.get(f"/h/{service.ref}").text
    before = authority.get(place)
    assert "Not recorded yet" in authority.words(before)
    done = authority.post(place, form(before.text), page=place)
    assert (done.status_code, done.headers["location"]) == (303, f"{place}?done=recorded")
    words = clerk.words(clerk.get(place))
    for text in ("In person", "Bailiff of the Criminal Court", "At her door.", "None attached"):
        assert text in words
    at = datetime.fromisoformat(form(before.text)["served_at"]).replace(tzinfo=ZoneInfo("Asia/Bangkok"))
    for zone in ("Asia/Bangkok", "Europe/Bucharest"):
        assert f"{at.astimezone(ZoneInfo(zone)):%H}:" in words
    again = authority.post(place, form(before.text, outcome="not_served", reason="Moved away"), page=place)
    assert again.status_code == 303
    words = clerk.words(clerk.get(place))
    assert "Could not be served" in words and "Moved away" in words and "1 earlier record" in words


def test_what_is_missing_is_asked_again_with_what_was_typed_and_nothing_is_chosen_beforehand(service: Service) -> None:
    place, authority = f"/h/{service.ref}/summons", service.signed_in("authority")
    page: Any = authority.get(place)
    assert " selected" not in page.text.split('id="record"')[-1]
    given = form(page.text)
    for wrong, says in (
        ({"outcome": "refused"}, "Reason: "),
        ({"outcome": ""}, "What came of it: "),
        ({"served_at": ""}, "When: this cannot be empty."),
        ({"served_at": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}"}, "in the future"),
        ({"language": ""}, "Choose a language."),
        ({"translation": "th"}, "in this language already"),
    ):
        again = authority.post(place, given | wrong, page=place)
        assert again.status_code == 422
        assert says in authority.words(again)
        assert "Bailiff of the Criminal Court" in again.text and "At her door." in again.text


def test_the_requesting_court_is_told_whose_act_it_is_and_cannot_do_it(service: Service) -> None:
    place, clerk = f"/h/{service.ref}/summons", service.signed_in("clerk")
    page = clerk.get(place)
    assert "<form" not in page.text.split("<main")[1]
    assert "Record a service" in clerk.words(page)
    given = form(service.signed_in("authority").get(place).text)
    assert clerk.post(place, given, page=f"/h/{service.ref}").status_code == 403
    assert clerk.get("/h/XXXX-XXXX/summons").status_code == 404
