"""The list of requests: the day each waits for."""

from datetime import UTC, datetime, timedelta

from hearings.models import HearingRequest
from hearings.status import RequestStatus
from web.requests.request_pages import due_of

NOW = datetime(2026, 12, 2, 6, tzinfo=UTC)


def test_a_request_received_waits_for_the_earlier_of_receipt_and_answer() -> None:
    week, month = NOW + timedelta(days=7), NOW + timedelta(days=30)
    row = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="ES", created_by="-", created_at=NOW,
        status=RequestStatus.received, receipt_due=week, answer_due=month,
    )  # fmt: skip
    assert due_of(row) == week
    row.receipt_due = None
    assert due_of(row) == month
    row.status = RequestStatus.refused
    assert due_of(row) is None
