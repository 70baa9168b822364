"""The stage of a recording's case, by which the law of copies decides."""

import itertools

from hearings.custody import copies
from hearings.permission_table import CaseStage
from hearings.status import RecordingStatus, RequestStatus


def test_every_status_has_its_stage() -> None:
    for recording, request, signed in itertools.product(RecordingStatus, RequestStatus, (False, True)):
        found = copies.stage(recording, request, minutes_signed=signed)
        if recording not in (RecordingStatus.sealed, RecordingStatus.failed):
            assert found is CaseStage.being_recorded
        elif request in (RequestStatus.closed, RequestStatus.withdrawn):
            assert found is CaseStage.over
        else:
            assert found is (CaseStage.signed if signed else CaseStage.sealed)
