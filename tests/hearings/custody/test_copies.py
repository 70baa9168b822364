"""The stage of a recording's case, by which the law of copies decides."""

import itertools

import pytest

from hearings.custody import copies
from hearings.errors import NotAllowed
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


@pytest.mark.parametrize(
    ("why", "stages"),
    [
        ("deliberation", "sealed signed over"),
        ("integrity", "sealed signed over"),
        ("party", "sealed signed over"),
        ("copy", "sealed signed over"),
        ("authority", ""),
    ],
)
def test_one_person_takes_a_copy_alone_only_for_what_stays_with_the_court(why: str, stages: str) -> None:
    for stage in CaseStage:
        if stage.value in stages.split():
            copies.require_purpose(why, stage)
            continue
        with pytest.raises(NotAllowed, match="propose a release"):
            copies.require_purpose(why, stage)
