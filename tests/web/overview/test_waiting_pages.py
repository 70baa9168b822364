"""What waits, in words and with links: every step has both."""

from datetime import UTC, datetime, timedelta

import pytest

from hearings.overview.next_steps import ASKED, ASKING, CONFIRM, CONSENT, HEARINGS
from web.agreement import agreement_pages as technical, line_test_pages as line_test
from web.minutes import minutes_pages as minutes
from web.overview.waiting_pages import WaitingTask
from web.requests import consent_pages as request_consents
from web.rights import rights_pages
from web.times import offer_pages as times, signing_pages as signing
from web.words import court_clocks, labels
from web.words.tasks import BUTTONS, PLACES

EVERY = {one.word for one in (*ASKING, *ASKED, CONSENT, CONFIRM)} | {one.word for one, _sides in HEARINGS}


def test_every_step_has_its_words_and_its_button():
    assert set(BUTTONS) == EVERY
    assert {word for word in EVERY if labels.word("step", word) != word} == EVERY
    assert PLACES.keys() <= EVERY


def test_a_link_of_a_step_leads_to_a_page_that_is_served():
    pages = (line_test, minutes, request_consents, rights_pages, technical, times, signing)
    paths = {route.path for page in pages for route in page.routes}
    for word, below in PLACES.items():
        whose = "/requests/{reference}" if word == "record_consent" else "/h/{ref}"
        assert whose + below in paths


@pytest.mark.parametrize(
    ("days", "late", "group"),
    [
        *((-1, True, "late"), (0, True, "late"), (0, False, "today"), (1, False, "week"), (6, False, "week")),
        *((7, False, "later"), (None, False, "undated")),
    ],
)
def test_a_task_is_grouped_by_the_day_of_the_own_court(days, late, group):
    now = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)  # the 28th in both cities
    due = None if days is None else now + timedelta(days=days)
    places = court_clocks.of_states("TH", "RO")
    task = WaitingTask("/x", "x", "x", "x", due, late, 0, places)
    assert task.group(now) == group


def test_today_ends_at_midnight_of_the_own_court_not_of_the_other():
    now, due = datetime(2026, 11, 27, 16, tzinfo=UTC), datetime(2026, 11, 27, 18, tzinfo=UTC)
    groups = {
        first: WaitingTask("/x", "x", "x", "x", due, False, 0, court_clocks.of_states(first, other)).group(now)
        for first, other in (("TH", "RO"), ("RO", "TH"))
    }
    assert groups == {"TH": "week", "RO": "today"}
