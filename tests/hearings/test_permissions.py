"""The decision function over its whole table: every action, every role, every circumstance that matters."""

import itertools
import re
from pathlib import Path

import pytest

from hearings.actors import SYSTEM, Actor
from hearings.errors import NotAllowed, NotReady
from hearings.models.sitting import HoldCause
from hearings.permission_table import COLUMNS, COPIES, FROM, KEEPING, LIFTS, TABLE, CaseStage, Cell, copy_cells
from hearings.permissions import Decision, may, may_copy, may_staff, require, require_keeping, require_staff
from hearings.roles import LABELS, Role
from hearings.staff_table import STAFF
from hearings.status import IN_ROOM, PresenceStatus

# The table once more, as signs only, in the order of COLUMNS. An interpreter speaks into channels, not to
# the floor.
SIGNS = """
open_lobby                  ● ● ◐ – – – – – – – – – – – –
roll_call                   ● ● ◐ – – – – – – – – – – – –
admit                       ● ○ ◐ – – – – – – – – – – – –
return_to_lobby             ● ○ ◐ – – – – – – – – – – – –
release_witness             ● ○ ◐ – – – – – – – – – – – –
remove                      ● – ◐ – – – – – – – – – – – –
start                       ● – – – – – – – – – – – – – –
sound_check                 ● ● ● – – – – – – – – – ● – –
hold                        ● ● ● – ● – – ○ ○ – – – – – –
lift_hold                   ● – ◐ – – – – – – – – – – – –
mute_other                  ● ○ ◐ – – – – – – – – – – – –
unmute_other                – – – – – – – – – – – – – – –
give_floor                  ● ○ – – – – – – – – – – – – –
interpret_to_floor          – – – – ● – – – – – – – – – –
speak_floor                 ● ○ ● – – ○ ○ ○ ○ ○ – – – – –
speak_in_channel            – – – – ◐ – – – – – – – – – –
hear_floor                  ● ● ● – ● ● ● ● ● ● ● ● ○ – –
hear_channels               ● ● ● – ● ◐ ◐ ● ● ● ◐ ● – – –
confirm_identity            – – ● – – – – – – – – – – – –
administer_oath             ● – ● – – – – – – – – – – – –
read_card                   ● ● ● – – – – – – – – – – – –
adopt_card                  ● – – – – – – – – – – – – – –
render_card                 ● ● ● – ● – – – – – – – – – –
answer_card                 ● ● ● – – ○ ○ – – – – – – – –
object                      – – ● – – – – ● ● – – – – – –
raise_privilege             – – ● – – ● – ● ● ● – – – – –
present_exhibit             ● ● ◐ – – – – ● ● – – – – – –
add_log_note                ● ● ● – ○ – – – – – – – ○ – –
raise_hand                  ● ● ● – ● ● ● ● ● ● ● – ● – –
ask_help                    ● ● ● – ● ● ● ● ● ● ● ● ● – –
ask_break                   ● ● ● – ● ● ● ● ● ● ● – ● – –
order_break                 ● – – – – – – – – – – – – – –
rule_objection              ● – – – – – – – – – – – – – –
write_to_court              ● ● ● – ● ● ● ● ● ● ● ● ● – –
answer_message              ● ● ◐ – – – – – – – – – – – –
continue_unrecorded         ● – ● – – – – – – – – – – – –
close_session               ● – – – – – – – – – – – – – –
breakdown_step              ● ● ● – – – – – – – – – – – –
answer_help                 ● ● ● – – – – – – – – – ● – –
signal                      ● ● ● – ● ● ● ● ● ● – – – – –
line_statistics             ● ● ● – ◐ ◐ – – – ◐ ◐ ◐ ● – –
close                       ● – – – – – – – – – – – – – –
edit_minutes                ● ● ● – – – – – – – – – – – –
sign_minutes                ● ● ● – ◐ ○ – – – – – – – – –
view_recording              ● ● ● ○ – – ○ ○ ● ○ – – – ○ ○
unseal                      ● ● ● ○ – – ○ ○ ● ○ – – – – –
export_recording            ● – – – – – – – – – – – – ● –
transmit                    ● ● ● ○ – – – – – – – – – – –
verify                      ● ● ● ● – – – ● ● ● – – – ● ●
show_picture                ● ● ● – ● ● ● ● ● ● ● – – – –
see_floor                   ● ● ● – ● ● ● ● ● ● ● ● ○ – –
break_off                   ● – – – – – – – – – – – – – –
compare_fingerprints        ● ● ● – – – – – – – – – ● – –
issue_link                  – ● ◐ – – – – – – – – – – – –
record_act                  ● ● ● – – – – – – – – – – – –
caption                     ● ● ● – – – – – – – – – – – –
record_intervention         – – ● – – – – – – – – – – – –
record_remark               – – – – ● – – – – – – – ● – –
read_rights                 ● ● ● ● – – – ● ● ● – – – – –
object_to_right             – – – – – – – ● – – – – – – –
claim_costs                 – – – – ◐ ◐ – – – ◐ ◐ – ◐ – –
read_minutes                ● ● ● ● – – – ● ● – – – – – –
enter_reservation           ● ● ● – – – – ● ● – – – – – –
"""
WANTED = {line.split()[0]: line.split()[1:] for line in SIGNS.strip().splitlines()}
CELLS = [(action, role, sign) for action, signs in WANTED.items() for role, sign in zip(COLUMNS, signs, strict=True)]
PRESENT = PresenceStatus.present
CIRCUMSTANCES = ("own", "same_state", "granted")


def test_the_table_has_the_signs_written_down_here() -> None:
    found = {action: [row.cells[role].value for role in COLUMNS] for action, row in TABLE.items()}
    assert found == WANTED
    assert len(COLUMNS) == 15


@pytest.mark.parametrize("chosen", [c for n in range(4) for c in itertools.combinations(CIRCUMSTANCES, n)], ids=str)
def test_every_cell_decides_as_its_sign_says(chosen: tuple[str, ...]) -> None:
    enough = {"●": True, "–": False, "○": "granted" in chosen}
    enough["◐"] = "own" in chosen or "same_state" in chosen
    deviations = []
    for action, role, sign in CELLS:
        if action == "lift_hold":
            continue  # decided by the hold's cause, below
        decision = may(
            action,
            role,
            own_state="TH",
            target_state="TH" if "same_state" in chosen else "RO",
            own="own" in chosen,
            granted="granted" in chosen,
            recording_healthy=True,
            presence=PRESENT,
        )
        if decision.allowed is not enough[sign]:
            deviations.append((action, role, sign))
        assert decision.allowed == (not decision.reason)
    assert deviations == []


@pytest.mark.parametrize("presence", [*PresenceStatus, None])
def test_what_is_done_in_the_room_is_done_from_a_seat_in_it(presence: PresenceStatus | None) -> None:
    """Whatever else is granted: no seat known is no seat."""
    for action, role in itertools.product(TABLE, Role):
        everything = {"own": True, "granted": True, "recording_healthy": True, "own_state": "TH", "target_state": "TH"}
        for cause in HoldCause:
            decision = may(action, role, **everything, hold_cause=cause, presence=presence)
            if action in FROM and presence not in FROM[action]:
                assert not decision.allowed, (action, role)
            elif may(action, role, **everything, hold_cause=cause, presence=PRESENT).allowed:
                assert decision.allowed, (action, role)
    assert FROM["hold"] == IN_ROOM


def test_an_expert_may_what_a_witness_may() -> None:
    for action in WANTED:
        witness = may(action, Role.witness, own=True, granted=True, recording_healthy=True, presence=PRESENT)
        assert (
            may(action, Role.expert, own=True, granted=True, recording_healthy=True, presence=PRESENT).allowed
            is witness.allowed
        )


def test_nobody_may_what_nobody_has_thought_of() -> None:
    for role in (*Role, None):
        assert not may("make_coffee", role, own=True, granted=True, presence=PRESENT).allowed


def test_without_a_role_nothing_is_allowed() -> None:
    for action in TABLE:
        decision = may(action, None, own_state="TH", target_state="TH", own=True, granted=True)
        assert not decision.allowed
        assert decision.reason


def test_two_empty_states_are_not_the_same_side() -> None:
    assert not may("admit", Role.requested_authority).allowed


@pytest.mark.parametrize("healthy", [None, False])
def test_nobody_starts_without_a_healthy_recording(healthy: bool | None) -> None:
    assert not may("start", Role.presiding_judge, recording_healthy=healthy).allowed


LIFTERS = {
    HoldCause.order: "presiding_judge",
    HoldCause.intervention: "requested_authority",
    HoldCause.fault: "presiding_judge",
    HoldCause.recording: "presiding_judge",
}


@pytest.mark.parametrize("cause", HoldCause)
def test_a_hold_is_lifted_by_its_own_lifter_only(cause: HoldCause) -> None:
    able = [role for role in Role if may("lift_hold", role, hold_cause=cause, presence=PRESENT).allowed]
    assert able == [LIFTERS[cause]]
    refusal = may("lift_hold", Role.clerk, hold_cause=cause)
    assert refusal.who_can == LIFTS[cause]
    assert LABELS[Role(LIFTERS[cause])].lower() in refusal.reason


def test_there_is_nothing_to_lift_without_a_hold() -> None:
    assert not may("lift_hold", Role.presiding_judge).allowed


@pytest.mark.parametrize(
    ("action", "role", "reason", "who_can"),
    [
        ("start", Role.clerk, "Clerk: not allowed to start the sitting. Who can: presiding judge", ["presiding_judge"]),
        (
            "admit",
            Role.clerk,
            "Clerk: only when the presiding judge grants it. Who can: presiding judge",
            ["presiding_judge"],
        ),
        (
            "admit",
            Role.requested_authority,
            "Requested authority: only people at its own site. Who can: presiding judge",
            ["presiding_judge"],
        ),
        (
            "confirm_identity",
            Role.clerk,
            "Clerk: not allowed to confirm identity (records what the requested authority confirmed). "
            "Who can: requested authority",
            ["requested_authority"],
        ),
        ("unmute_other", Role.clerk, "Clerk: not allowed to un-mute another person", []),
        (
            "speak_floor",
            Role.technician,
            "Technician: not allowed to speak to the floor. Who can: presiding judge or clerk or requested authority "
            "or witness or defendant or defence counsel or prosecutor or victim or civil party",
            [
                "presiding_judge",
                "clerk",
                "requested_authority",
                "witness",
                "defendant",
                "defence",
                "prosecutor",
                "civil_party",
            ],
        ),
    ],
)
def test_a_refusal_says_why_and_who_could(action: str, role: Role, reason: str, who_can: list[str]) -> None:
    assert may(action, role) == Decision(allowed=False, reason=reason, who_can=tuple(Role(one) for one in who_can))


COPIES_WANTED = {
    # being recorded, closed and sealed, minutes signed by both, request closed
    "view_recording": (False, True, True, True),
    "unseal": (False, True, True, True),
    "export_recording": (False, True, True, True),
    "transmit": (False, True, True, False),
    "verify": (True, True, True, True),
}
KEEPING_WANTED = {
    "set_retention": (False, True, True, True),
    "hold_recording": (False, True, True, True),
    "destroy": (False, False, False, True),
}


def test_the_law_of_copies_is_the_one_written_down_here_and_names_every_stage() -> None:
    assert {action: tuple(stages.values()) for action, stages in COPIES.items()} == COPIES_WANTED
    assert {action: tuple(stages.values()) for action, stages in KEEPING.items()} == KEEPING_WANTED
    assert {tuple(stages) for stages in (*COPIES.values(), *KEEPING.values())} == {tuple(CaseStage)}


@pytest.mark.parametrize("right", KEEPING)
@pytest.mark.parametrize("stage", CaseStage)
def test_what_is_decided_about_keeping_is_refused_at_the_stages_the_table_names(right: str, stage: CaseStage) -> None:
    if KEEPING[right][stage]:
        require_keeping(right, stage)
        return
    with pytest.raises(NotReady):
        require_keeping(right, stage)


def test_a_refusal_of_a_copy_names_the_way_that_is_open() -> None:
    for role, way in (
        (Role.clerk, "propose a release: another person of your State confirms it"),
        (Role.requested_authority, "the other State's court releases it to you"),
    ):
        found = may_copy("export_recording", role, stage=CaseStage.sealed, state="RO")
        assert not found.allowed and way in found.reason and "presiding judge" in found.reason


@pytest.mark.parametrize("role", [Role.defence, Role.prosecutor, Role.presiding_judge])
def test_who_may_view_a_recording_still_may_when_the_request_is_closed(role: Role) -> None:
    """The proceedings, and an appeal, go on after that."""
    open_, closed = (
        may_copy("view_recording", role, stage=one, state="RO") for one in (CaseStage.signed, CaseStage.over)
    )
    assert open_ == closed


@pytest.mark.parametrize("action", COPIES)
def test_every_cell_of_the_law_of_copies_is_what_is_decided(action: str) -> None:
    for stage, role, granted in itertools.product(CaseStage, Role, (False, True)):
        column = Role.witness if role is Role.expert else role
        decision = may_copy(action, role, stage=stage, state="RO", granted=granted)
        cell = copy_cells(action, stage)[column]
        assert decision.allowed is (cell is Cell.yes or (cell is Cell.grant and granted)), (stage, role, granted)
        assert decision.allowed or decision.reason
        assert not may_copy(action, None, stage=stage, state="RO", granted=granted).allowed


def test_require_raises_what_may_says() -> None:
    clerk = Actor(id="1", label="x", state="RO", role=Role.clerk)
    with pytest.raises(NotAllowed) as refusal:
        require("remove", clerk, target_state="RO")
    decision = may("remove", Role.clerk, own_state="RO", target_state="RO")
    assert (refusal.value.reason, refusal.value.who_can) == (decision.reason, decision.who_can)
    require("remove", SYSTEM)


STAFF_WANTED = {
    "convene_room": ("authority", "RO TH"),
    "coordinate": ("authority clerk", "RO TH"),
    "manage_facilitators": ("administrator", "RO TH"),
    "share_request": ("authority clerk", "RO TH"),
    "publish_notice": ("administrator authority", "RO TH"),
    "confirm_notice": ("administrator authority", "RO TH"),
    "set_retention": ("authority judge", "RO TH"),
    "hold_recording": ("authority judge", "RO TH"),
    "destroy": ("authority judge", "RO TH"),
    "draft_request": ("clerk", "RO"),
    "submit_request": ("authority clerk", "RO"),
    "withdraw_request": ("authority clerk", "RO"),
    "answer_information": ("authority clerk", "RO"),
    "acknowledge_request": ("authority", "TH"),
    "answer_request": ("authority", "TH"),
    "answer_gate": ("authority", "TH"),
    "answer_gate_asking": ("authority clerk", "RO"),
    "delegate_request": ("authority clerk", "RO TH"),
    "set_priority": ("authority", "TH"),
    "comment_refusal": ("authority clerk", "RO"),
    "confirm_in_writing": ("authority clerk", "RO"),
    "record_consultation": ("authority clerk", "RO TH"),
    "record_consent": ("authority clerk", "RO TH"),
    "write_informally": ("authority clerk judge", "RO TH"),
    "attach_file": ("authority clerk", "RO TH"),
    "add_translation": ("authority clerk", "RO TH"),
    "search_names": ("authority clerk judge", "RO TH"),
    "export_case": ("authority clerk judge", "RO TH"),
    "edit_law": ("administrator", "RO TH"),
    "review_law": ("administrator", "RO TH"),
    "import_directory": ("administrator", "RO TH"),
    "manage_signing_keys": ("administrator", "RO TH"),
    "see_checks": ("administrator", "RO TH"),
    "run_training": ("administrator", "RO TH"),
    "see_languages": ("administrator", "RO TH"),
    "see_retention": ("administrator", "RO TH"),
    "see_personal_data": ("administrator", "RO TH"),
    "set_data_period": ("administrator", "RO TH"),
    "decide_data_request": ("authority judge", "RO TH"),
    "report_personal_data": ("authority clerk", "RO TH"),
    "see_audit": ("administrator", "RO TH"),
    "manage_staff": ("administrator", "RO TH"),
    "decide_joint_change": ("administrator", "RO TH"),
    "withdraw_joint_change": ("administrator", "RO TH"),
    "manage_sites": ("administrator authority clerk", "RO TH"),
    "negotiate": ("authority clerk", "RO TH"),
    "sign_agreement": ("authority clerk judge", "RO TH"),
    "test_line": ("authority clerk judge", "RO TH"),
    "propose_hearing": ("clerk", "RO"),
    "agree_hearing": ("authority clerk", "RO TH"),
    "prepare_hearing": ("clerk", "RO"),
    "name_people": ("authority clerk", "RO TH"),
    "begin_rights": ("authority clerk judge", "RO TH"),
    "record_summons": ("authority clerk", "TH"),
    "read_costs": ("authority clerk judge", "RO TH"),
    "agree_costs": ("authority clerk", "RO TH"),
    "enter_costs": ("authority clerk", "RO TH"),
    "decide_costs": ("authority clerk judge", "RO TH"),
    "answer_right": ("authority clerk judge", "RO TH"),
    "override_right": ("judge", "RO"),
    "cancel_hearing": ("authority clerk judge", "RO TH"),
    "edit_calendar": ("administrator clerk", "RO TH"),
    "edit_resource": ("administrator clerk", "RO TH"),
    "book_resource": ("authority clerk", "RO TH"),
    "decide_clock_change": ("clerk judge", "RO"),
    "read_minutes": ("authority clerk judge", "RO TH"),
    "receive_minutes": ("authority clerk judge", "RO"),
    "see_outbox": ("administrator authority clerk", "RO TH"),
    "see_workload": ("authority", "RO TH"),
    "see_statistics": ("authority", "RO TH"),
    "see_installation_statistics": ("administrator", "RO TH"),
    "send_again": ("administrator authority clerk", "RO TH"),
    "manage_webhooks": ("administrator", "RO TH"),
    "manage_recipients": ("administrator", "RO TH"),
    "rewrap_recording": ("authority clerk judge", "RO"),
    "manage_api_clients": ("administrator", "RO TH"),
}


@pytest.mark.parametrize("action", STAFF)
def test_staff_act_by_function_and_side(action: str) -> None:
    functions, states = (set(words.split()) for words in STAFF_WANTED[action])
    for function, state in itertools.product(("judge", "clerk", "authority", "administrator"), ("RO", "TH", "FR")):
        decision = may_staff(
            action, frozenset({function}), own_state=state, requesting_state="RO", requested_state="TH"
        )
        assert decision.allowed is (function in functions and state in states), (function, state)
        assert decision.allowed == (not decision.reason)


def test_staff_may_nothing_unknown() -> None:
    everything = frozenset({"judge", "clerk", "authority", "administrator"})
    assert not may_staff("rule", everything, own_state="RO", requesting_state="RO", requested_state="TH").allowed
    with pytest.raises(NotAllowed):
        require_staff(
            "rule",
            Actor(id="1", label="x", state="RO", functions=everything),
            requesting_state="RO",
            requested_state="",
        )


def test_the_decision_function_touches_nothing() -> None:
    source = (Path(__file__).parents[2] / "hearings" / "permissions.py").read_text(encoding="utf-8")
    assert not re.search(r"\b(await|async|datetime|AsyncSession|random)\b", source)
