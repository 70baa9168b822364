"""What waits, in words and with links: every step has both."""

from hearings.overview.next_steps import ASKED, ASKING, CONFIRM, CONSENT, HEARINGS
from web.agreement import line_test_pages as line_test, pages as technical
from web.minutes import pages as minutes
from web.overview.waiting_pages import BUTTONS, PLACES
from web.requests import consent_pages as request_consents
from web.times import offer_pages as times, signing_pages as signing
from web.words import terms

EVERY = {one.word for one in (*ASKING, *ASKED, CONSENT, CONFIRM)} | {one.word for one, _sides in HEARINGS}


def test_every_step_has_its_words_and_its_button():
    assert set(BUTTONS) == EVERY
    assert {word for word in EVERY if terms.word("step", word) != word} == EVERY
    assert PLACES.keys() <= EVERY


def test_a_link_of_a_step_leads_to_a_page_that_is_served():
    pages = (line_test, minutes, request_consents, technical, times, signing)
    paths = {route.path for page in pages for route in page.routes}
    for word, below in PLACES.items():
        whose = "/requests/{reference}" if word == "record_consent" else "/h/{ref}"
        assert whose + below in paths
