"""What people do in a live hearing: one short handler per command of `media.messages`, in a table.

Every handler runs in one transaction with the rows locked by the hearing's room; `hearings` decides whether the
act is allowed. What needs the recorder (sound check, start, close) lives in `web.live.recording_side` and runs beside.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, participant_actor
from hearings.agreement import room_rules
from hearings.errors import HearingsError, NotFound
from hearings.hearing import participants, seats
from hearings.models import Hearing, Participant, Sitting
from hearings.permissions import require_from
from hearings.sitting import fingerprints, recorded_acts, sittings
from media import messages
from web.live.connections import Connection
from web.live.room import Room
from web.words import refusals

logger = logging.getLogger("vivavoce.web.live.acts")


@dataclass
class Act:
    """One command under way: the rows it may touch, who acts, and what to tell the pages when it is committed."""

    db: AsyncSession
    hearing: Hearing
    sitting: Sitting
    me: Participant
    actor: Actor
    now: datetime
    dismissed: list[tuple[str, str]]
    differs: bool = False
    """Somebody has found that the courts see different certificates: everybody is told."""

    async def target(self, participant_id: str) -> Participant:
        """Somebody else of this hearing. Raises `NotFound`."""
        found = await queries.get(self.db, Participant, participant_id, lock=True)
        if found.hearing_id != self.hearing.id:
            raise NotFound
        return found


async def _microphone(act: Act, command: messages.Microphone) -> None:
    await seats.set_microphone(act.db, participant=act.me, on=command.on, actor=act.actor, now=act.now)


async def _camera(act: Act, command: messages.Camera) -> None:
    await seats.set_camera(act.db, participant=act.me, on=command.on, actor=act.actor, now=act.now)


async def _raise_hand(act: Act, command: messages.RaiseHand) -> None:
    await seats.raise_hand(act.db, participant=act.me, up=command.up, actor=act.actor, now=act.now)


async def _ask_help(act: Act, command: messages.AskHelp) -> None:
    await seats.ask_help(act.db, participant=act.me, up=command.up, actor=act.actor, now=act.now)


async def _hear(act: Act, command: messages.Hear) -> None:
    await seats.choose_language(act.db, participant=act.me, lang=command.lang, actor=act.actor, now=act.now)


async def _original(act: Act, command: messages.Original) -> None:
    await seats.set_original(act.db, participant=act.me, percent=command.percent, actor=act.actor, now=act.now)


async def _render(act: Act, command: messages.Render) -> None:
    await seats.set_renders(act.db, participant=act.me, lang=command.lang, actor=act.actor, now=act.now)


async def _ready(act: Act, command: messages.Ready) -> None:
    await seats.ready(
        act.db,
        participant=act.me,
        notice=command.notice,
        camera=command.camera,
        microphone=command.microphone,
        speaker=command.speaker,
        now=act.now,
    )


async def _leave(act: Act, command: messages.Leave) -> None:
    await seats.leave(act.db, participant=act.me, actor=act.actor, now=act.now)
    act.dismissed.append((act.me.id, "left"))


async def _roll_call(act: Act, command: messages.RollCall) -> None:
    await sittings.roll_call(act.db, sitting=act.sitting, actor=act.actor, now=act.now)


async def _confirm_identity(act: Act, command: messages.ConfirmIdentity) -> None:
    who = await act.target(command.participant)
    await participants.confirm_identity(
        act.db,
        participant=who,
        method=command.method,
        document=command.document,
        last_four=command.last_four,
        actor=act.actor,
        now=act.now,
    )


async def _admit(act: Act, command: messages.Admit) -> None:
    who = await act.target(command.participant)
    await participants.admit(act.db, participant=who, actor=act.actor, now=act.now)


async def _return_to_lobby(act: Act, command: messages.ReturnToLobby) -> None:
    who = await act.target(command.participant)
    await participants.return_to_lobby(act.db, participant=who, reason=command.reason, actor=act.actor, now=act.now)


async def _remove(act: Act, command: messages.Remove) -> None:
    who = await act.target(command.participant)
    await participants.remove(act.db, participant=who, reason=command.reason, actor=act.actor, now=act.now)
    act.dismissed.append((who.id, "removed"))


async def _mute(act: Act, command: messages.Mute) -> None:
    who = await act.target(command.participant)
    await participants.mute(act.db, participant=who, actor=act.actor, now=act.now)


async def _hold(act: Act, command: messages.Hold) -> None:
    await sittings.hold(act.db, sitting=act.sitting, reason=command.reason, actor=act.actor, now=act.now)


async def _confirm_condition(act: Act, command: messages.ConfirmCondition) -> None:
    await room_rules.confirm(act.db, sitting=act.sitting, kind=command.kind, actor=act.actor, now=act.now)


async def _record_act(act: Act, command: messages.RecordAct) -> None:
    require_from("record_in_room", act.me.presence)
    await recorded_acts.record(
        act.db,
        hearing=act.hearing,
        kind=command.kind,
        values=command.fields,
        corrects=command.corrects or None,
        actor=act.actor,
        now=act.now,
    )


async def _compare_fingerprints(act: Act, command: messages.CompareFingerprints) -> None:
    await fingerprints.compare(
        act.db,
        sitting=act.sitting,
        matched=command.matched,
        certificate=command.certificate,
        actor=act.actor,
        now=act.now,
    )
    act.differs = not command.matched


Handler = Callable[[Act, Any], Awaitable[None]]

ACTS: dict[type[messages.Command], Handler] = {
    messages.Ready: _ready,
    messages.Microphone: _microphone,
    messages.Camera: _camera,
    messages.RaiseHand: _raise_hand,
    messages.AskHelp: _ask_help,
    messages.Hear: _hear,
    messages.Original: _original,
    messages.Render: _render,
    messages.Leave: _leave,
    messages.RollCall: _roll_call,
    messages.ConfirmIdentity: _confirm_identity,
    messages.Admit: _admit,
    messages.ReturnToLobby: _return_to_lobby,
    messages.Remove: _remove,
    messages.Mute: _mute,
    messages.Hold: _hold,
    messages.ConfirmCondition: _confirm_condition,
    messages.RecordAct: _record_act,
    messages.CompareFingerprints: _compare_fingerprints,
}

TOLD: dict[type[messages.Command], tuple[str, str]] = {
    messages.RollCall: ("roll_call", "all"),
    messages.Hold: ("hold", "all"),
    messages.Mute: ("muted", "target"),
    messages.Admit: ("admitted", "target"),
    messages.ReturnToLobby: ("returned_to_lobby", "target"),
}
"""Which notice follows a command that was carried out, and to whom."""


async def perform(room: Room, connection: Connection, command: messages.Command) -> None:
    """Carry out one command of one page and answer it. A refusal changes nothing and says why."""
    handler = ACTS[type(command)]
    dismissed: list[tuple[str, str]] = []
    differs = False
    try:
        async with room.acting(connection) as (db, rows):
            me = rows.participant(connection.participant_id)
            if me is None:
                raise NotFound
            act = Act(
                db=db,
                hearing=rows.hearing,
                sitting=rows.sitting,
                me=me,
                actor=participant_actor(me),
                now=room.now(),
                dismissed=dismissed,
            )
            await handler(act, command)
            differs = act.differs
    except HearingsError as error:
        room.answer(connection, refusal(command.id, error))
        return
    if differs:
        room.notify("fingerprints_differ", assertive=True)
    told = TOLD.get(type(command))
    if told is not None:
        code, whom = told
        target = getattr(command, "participant", "")
        room.notify(code, assertive=True, only=None if whom == "all" else lambda one: one.id == target)
    room.answer(connection, messages.Result(re=command.id, ok=True))
    for participant_id, why in dismissed:
        room.dismiss(participant_id, why)


def refusal(command_id: str, error: HearingsError) -> messages.Result:
    """The answer to a command that was not carried out."""
    return messages.Result(re=command_id, ok=False, code=error.code, text=refusals.words(error))
