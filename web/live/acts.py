"""The acts of a live hearing: one row for each command of `media.messages`, read by the room and by the pages.

A row gives the function of `hearings` that carries the command out, the right by which a page offers it, and its
follow-ups. `hearings` decides whether the act is allowed. Commands that need the recorder (sound check, start, close)
are carried out by `web.live.recording_side`, in the background.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor
from hearings.agreement import room_rules
from hearings.errors import HearingsError, NotFound
from hearings.hearing import companions, participants, seats
from hearings.interpreting import interpreters
from hearings.law import scripts
from hearings.models import Hearing, Participant, Sitting
from hearings.permissions import require_from
from hearings.sitting import (
    breakdowns,
    breaks,
    calls,
    cards,
    closed_sessions,
    fingerprints,
    floor_turns,
    messages_to_court,
    objections,
    recorded_acts,
    sittings,
    unrecorded,
)
from media import messages
from web.live import notices
from web.words import refusals


@dataclass
class Act:
    """One command being carried out: the rows it may change, the actor, and the time."""

    db: AsyncSession
    hearing: Hearing
    sitting: Sitting
    me: Participant
    actor: Actor
    now: datetime

    async def target(self, participant_id: str) -> Participant:
        """Another participant of this hearing. Raises `NotFound`."""
        participant = await queries.get(self.db, Participant, participant_id, lock=True)
        if participant.hearing_id != self.hearing.id:
            raise NotFound
        return participant


def _always(command: messages.Command) -> bool:
    return True


@dataclass(frozen=True)
class RoomAct:
    """The function of a command, and its follow-ups."""

    does: Callable[..., Awaitable[Any]] | None
    """The function; its keywords are the row it is about, the fields of the command, `actor` and `now`. None: the
    recording side does it, beside other commands."""
    about: Literal["me", "participant", "sitting", "hearing"] = "me"
    """The row passed: the sender's; the participant the command names; the sitting; the hearing, with the sender."""
    right: str = ""
    """The action of the permission table that pages offer it by; empty for what everybody may with their own seat."""
    notice: str = ""
    """Notice sent afterwards (`notices.NOTICES`): to the participant the command names, or to everybody if none."""
    notice_if: Callable[[Any], bool] = _always
    dismisses: str = ""
    """Reason (`notices.BYE`) with which the pages of that participant are ended afterwards; empty: they are not."""

    tells: Callable[[Any, Participant, Any], None] | None = None
    """Announces the act otherwise: called with the room, the sender's row and the command."""

    async def carry_out(self, act: Act, command: Any) -> None:
        """Call the function. Raises and effects: those of the function."""
        assert self.does is not None
        rows: dict[str, Any] = {"participant": act.me}
        if self.about == "participant":
            rows = {"participant": await act.target(command.participant)}
        elif self.about == "sitting":
            rows = {"sitting": act.sitting}
        elif self.about == "hearing":
            rows |= {"hearing": act.hearing}
        fields = {name: getattr(command, name) for name in command.__struct_fields__ if name not in ("id", *rows)}
        await self.does(act.db, **rows, **fields, actor=act.actor, now=act.now)


async def _ready(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, **devices: bool) -> None:
    await seats.ready(db, participant=participant, **devices, now=now)


async def _record_act(
    db: AsyncSession, *, participant: Participant, fields: dict[str, str], corrects: int, **known: Any
) -> None:
    require_from("record_in_room", participant.presence)
    await recorded_acts.record(db, values=fields, corrects=corrects or None, **known)


async def _press_card(db: AsyncSession, **known: Any) -> None:
    await cards.press(db, scripts=scripts.current(), **known)


ACTS: dict[type[messages.Command], RoomAct] = {
    messages.Ready: RoomAct(_ready),
    messages.Microphone: RoomAct(interpreters.set_microphone),
    messages.Camera: RoomAct(seats.set_camera),
    messages.RaiseHand: RoomAct(seats.raise_hand, right="raise_hand"),
    messages.AskHelp: RoomAct(seats.ask_help, right="ask_help"),
    messages.AnswerHelp: RoomAct(calls.answer_help, "participant", "answer_help"),
    messages.AskBreak: RoomAct(calls.ask_break, right="ask_break"),
    messages.OrderBreak: RoomAct(breaks.order, "sitting", "order_break", "break_ordered"),
    messages.RefuseBreak: RoomAct(calls.refuse_break, "participant", "order_break", "break_refused"),
    messages.Hear: RoomAct(interpreters.choose_language),
    messages.WriteToCourt: RoomAct(messages_to_court.write, "hearing", "write_to_court"),
    messages.AnswerMessage: RoomAct(messages_to_court.answer, "hearing", "answer_message"),
    messages.Original: RoomAct(seats.set_original),
    messages.Render: RoomAct(interpreters.set_renders),
    messages.Pin: RoomAct(seats.pin),
    messages.HandOver: RoomAct(interpreters.hand_over, tells=notices.handover_asked),
    messages.TakeOver: RoomAct(interpreters.take_over),
    messages.NotePartner: RoomAct(interpreters.note_partner, tells=notices.partner_note),
    messages.Signal: RoomAct(interpreters.signal, right="signal", tells=notices.signal),
    messages.Leave: RoomAct(seats.leave, dismisses="left"),
    messages.RollCall: RoomAct(sittings.roll_call, "sitting", "roll_call", "roll_call"),
    messages.ConfirmIdentity: RoomAct(participants.confirm_identity, "participant", "confirm_identity"),
    messages.Admit: RoomAct(participants.admit, "participant", "admit", "admitted"),
    messages.ReturnToLobby: RoomAct(
        participants.return_to_lobby, "participant", "return_to_lobby", "returned_to_lobby"
    ),
    messages.Remove: RoomAct(participants.remove, "participant", "remove", dismisses="removed"),
    messages.Mute: RoomAct(participants.mute, "participant", "mute_other", "muted"),
    messages.SetFloorMode: RoomAct(floor_turns.set_mode, "sitting", "give_floor", "floor_mode"),
    messages.GiveFloor: RoomAct(floor_turns.give, "participant", "give_floor"),
    messages.LineUp: RoomAct(floor_turns.line_up, "participant", "give_floor"),
    messages.TakeFloorBack: RoomAct(floor_turns.take_back, right="give_floor"),
    messages.FinishSpeaking: RoomAct(floor_turns.finish),
    messages.Interpret: RoomAct(floor_turns.interpret, right="interpret_to_floor"),
    messages.EndInterpreting: RoomAct(floor_turns.end_interpreting),
    messages.NoteCompanion: RoomAct(companions.note, "participant", "roll_call"),
    messages.SoundCheck: RoomAct(None, right="sound_check"),
    messages.Start: RoomAct(None, right="start"),
    messages.Hold: RoomAct(sittings.hold, "sitting", "hold", "hold"),
    messages.Resume: RoomAct(None, right="lift_hold"),
    messages.Close: RoomAct(None, right="close"),
    messages.ProposeUnrecorded: RoomAct(unrecorded.propose, "sitting", "continue_unrecorded"),
    messages.ConfirmUnrecorded: RoomAct(unrecorded.confirm, "sitting", "continue_unrecorded", "unrecorded"),
    messages.EndUnrecorded: RoomAct(unrecorded.end, "sitting", "continue_unrecorded", "unrecorded_ended"),
    messages.CloseSession: RoomAct(closed_sessions.begin, "sitting", "close_session", "closed_session"),
    messages.EndClosedSession: RoomAct(None, right="close_session"),
    messages.BreakdownStep: RoomAct(breakdowns.take, "sitting", "breakdown_step"),
    messages.BreakOff: RoomAct(None, right="break_off"),
    messages.ConfirmCondition: RoomAct(room_rules.confirm, "sitting"),
    messages.RecordAct: RoomAct(_record_act, "hearing", "record_act"),
    messages.RaiseObjection: RoomAct(objections.raise_objection, "hearing", notice="objection"),
    messages.WithdrawObjection: RoomAct(objections.withdraw, "hearing", notice="objection_withdrawn"),
    messages.RuleObjection: RoomAct(objections.rule, "hearing", "rule_objection", "ruling"),
    messages.PressCard: RoomAct(_press_card, "hearing", "read_card"),
    messages.CompareFingerprints: RoomAct(
        fingerprints.compare,
        "sitting",
        "compare_fingerprints",
        "fingerprints_differ",
        notice_if=lambda command: not command.matched,
    ),
}


def refusal(command_id: str, error: HearingsError) -> messages.Result:
    """The answer to a command that was not carried out."""
    return messages.Result(re=command_id, ok=False, code=error.code, text=refusals.words(error))
