"""Remarks on the pages of a request: for the clerk before it is sent, and for the authority that reviews it."""

from tests.web.requests.test_request_pages import draft

WRONG = {"penalty_max": "3 ani", "penalty_years": "10", "offence_summary": "The sum of 250,000 was paid in Bucharest."}


def test_the_clerk_sees_remarks_before_sending_and_they_stop_nothing(service):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    page = draft(clerk, **WRONG)
    for address in (f"{page}/check", page):
        answer = clerk.get(address)
        words = clerk.words(answer)
        assert "Remarks on the draft" in words and "An amount of money has no currency." in words
        assert "The maximum penalty in words and that in years are not the same." in words
        assert f"{page}/edit/facts#penalty_max" in answer.text
    assert service.act(clerk, page, "submit").status_code == 303
    shown = authority.words(authority.get(page))
    assert "Remarks on the request" in shown and "An amount of money has no currency." in shown
    assert "250,000" in shown and "UNTOC art. 18(15)(c)" in shown


def test_words_of_the_request_are_quoted_as_words(service):
    clerk = service.signed_in("clerk")
    page = draft(clerk, offence_summary="A sum of 250,000 <b>was paid</b> in Bucharest.")
    answer = clerk.get(f"{page}/check")
    assert "&lt;b&gt;was paid" in answer.text and "<b>was paid" not in answer.text
