"""The roles of a hearing in the words of the person who reads them."""

from collections.abc import Iterable, Mapping

from hearings.models import Participant
from hearings.roles import LABELS as ROLES, StaffFunction
from hearings.staff_table import STAFF
from web.words.i18n import N_, _, listed, state_name

LABELS = {role.value: text for role, text in ROLES.items()} | {
    "operator": N_("Operator of the service"),
    "staff": N_("Staff"),
}
"""Names of the roles of a hearing, and of those in which somebody accesses a recording without a role in the
hearing."""


FUNCTIONS: Mapping[StaffFunction, str] = {
    StaffFunction.judge: N_("Judge"),
    StaffFunction.clerk: N_("Clerk"),
    StaffFunction.authority: N_("Authority"),
    StaffFunction.administrator: N_("Administrator"),
}
"""Names of the functions of staff."""
WHO_MAY: Mapping[str, str] = {
    "requesting": N_("In the requesting State this is done by: {functions}"),
    "requested": N_("In the requested State this is done by: {functions}"),
    "": N_("This is done by: {functions}"),
}
"""Who may do something, by the side of the table of permissions; the last for both sides."""


def who_may(action: str) -> str:
    """Whose act it is, by the table of permissions of staff: said where the reader's button is missing."""
    permission = STAFF[action]
    names = [_(FUNCTIONS[StaffFunction(function)]) for function in permission.functions]
    return _(WHO_MAY.get(permission.side, WHO_MAY[""])).format(functions=listed(names, "or"))


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
