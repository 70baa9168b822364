"""The parts people play in a hearing, and the functions staff hold in an authority."""

from enum import StrEnum


class Role(StrEnum):
    """A participant's part. An expert has the rights of a witness."""

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
    technician = "technician"
    custodian = "custodian"
    auditor = "auditor"


class StaffFunction(StrEnum):
    """What a person with a standing sign-in does for their authority."""

    judge = "judge"
    clerk = "clerk"
    authority = "authority"
    administrator = "administrator"


LABELS = {
    Role.presiding_judge: "Presiding judge",
    Role.clerk: "Clerk",
    Role.requested_authority: "Requested authority",
    Role.central_authority: "Central authority",
    Role.interpreter: "Interpreter",
    Role.witness: "Witness",
    Role.expert: "Expert",
    Role.defendant: "Defendant",
    Role.defence: "Defence counsel",
    Role.prosecutor: "Prosecutor",
    Role.technician: "Technician",
    Role.custodian: "Custodian",
    Role.auditor: "Auditor",
}
"""English names; `web` translates them."""

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
    Role.technician: "technician",
    Role.custodian: "custodian",
    Role.auditor: "auditor",
}
"""The word a track is named by: a role, never a person."""

CONDUCTING = frozenset({Role.presiding_judge, Role.clerk, Role.requested_authority})
"""They enter the room after the device check, without the lobby."""
HEARD = frozenset({Role.witness, Role.expert, Role.defendant})
"""The person the hearing is for."""


def track(role: Role, number: int, kind: str) -> str:
    """Name of a recorded track, such as `witness_1_mic`; `kind` is `mic` or `cam`."""
    return f"{SHORT[role]}_{number}_{kind}"


def channel_track(lang: str) -> str:
    """Name of the recorded track of a language channel, such as `channel_ro` or `channel_pt_br`."""
    return "channel_" + lang.lower().replace("-", "_")
