"""The parts people play in a hearing, and the functions staff hold in an authority."""

from enum import StrEnum

from hearings.sentences import N_


class Role(StrEnum):
    """A participant's role. An expert has the rights of a witness."""

    presiding_judge = "presiding_judge"
    clerk = "clerk"
    requested_authority = "requested_authority"
    central_authority = "central_authority"
    interpreter = "interpreter"
    witness = "witness"
    expert = "expert"
    defendant = "defendant"
    defence = "defence"
    prosecutor = "prosecutor"
    civil_party = "civil_party"
    support_person = "support_person"
    observer = "observer"
    technician = "technician"
    custodian = "custodian"
    auditor = "auditor"


class StaffFunction(StrEnum):
    """The function of a member of staff in their authority."""

    judge = "judge"
    clerk = "clerk"
    authority = "authority"
    administrator = "administrator"


FACILITATOR = "facilitator"
"""The only function of a facilitator, which no member of staff has."""
NO_STATE = "ZZ"
"""In the place of a State's code, for a facilitator, who is of none (ISO 3166-1 leaves it to its users)."""

LABELS = {
    Role.presiding_judge: N_("Presiding judge"),
    Role.clerk: N_("Clerk"),
    Role.requested_authority: N_("Requested authority"),
    Role.central_authority: N_("Central authority"),
    Role.interpreter: N_("Interpreter"),
    Role.witness: N_("Witness"),
    Role.expert: N_("Expert"),
    Role.defendant: N_("Defendant"),
    Role.defence: N_("Defence counsel"),
    Role.prosecutor: N_("Prosecutor"),
    Role.civil_party: N_("Victim or civil party"),
    Role.support_person: N_("Support person"),
    Role.observer: N_("Observer"),
    Role.technician: N_("Technician"),
    Role.custodian: N_("Custodian"),
    Role.auditor: N_("Auditor"),
}
"""Labels of the roles."""

SHORT = {
    Role.presiding_judge: "judge",
    Role.clerk: "clerk",
    Role.requested_authority: "authority",
    Role.central_authority: "central",
    Role.interpreter: "interpreter",
    Role.witness: "witness",
    Role.expert: "expert",
    Role.defendant: "defendant",
    Role.defence: "defence",
    Role.prosecutor: "prosecutor",
    Role.civil_party: "party",
    Role.support_person: "support",
    Role.observer: "observer",
    Role.technician: "technician",
    Role.custodian: "custodian",
    Role.auditor: "auditor",
}
"""Prefixes of track names by role; never a person's name."""

CONDUCTING = frozenset({Role.presiding_judge, Role.clerk, Role.requested_authority})
"""Roles that enter the room after the device check, without the lobby."""
HEARD = frozenset({Role.witness, Role.expert, Role.defendant})
"""Roles of the person heard."""


def track(role: Role, number: int, kind: str) -> str:
    """Name of a recorded track, such as `witness_1_mic`; `kind` is `mic` or `cam`."""
    return f"{SHORT[role]}_{number}_{kind}"


def channel_track(lang: str) -> str:
    """Name of the recorded track of a language channel, such as `channel_ro` or `channel_pt_br`."""
    return "channel_" + lang.lower().replace("-", "_")
