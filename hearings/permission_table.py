"""Who may do what, as data, and the page that shows it (docs/permissions.md). `hearings.permissions` decides by it.

Symbols of a cell:
    ●  yes
    ○  with a grant: on request, by order, or under the condition the note names
    ◐  own side (the same State as the person or site concerned) or own person only
    –  no
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hearings.models.sitting import HoldCause
from hearings.roles import LABELS, Role
from hearings.staff_table import FACILITATION, STAFF
from hearings.status import IN_ROOM, PresenceStatus


class Cell(StrEnum):
    """What a role may do, as one symbol."""

    yes = "●"
    grant = "○"
    own = "◐"
    no = "–"


COLUMNS: tuple[Role, ...] = (
    Role.presiding_judge,
    Role.clerk,
    Role.requested_authority,
    Role.central_authority,
    Role.interpreter,
    Role.witness,
    Role.defendant,
    Role.defence,
    Role.prosecutor,
    Role.civil_party,
    Role.support_person,
    Role.observer,
    Role.technician,
    Role.custodian,
    Role.auditor,
)
"""The columns, in the order of the table. An expert is read in the column of the witness."""


@dataclass(frozen=True, kw_only=True)
class PermissionRow:
    """One action: its label, a cell for each column, and notes on cells."""

    label: str
    cells: Mapping[Role, Cell]
    notes: Mapping[Role, str]


def _row(label: str, signs: str, **notes: str) -> PermissionRow:
    cells = dict(zip(COLUMNS, (Cell(sign) for sign in signs.split()), strict=True))
    return PermissionRow(label=label, cells=cells, notes={Role(name): note for name, note in notes.items()})


TABLE: Mapping[str, PermissionRow] = {
    "open_lobby": _row("Open the lobby", "● ● ◐ – – – – – – – – – – – –"),
    "roll_call": _row("Call the roll", "● ● ◐ – – – – – – – – – – – –"),
    "admit": _row("Admit to the room", "● ○ ◐ – – – – – – – – – – – –", requested_authority="people at its own site"),
    "return_to_lobby": _row("Return to the lobby", "● ○ ◐ – – – – – – – – – – – –"),
    "release_witness": _row("Release a witness", "● ○ ◐ – – – – – – – – – – – –"),
    "remove": _row("Remove from the hearing", "● – ◐ – – – – – – – – – – – –"),
    "start": _row("Start the sitting", "● – – – – – – – – – – – – – –", presiding_judge="needs a healthy recording"),
    "sound_check": _row("Check what the recorder stores", "● ● ● – – – – – – – – – ● – –"),
    "hold": _row("Hold: close the floor", "● ● ● – ● – – ○ ○ – – – – – –", interpreter="when a language is lost"),
    "lift_hold": _row("Lift a hold", "● – ◐ – – – – – – – – – – – –", requested_authority="a hold of its own"),
    "continue_unrecorded": _row(
        "Go on without a recording that fails, two of two States together",
        "● – ● – – – – – – – – – – – –",
        presiding_judge="with the requested authority",
        requested_authority="with the presiding judge",
    ),
    "close_session": _row("Order a closed session", "● – – – – – – – – – – – – – –"),
    "breakdown_step": _row("Take a step of the rule for a broken line", "● ● ● – – – – – – – – – – – –"),
    "mute_other": _row("Mute another person", "● ○ ◐ – – – – – – – – – – – –"),
    "unmute_other": _row(
        "Un-mute another person",
        "– – – – – – – – – – – – – – –",
        presiding_judge="only ask them to speak, as everyone may",
    ),
    "give_floor": _row("Give the floor and take it back, and choose how people speak", "● ○ – – – – – – – – – – – – –"),
    "interpret_to_floor": _row(
        "Interpret to the floor after the speaker",
        "– – – – ● – – – – – – – – – –",
        interpreter="in consecutive interpreting",
    ),
    "speak_floor": _row(
        "Speak to the floor",
        "● ○ ● – – ○ ○ ○ ○ ○ – – – – –",
        clerk="in the room",
        interpreter="speaks in the language channels",
        witness="once admitted to the room",
        defendant="once admitted to the room",
        defence="once admitted to the room",
        prosecutor="once admitted to the room",
        civil_party="once admitted to the room",
    ),
    "speak_in_channel": _row(
        "Speak in a language channel", "– – – – ◐ – – – – – – – – – –", interpreter="in the languages assigned to her"
    ),
    "hear_floor": _row(
        "Hear the floor as spoken", "● ● ● – ● ● ● ● ● ● ● ● ○ – –", technician="in the sound check only"
    ),
    "hear_channels": _row(
        "Hear language channels",
        "● ● ● – ● ◐ ◐ ● ● ● ◐ ● – – –",
        interpreter="as relay too",
        witness="the own language",
        defendant="the own language",
        technician="the level only",
        support_person="the own language",
    ),
    "confirm_identity": _row(
        "Confirm identity", "– – ● – – – – – – – – – – – –", clerk="records what the requested authority confirmed"
    ),
    "administer_oath": _row(
        "Administer oath or caution",
        "● – ● – – – – – – – – – – – –",
        clerk="holds the text",
        requested_authority="as agreed",
        interpreter="renders it",
        witness="answers",
        defendant="answers",
    ),
    "read_card": _row(
        "Read out a script card",
        "● ● ● – – – – – – – – – – – –",
        presiding_judge="who reads each card is said by the card",
        clerk="and notes what others read",
    ),
    "adopt_card": _row("Take over a draft text before it is read out", "● – – – – – – – – – – – – – –"),
    "render_card": _row(
        "Note that a script card was interpreted",
        "● ● ● – ● – – – – – – – – – –",
        interpreter="of one's own rendering",
    ),
    "answer_card": _row(
        "Note the answer to a script card",
        "● ● ● – – ○ ○ – – – – – – – –",
        witness="where the card lets the person answer",
        defendant="where the card lets the person answer",
    ),
    "object": _row(
        "Object", "– – ● – – – – ● ● – – – – – –", defendant="through counsel", civil_party="through the court"
    ),
    "raise_privilege": _row("Raise a privilege", "– – ● – – ● – ● ● ● – – – – –", defendant="through counsel"),
    "rule_objection": _row("Rule on an objection or a privilege", "● – – – – – – – – – – – – – –"),
    "present_exhibit": _row("Present an exhibit", "● ● ◐ – – – – ● ● – – – – – –"),
    "add_log_note": _row(
        "Add a log note",
        "● ● ● – ○ – – – – – – – ○ – –",
        requested_authority="in its own log",
        interpreter="corrections only",
        technician="technical notes only",
    ),
    "raise_hand": _row("Raise a hand", "● ● ● – ● ● ● ● ● ● ● – ● – –"),
    "ask_help": _row("Ask for help", "● ● ● – ● ● ● ● ● ● ● ● ● – –"),
    "answer_help": _row("Answer a call for help", "● ● ● – – – – – – – – – ● – –"),
    "ask_break": _row("Ask for a break", "● ● ● – ● ● ● ● ● ● ● – ● – –"),
    "order_break": _row("Order or refuse a break", "● – – – – – – – – – – – – – –"),
    "signal": _row("Signal that one cannot hear, or ask to repeat or to slow down", "● ● ● – ● ● ● ● ● ● – – – – –"),
    "write_to_court": _row("Write to the court", "● ● ● – ● ● ● ● ● ● ● ● ● – –"),
    "answer_message": _row(
        "Read and answer messages to the court",
        "● ● ◐ – – – – – – – – – – – –",
        requested_authority="of people of its own State",
    ),
    "line_statistics": _row("See line statistics", "● ● ● – ◐ ◐ – – – ◐ ◐ ◐ ● – –", presiding_judge="a summary"),
    "close": _row("Adjourn or close", "● – – – – – – – – – – – – – –", requested_authority="gives consent"),
    "edit_minutes": _row(
        "Edit the minutes",
        "● ● ● – – – – – – – – – – – –",
        defence="may enter a reservation",
        prosecutor="may enter a reservation",
    ),
    "sign_minutes": _row(
        "Sign the minutes",
        "● ● ● – ◐ ○ – – – – – – – – –",
        witness="after read-back",
        defence="may enter a reservation",
        prosecutor="may enter a reservation",
    ),
    "view_recording": _row(
        "View a recording",
        "● ● ● ○ – – ○ ○ ● ○ – – – ○ ○",
        defendant="through counsel",
        defence="the copy handed over",
        custodian="no playing without an order",
        civil_party="by order of the court",
    ),
    "unseal": _row(
        "Open a recording with an authority's key",
        "● ● ● ○ – – ○ ○ ● ○ – – – – –",
        defendant="through counsel",
        defence="the copy handed over",
        civil_party="by order of the court",
    ),
    "export_recording": _row(
        "Take a copy of a recording, or an excerpt, alone",
        "● – – – – – – – – – – – – ● –",
        presiding_judge="for the court itself, or to hand over to a party by its order",
        clerk="propose a release: another person of your State confirms it",
        requested_authority="the other State's court releases it to you",
        central_authority="the other State's court releases it to you",
    ),
    "transmit": _row(
        "Release a copy to the other State, two persons of two",
        "● ● ● ○ – – – – – – – – – – –",
        central_authority="by order of the court",
    ),
    "verify": _row("Verify a recording, without its content", "● ● ● ● – – – ● ● ● – – – ● ●"),
    "show_picture": _row("Show one's picture to the room", "● ● ● – ● ● ● ● ● ● ● – – – –"),
    "see_floor": _row(
        "See the pictures of the room", "● ● ● – ● ● ● ● ● ● ● ● ○ – –", technician="in the sound check only"
    ),
    "break_off": _row("Break the hearing off", "● – – – – – – – – – – – – – –", presiding_judge="with a reason"),
    "compare_fingerprints": _row(
        "Say whether the fingerprints read aloud were the same", "● ● ● – – – – – – – – – ● – –"
    ),
    "issue_link": _row("Issue or replace a join link", "– ● ◐ – – – – – – – – – – – –"),
    "record_act": _row("Record an act in the log", "● ● ● – – – – – – – – – – – –"),
    "caption": _row("Feed captions of the sitting", "● ● ● – – – – – – – – – – – –"),
    "record_intervention": _row("Record an intervention of the requested authority", "– – ● – – – – – – – – – – – –"),
    "record_remark": _row(
        "Put a remark of one's own on the record",
        "– – – – ● – – – – – – – ● – –",
        presiding_judge="adds log notes",
        clerk="adds log notes",
        requested_authority="adds log notes",
        interpreter="while in the room",
        technician="while in the room",
    ),
    "read_rights": _row("Read the rights checklist", "● ● ● ● – – – ● ● ● – – – – –"),
    "object_to_right": _row(
        "Object to an item of the rights checklist",
        "– – – – – – – ● – – – – – – –",
        defence="of a hearing it takes part in; by its link too",
    ),
    "claim_costs": _row(
        "Claim one's own costs",
        "– – – – ◐ ◐ – – – ◐ ◐ – ◐ – –",
        interpreter="pay and travel",
        witness="allowance, travel and lost earnings",
        civil_party="allowance, travel and lost earnings",
        support_person="allowance, travel and lost earnings",
        technician="setting up and servicing the link",
    ),
    "read_minutes": _row("Read the minutes", "● ● ● ● – – – ● ● – – – – – –"),
    "enter_reservation": _row(
        "Enter a reservation to the minutes",
        "● ● ● – – – – ● ● – – – – – –",
        presiding_judge="also for somebody who said it",
        clerk="also for somebody who said it",
        requested_authority="also for somebody who said it",
    ),
}
"""What each role may do in a hearing. Each row is asked by code (tests/hearings/test_permission_rows.py finds where);
an action without a row is refused to everybody."""


class CaseStage(StrEnum):
    """How far the case of a recording has come, as far as it decides about copies."""

    being_recorded = "being_recorded"
    sealed = "sealed"
    """Closed and sealed, or failed; the minutes over it are not signed by both States."""
    signed = "signed"
    """Both States have signed the minutes that name its head."""
    over = "over"
    """The request is closed or withdrawn."""


STAGES: Mapping[CaseStage, str] = {
    CaseStage.being_recorded: "being recorded",
    CaseStage.sealed: "closed and sealed",
    CaseStage.signed: "minutes signed by both States",
    CaseStage.over: "request closed",
}
"""The stages in words, for docs/permissions.md."""
COPIES: Mapping[str, Mapping[CaseStage, bool]] = {
    "view_recording": dict(zip(CaseStage, (False, True, True, True), strict=True)),
    "unseal": dict(zip(CaseStage, (False, True, True, True), strict=True)),
    "export_recording": dict(zip(CaseStage, (False, True, True, True), strict=True)),
    "transmit": dict(zip(CaseStage, (False, True, True, False), strict=True)),
    "verify": dict(zip(CaseStage, (True, True, True, True), strict=True)),
}
"""The law of copies: by act and stage of the case, whether the row of the act in `TABLE` counts; where it does not,
nobody may. After the request is closed a further release needs a request of its own (UNTOC 18(19), UNCAC 46(19)). The
court's proceedings go on after that: who may view for them, such as counsel for an appeal, still may."""
KEEPING: Mapping[str, Mapping[CaseStage, bool]] = {
    "set_retention": dict(zip(CaseStage, (False, True, True, True), strict=True)),
    "hold_recording": dict(zip(CaseStage, (False, True, True, True), strict=True)),
    "destroy": dict(zip(CaseStage, (False, False, False, True), strict=True)),
}
"""The same of what is decided about a recording's keeping: whether the row of the act in `STAFF` counts. What a case is
still about is not destroyed, however long it lasts."""


def copy_cells(action: str, stage: CaseStage) -> Mapping[Role, Cell]:
    """What each role may do with a recording and its copies at a stage. `KeyError` for an act that is none of these."""
    return TABLE[action].cells if COPIES[action][stage] else dict.fromkeys(COLUMNS, Cell.no)


CAME = frozenset(PresenceStatus) - {PresenceStatus.invited, PresenceStatus.removed, PresenceStatus.released}
HERE = IN_ROOM | {PresenceStatus.waiting, PresenceStatus.called}
"""In the lobby or in the room."""
FROM: Mapping[str, frozenset[PresenceStatus]] = {
    "roll_call": IN_ROOM,
    "admit": IN_ROOM,
    "return_to_lobby": IN_ROOM,
    "release_witness": IN_ROOM,
    "remove": IN_ROOM,
    "start": IN_ROOM,
    "sound_check": IN_ROOM,
    "hold": IN_ROOM,
    "lift_hold": IN_ROOM,
    "mute_other": IN_ROOM,
    "confirm_identity": IN_ROOM,
    "close": IN_ROOM,
    "break_off": IN_ROOM,
    "compare_fingerprints": IN_ROOM,
    "give_floor": IN_ROOM,
    "interpret_to_floor": IN_ROOM,
    "finish_speaking": IN_ROOM,
    "raise_hand": CAME,
    "ask_help": CAME,
    "answer_help": CAME,
    "breakdown_step": IN_ROOM,
    "close_session": IN_ROOM,
    "continue_unrecorded": IN_ROOM,
    "write_to_court": HERE,
    "answer_message": HERE,
    "object": IN_ROOM,
    "raise_privilege": IN_ROOM,
    "rule_objection": IN_ROOM,
    "ask_break": IN_ROOM,
    "order_break": IN_ROOM,
    # What everybody does for themselves, without a row above: the seat alone decides.
    "get_ready": CAME,
    "switch_microphone_off": CAME,
    "switch_microphone_on": frozenset({PresenceStatus.present}),
    "switch_camera": CAME,
    "choose_language": CAME,
    "set_original": CAME,
    "leave": CAME,
    "pin": IN_ROOM,
    "render": IN_ROOM,
    "signal": IN_ROOM,
    "confirm_condition": IN_ROOM,
    "record_in_room": IN_ROOM,
    "press_card": IN_ROOM,
}
"""The presence statuses from which an action is allowed. Other actions are done on pages, by anybody with a role in
the hearing."""

LIFTS: Mapping[HoldCause, tuple[Role, ...]] = {
    HoldCause.order: (Role.presiding_judge,),
    HoldCause.intervention: (Role.requested_authority,),
    HoldCause.fault: (Role.presiding_judge,),
    HoldCause.recording: (Role.presiding_judge,),
}
"""Who lifts a hold, by its cause. The requested authority's own hold is nobody else's to lift; a fault's or a failed
recording's needs a named person, the presiding judge, to open the floor again."""


def names(roles: tuple[Role, ...]) -> str:
    """Roles in words: `presiding judge or clerk`."""
    return " or ".join(LABELS[role].lower() for role in roles)


# --- docs/permissions.md -----------------------------------------------------------------------------------------

FROM_TEXT = (
    "Whoever may do something in the room does it from a seat in the room: who has not been admitted, has left or was "
    "removed may not. What is not here is done on pages, or asks nothing of the seat."
)
COPIES_TEXT = (
    "Who may do what with a recording, by the stage of its case. Notes on cells are those of the table above. A "
    "release takes two persons, and is a signed statement of their State ([receive](receive.md))."
)
KEEPING_TEXT = (
    "What is decided about its keeping is decided by functions of staff of either State ([archive](archive.md)), at "
    "the same stages. "
    "What may be exported by one person, and what for, is in [receive](receive.md#what-one-person-takes-alone)."
)
FACILITATION_TEXT = (
    "A facilitator is of no State ([coordination](coordination.md)) and does nothing but this: it does not sign, "
    "accept, refuse, postpone, conduct or confirm."
)
_HEADS = ("PJ", "CK", "RA", "CA", "IN", "WT", "DF", "DC", "PR", "CP", "SP", "OB", "TE", "AR", "AU")


def page() -> str:
    """The text of docs/permissions.md; `python -m hearings.permission_table` prints it."""
    legend = " · ".join(f"{head} {LABELS[role].lower()}" for head, role in zip(_HEADS, COLUMNS, strict=True))
    lines = [
        "# Permissions",
        "",
        "*For: judges and clerks, central authorities, developers.*",
        "",
        "Made from `hearings/permission_table.py`, by which the code decides; a test compares the two.",
        "",
        f"{legend}. An expert has the rights of a witness.",
        "",
        "● yes · ○ with a grant, or under the condition noted · ◐ own side or own person only · – no.",
        "",
        "What is not in the table is nobody's. A refusal says why and who could.",
        "",
        "## In a hearing",
        "",
        f"| Action | {' | '.join(_HEADS)} | Notes |",
        "|---|" + "---|" * (len(COLUMNS) + 1),
    ]
    for action, permission in TABLE.items():
        notes = "; ".join(f"{_HEADS[COLUMNS.index(role)]}: {note}" for role, note in permission.notes.items())
        cells = " | ".join(permission.cells[role].value for role in COLUMNS)
        lines.append(f"| {permission.label} (`{action}`) | {cells} | {notes} |")
    lines += ["", "## Recordings and their copies", "", COPIES_TEXT, ""]
    lines += [f"| Action | Stage of the case | {' | '.join(_HEADS)} |", "|---|" + "---|" * (len(COLUMNS) + 1)]
    for action, stages in COPIES.items():
        for stage in stages:
            cells = " | ".join(copy_cells(action, stage)[role].value for role in COLUMNS)
            lines.append(f"| `{action}` | {STAGES[stage]} | {cells} |")
    lines += ["", KEEPING_TEXT, "", f"| Act | {' | '.join(STAGES.values())} |", "|---|" + "---|" * len(STAGES)]
    for action, counts in KEEPING.items():
        who = ", ".join(STAFF[action].functions)
        lines.append(f"| `{action}` | {' | '.join(who if counts[stage] else Cell.no.value for stage in STAGES)} |")
    lines += ["", "## Lifting a hold", "", "| Cause | Who lifts it |", "|---|---|"]
    lines += [f"| `{cause.value}` | {names(roles)} |" for cause, roles in LIFTS.items()]
    lines += ["", "## From where", "", FROM_TEXT, "", "| From | What |", "|---|---|"]
    for places in dict.fromkeys(FROM.values()):
        named = ", ".join(f"`{presence.value}`" for presence in PresenceStatus if presence in places)
        lines.append(
            f"| {named} | {', '.join(f'`{action}`' for action, origins in FROM.items() if origins == places)} |"
        )
    lines += ["", "## On requests and bookings", "", "| Act | Functions | State |", "|---|---|---|"]
    lines += [
        f"| {staff_row.label} (`{action}`) | {', '.join(staff_row.functions)} | {staff_row.side} |"
        for action, staff_row in STAFF.items()
    ]
    lines += ["", "## Facilitators", "", FACILITATION_TEXT, ""]
    lines += [f"- {label} (`{action}`)." for action, label in FACILITATION.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
