"""What pages and API say of changes that another State confirms, and the words in which people are told of them."""

from collections.abc import Collection
from typing import cast

from starlette.requests import Request

from hearings.errors import Invalid
from hearings.models import JointChange
from hearings.models.law import JointStatus
from hearings.outward import joint_changes
from hearings.outward.joint_changes import Telling
from web.parts import Parts
from web.words import i18n
from web.words.i18n import N_, _, listed, state_name

CHIPS = {
    JointStatus.waiting: ("ask", N_("Waits to be confirmed")),
    JointStatus.confirmed: ("ok", N_("Confirmed")),
    JointStatus.refused: ("rec", N_("Refused")),
    JointStatus.withdrawn: ("plain", N_("Withdrawn")),
}


def telling(request: Request) -> Telling:
    """How administrators are told of a change."""
    parts = cast(Parts, request.app.state.parts)
    return Telling(origin=parts.settings.origin, say=i18n.say)


def chip(change: JointChange) -> tuple[str, str]:
    """How far a change is."""
    kind, text = CHIPS[change.status]
    return kind, _(text)


def asked(owners: Collection[str], own: str, administrating: Collection[str]) -> str:
    """Who will have to confirm a change of rows of these owners; empty when it counts at once."""
    try:
        concerns = joint_changes.concerned(owners, own)
    except Invalid:
        return ""
    could = joint_changes.deciders(concerns, own, administrating)
    return confirmed_by(could) if could else ""


def confirmed_by(could: Collection[str]) -> str:
    """Which States' administrators confirm."""
    names = listed(sorted(state_name(one) for one in could))
    return _("It counts once an administrator of one of these States has confirmed it: {states}.").format(states=names)
