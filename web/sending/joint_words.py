"""Texts of pages, API and mails about changes that another State has to confirm."""

from collections.abc import Collection
from typing import cast

from starlette.requests import Request

from hearings.errors import Invalid
from hearings.models import JointChange
from hearings.models.law import JointStatus
from hearings.outward import joint_changes
from hearings.outward.joint_changes import MailContext
from web.parts import Parts
from web.words import sentences
from web.words.i18n import N_, _, listed, state_name

CHIPS = {
    JointStatus.waiting: ("ask", N_("Awaiting confirmation")),
    JointStatus.confirmed: ("ok", N_("Confirmed")),
    JointStatus.refused: ("rec", N_("Refused")),
    JointStatus.withdrawn: ("plain", N_("Withdrawn")),
}


def telling(request: Request) -> MailContext:
    """The text that notifies administrators of a change."""
    parts = cast(Parts, request.app.state.parts)
    return MailContext(origin=parts.settings.origin, say=sentences.say)


def chip(change: JointChange) -> tuple[str, str]:
    """The status of a change, as a chip."""
    kind, text = CHIPS[change.status]
    return kind, _(text)


def asked(owners: Collection[str], own: str, administrating: Collection[str]) -> str:
    """The States that have to confirm a change of rows of these owners, as text; empty when it takes effect at once."""
    try:
        concerns = joint_changes.concerned(owners, own)
    except Invalid:
        return ""
    could = joint_changes.deciders(concerns, own, administrating)
    return confirmed_by(could) if could else ""


def confirmed_by(could: Collection[str]) -> str:
    """The text that names the States whose administrators can confirm."""
    names = listed(sorted(state_name(state) for state in could))
    return _("It takes effect once an administrator of one of these States has confirmed it: {states}.").format(
        states=names
    )
