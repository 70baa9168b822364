"""The roles of a hearing in the words of the person who reads them."""

from collections.abc import Iterable

from hearings.models import Participant
from web.words.i18n import N_, _, listed, state_name

LABELS = {
    "presiding_judge": N_("Presiding judge"),
    "clerk": N_("Clerk"),
    "requested_authority": N_("Requested authority"),
    "central_authority": N_("Central authority"),
    "interpreter": N_("Interpreter"),
    "witness": N_("Witness"),
    "expert": N_("Expert"),
    "defendant": N_("Defendant"),
    "defence": N_("Defence counsel"),
    "prosecutor": N_("Prosecutor"),
    "technician": N_("Technician"),
    "custodian": N_("Custodian"),
    "auditor": N_("Auditor"),
    "operator": N_("Operator of the service"),
    "staff": N_("Staff"),
}
"""Roles of a hearing, and those in which somebody has a recording without one."""


def label(role: str) -> str:
    """A role's name."""
    return _(LABELS.get(role, role))


def any_of(roles: Iterable[str]) -> str:
    """`Presiding judge or Requested authority`."""
    names = [label(role) for role in roles]
    if not names:
        return _("nobody")
    return listed(names, "or")


def in_words(participant: Participant) -> str:
    """`Presiding judge (Romania)`: who will see and hear a person, without a name."""
    return _("{role} ({state})").format(role=label(participant.role), state=state_name(participant.state))
