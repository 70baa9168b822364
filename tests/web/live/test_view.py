"""What one person may see of a live hearing, as far as it is decided by who they are."""

from datetime import UTC, datetime

import pytest

from hearings.models import Hearing, Participant, Sitting
from hearings.roles import Role
from hearings.status import PresenceStatus
from web.live.indicator import RecordingFacts
from web.live.view import Liveness, Scene, person


def somebody(role: Role, state: str, presence: PresenceStatus = PresenceStatus.present) -> Participant:
    return Participant(
        id=role.value,
        owner_state=state,
        hearing_id="-",
        role=role,
        display_name=role.value,
        state=state,
        speaks="th",
        presence=presence,
        presence_since=datetime.now(UTC),
    )


def scene(*people: Participant, fault: str) -> Scene:
    return Scene(
        hearing=Hearing(requesting_state="RO", requested_state="TH"),
        sitting=Sitting(),
        participants=people,
        checks=(),
        languages=(),
        facts=RecordingFacts(),
        generation=1,
        media_up=True,
        liveness={"witness": Liveness(connected=True, media="lost", fault=fault)},
    )


@pytest.mark.parametrize(
    ("viewer", "told"),
    [
        (Role.witness, "no_common_protection"),
        (Role.clerk, "no_common_protection"),
        (Role.presiding_judge, "no_common_protection"),
        (Role.technician, "no_common_protection"),
        (Role.expert, ""),
    ],
)
def test_why_a_line_cannot_be_made_is_told_to_its_person_and_to_who_can_help(viewer: Role, told: str) -> None:
    witness = somebody(Role.witness, "TH")
    looks = witness if viewer is Role.witness else somebody(viewer, "RO")
    found = person(witness, looks, scene(witness, looks, fault="no_common_protection"))
    assert (found.line, found.fault) == ("lost", told)


def test_nobody_outside_the_room_has_a_line_that_cannot_be_made() -> None:
    witness, clerk = somebody(Role.witness, "TH", PresenceStatus.waiting), somebody(Role.clerk, "RO")
    assert person(witness, clerk, scene(witness, clerk, fault="no_common_protection")).fault == ""
