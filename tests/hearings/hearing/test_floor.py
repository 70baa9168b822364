"""Who may be heard and seen in the room, and hear and see it: the table's answer for a person, here and now."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hearings.hearing import floor
from hearings.models import Participant
from hearings.roles import Role
from hearings.status import IN_ROOM, PresenceStatus, SittingStatus

UNSEEN = {Role.technician, Role.central_authority, Role.custodian, Role.auditor}
SILENT = UNSEEN | {Role.support_person, Role.observer}
ALWAYS = {Role.presiding_judge, Role.requested_authority, Role.interpreter}
BOOKED = ("ro", "th")


def somebody(role: Role, presence: PresenceStatus = PresenceStatus.present, **more: Any) -> Participant:
    fields = {"display_name": "-", "state": "TH", "speaks": "th"} | more
    return Participant(role=role, presence=presence, presence_since=datetime.now(UTC), **fields)


@pytest.mark.parametrize("presence", PresenceStatus)
@pytest.mark.parametrize("role", Role)
def test_the_court_gives_the_floor_by_letting_somebody_into_the_room(role: Role, presence: PresenceStatus) -> None:
    expected = role in ALWAYS or (role not in SILENT and presence in IN_ROOM)
    assert floor.speaks(somebody(role, presence)).allowed is expected


def test_who_has_no_voice_and_who_no_picture() -> None:
    """A support person is seen, so that nobody prompts the person heard from out of sight."""
    assert {role for role in Role if not floor.has_voice(role)} == SILENT
    assert {role for role in Role if not floor.shows(somebody(role)).allowed} == UNSEEN | {Role.observer}


@pytest.mark.parametrize("status", SittingStatus)
def test_a_technician_hears_and_sees_the_sound_check_only_and_three_roles_nothing(status: SittingStatus) -> None:
    for role in Role:
        expected = role not in UNSEEN or (role is Role.technician and status is SittingStatus.pre_record)
        assert floor.hears(somebody(role), status).allowed is expected, role
        assert floor.sees(somebody(role), status).allowed is expected, role


@pytest.mark.parametrize(
    ("role", "speaks", "hears", "channel"),
    [
        (Role.witness, "th", "th", "th"),
        (Role.witness, "th", "ro", ""),
        (Role.witness, "fr", "ro", "ro"),  # whose language is not booked may choose
        (Role.expert, "th", "ro", ""),
        (Role.defendant, "ro", "th", ""),
        (Role.defence, "ro", "th", "th"),
        (Role.interpreter, "ro", "th", "th"),
        (Role.clerk, "ro", "", ""),
        (Role.technician, "th", "th", ""),
        (Role.auditor, "ro", "ro", ""),
    ],
)
def test_which_channel_somebody_hears(role: Role, speaks: str, hears: str, channel: str) -> None:
    assert floor.channel(somebody(role, speaks=speaks, hears=hears), BOOKED) == channel


def test_no_other_action_is_granted_here() -> None:
    for action in ("mute_other", "admit", "hold", "speak_in_channel"):
        assert not floor.granted(action, somebody(Role.clerk), SittingStatus.in_session)
