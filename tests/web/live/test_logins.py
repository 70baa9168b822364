"""Tickets are used once, within a minute, and there are never too many of them."""

import time

from web.live.logins import MOST_TICKETS, Ticket, Tickets


def ticket(seconds: float) -> Ticket:
    return Ticket("hearing", "participant", "login", time.monotonic() + seconds)


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    text = tickets.give(ticket(60))
    found = tickets.take(text)
    assert found is not None and found.participant_id == "participant"
    assert tickets.take(text) is None


def test_an_old_or_invented_ticket_is_no_ticket() -> None:
    tickets = Tickets()
    assert tickets.take(tickets.give(ticket(-1))) is None
    text = tickets.give(ticket(60))
    assert tickets.take("invented") is None
    assert tickets.take(text[:-1]) is None
    found = tickets.take(text)
    assert found is not None and found.participant_id == "participant"


def test_old_tickets_are_forgotten_when_there_are_too_many() -> None:
    tickets = Tickets()
    for _ in range(MOST_TICKETS):
        tickets.give(ticket(-1))
    text = tickets.give(ticket(60))
    assert len(tickets._all) == 1
    assert tickets.take(text) is not None
