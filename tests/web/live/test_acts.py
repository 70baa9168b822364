"""Who may send which command from which place in the hearing, and that nobody may whose login has ended."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import pytest
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.websockets import WebSocket

from hearings import queries
from hearings.actors import SYSTEM, Actor, participant_actor
from hearings.db import Database
from hearings.errors import HearingsError
from hearings.models import Login, Participant, Person
from hearings.models.sitting import HoldCause
from hearings.people import logins
from hearings.people.logins import LoginEnd as E
from hearings.permissions import require
from hearings.roles import Role
from hearings.sitting import closed_sessions, sittings, sound_checks
from hearings.status import IN_ROOM, PresenceStatus
from media import messages
from tests.support.conducted import Wire, conducted
from tests.support.court import CERTIFICATE, NOW, STAGES, Court
from tests.support.databases import Sqlite
from web.live import acts, view
from web.live.acts import Act
from web.live.connections import Answers, Connection

P, R = PresenceStatus, Role
OUT = {P.invited, P.removed, P.released}
"""They have not come, or are gone for good."""
COMMANDS = [argument for argument in get_args(messages.BROWSER_TO_WEB) if issubclass(argument, messages.Command)]
"""Every command of the table of messages."""
CONDUCTS = frozenset({R.presiding_judge, R.clerk, R.requested_authority})
EVERYBODY = frozenset(Role)
VOICES = CONDUCTS | {R.witness, R.expert, R.defendant, R.defence, R.prosecutor, R.interpreter}
VOICES |= {R.civil_party}
SEEN = VOICES | {R.support_person}
HANDS = SEEN | {R.technician}
HEARERS = SEEN | {R.observer}
IN_THE_ROOM = frozenset(IN_ROOM)
CAME = frozenset(P) - OUT
HERE = IN_THE_ROOM | {P.waiting, P.called}

MAY: dict[type[messages.Command], tuple[frozenset[Role], frozenset[PresenceStatus]]] = {
    messages.Ready: (EVERYBODY, CAME - {P.reconnecting}),
    messages.Microphone: (VOICES, frozenset({P.present})),
    messages.Camera: (SEEN, CAME),
    messages.RaiseHand: (HANDS, CAME),
    messages.AskHelp: (HANDS | HEARERS, CAME),
    messages.AnswerHelp: (CONDUCTS | {R.technician}, CAME),
    messages.AskBreak: (HANDS, IN_THE_ROOM),
    messages.OrderBreak: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.RefuseBreak: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.RaiseObjection: (frozenset({R.requested_authority, R.defence, R.prosecutor}), IN_THE_ROOM),
    messages.WithdrawObjection: (EVERYBODY, IN_THE_ROOM),
    messages.RuleObjection: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.WriteToCourt: (HANDS | HEARERS, HERE),
    messages.AnswerMessage: (CONDUCTS, HERE),
    messages.ProposeUnrecorded: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.ConfirmUnrecorded: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.EndUnrecorded: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.CloseSession: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.EndClosedSession: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.BreakdownStep: (CONDUCTS, IN_THE_ROOM),
    messages.Hear: (HEARERS, CAME),
    messages.Original: (EVERYBODY, CAME),
    messages.Render: (frozenset({R.interpreter}), IN_THE_ROOM),
    messages.Pin: (EVERYBODY, IN_THE_ROOM),
    messages.HandOver: (frozenset({R.interpreter}), IN_THE_ROOM),
    messages.TakeOver: (frozenset({R.interpreter}), IN_THE_ROOM),
    messages.NotePartner: (frozenset({R.interpreter}), IN_THE_ROOM),
    messages.Signal: (VOICES, IN_THE_ROOM),
    messages.Leave: (EVERYBODY, CAME - {P.left}),
    messages.RollCall: (CONDUCTS, IN_THE_ROOM),
    messages.SetFloorMode: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.GiveFloor: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.LineUp: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.TakeFloorBack: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.FinishSpeaking: (EVERYBODY, IN_THE_ROOM),
    messages.Interpret: (frozenset({R.interpreter}), IN_THE_ROOM),
    messages.EndInterpreting: (frozenset({R.presiding_judge, R.interpreter}), IN_THE_ROOM),
    messages.NoteCompanion: (CONDUCTS, IN_THE_ROOM),
    messages.ConfirmIdentity: (frozenset({R.requested_authority}), IN_THE_ROOM),
    messages.Admit: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.ReturnToLobby: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.Remove: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.Mute: (frozenset({R.presiding_judge, R.requested_authority}), IN_THE_ROOM),
    messages.SoundCheck: (CONDUCTS | {R.technician}, IN_THE_ROOM),
    messages.Start: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.ConfirmCondition: (frozenset({R.requested_authority}), IN_THE_ROOM),
    messages.RecordAct: (CONDUCTS, IN_THE_ROOM),
    messages.PressCard: (CONDUCTS, IN_THE_ROOM),
    messages.CompareFingerprints: (CONDUCTS | {R.technician}, IN_THE_ROOM),
    messages.Hold: (CONDUCTS | {R.interpreter}, IN_THE_ROOM),
    messages.Resume: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.BreakOff: (frozenset({R.presiding_judge}), IN_THE_ROOM),
    messages.Close: (frozenset({R.presiding_judge}), IN_THE_ROOM),
}
"""By command: whose it is, as far as the role decides, and from which places. Written down here once more."""


def commands(court: Court) -> list[messages.Command]:
    """One of each, about somebody of the hearing."""
    other = court.ids[R.interpreter]
    fields: dict[type[messages.Command], dict[str, Any]] = {
        messages.Ready: {"notice": True, "camera": True, "microphone": True, "speaker": True},
        messages.Microphone: {"on": True},
        messages.Camera: {"on": True},
        messages.RaiseHand: {"up": True},
        messages.AskHelp: {"up": True},
        messages.AnswerHelp: {"participant": other},
        messages.AskBreak: {"up": True},
        messages.OrderBreak: {"purpose": "rest", "minutes": 10},
        messages.RefuseBreak: {"participant": other},
        messages.RaiseObjection: {"kind": "objection", "ground": "leading"},
        messages.WithdrawObjection: {"entry": 1},
        messages.RuleObjection: {"entry": 1, "ruling": "upheld", "text": "It leads."},
        messages.WriteToCourt: {"text": "A word"},
        messages.AnswerMessage: {"entry": 1, "text": "Yes"},
        messages.ProposeUnrecorded: {"reason": "The witness leaves the country tonight."},
        messages.CloseSession: {"out": [], "reason": "A child is heard."},
        messages.BreakdownStep: {"participant": other, "step": "adjourn"},
        messages.Hear: {"lang": "th"},
        messages.Original: {"percent": 20},
        messages.Render: {"lang": "th"},
        messages.Pin: {"whom": other},
        messages.SetFloorMode: {"mode": "by_turn"},
        messages.GiveFloor: {"participant": other},
        messages.LineUp: {"participant": other, "up": True},
        messages.NotePartner: {"text": "usucapio"},
        messages.Signal: {"what": "slower"},
        messages.NoteCompanion: {"participant": other, "here": True},
        messages.ConfirmIdentity: {"participant": other, "method": "database"},
        messages.Admit: {"participant": other},
        messages.ReturnToLobby: {"participant": other},
        messages.Remove: {"participant": other, "reason": "Not sworn"},
        messages.Mute: {"participant": other},
        messages.SoundCheck: {"participant": other},
        messages.ConfirmCondition: {"kind": "counsel_present"},
        messages.RecordAct: {"kind": "log_note", "fields": {"text": "The court sits."}},
        messages.PressCard: {"card": "identity", "law": "TH", "button": "counsel", "whom": court.ids[R.witness]},
        messages.CompareFingerprints: {"matched": True, "certificate": CERTIFICATE},
        messages.Hold: {"reason": "Nobody hears me"},
        messages.Resume: {"reason": "Go on"},
        messages.BreakOff: {"reason": "Nobody comes"},
    }
    return [kind(id=kind.__name__, **fields.get(kind, {})) for kind in COMMANDS]


Order = Callable[[Act, Any], Awaitable[Any]]
ORDERS: dict[type[messages.Command], Order] = {
    messages.SoundCheck: lambda act, command: sound_checks.begin_sound_check(
        act.db, sitting=act.sitting, participant=act.me, actor=act.actor, now=act.now
    ),
    messages.Start: lambda act, command: sittings.start(act.db, sitting=act.sitting, actor=act.actor, now=act.now),
    messages.Close: lambda act, command: sittings.close(act.db, sitting=act.sitting, actor=act.actor, now=act.now),
    messages.BreakOff: lambda act, command: sittings.abort(
        act.db, sitting=act.sitting, reason=command.reason, actor=act.actor, now=act.now
    ),
    messages.Resume: lambda act, command: sittings.resume(
        act.db, sitting=act.sitting, reason=command.reason, actor=act.actor, now=act.now
    ),
    messages.EndClosedSession: lambda act, command: closed_sessions.end(
        act.db, sitting=act.sitting, actor=act.actor, now=act.now
    ),
}
"""Those that the recorder's side carries out: what `hearings` decides of them."""


@pytest.fixture
async def database(sqlite_server: Sqlite) -> AsyncIterator[Database]:
    """Of a hearing whose roll is called, everybody in the room."""
    with sqlite_server.at(STAGES["assembled"]) as url:
        found = Database(url)
        yield found
        await found.close()


def test_every_command_has_its_place() -> None:
    assert set(MAY) == set(COMMANDS) == set(acts.ACTS)
    assert set(ORDERS) == {kind for kind, row in acts.ACTS.items() if row.does is None}


NOT_HERE = ("You are not in the room", "You have no seat in this hearing now")


async def outcome(
    db: AsyncSession, court: Court, command: messages.Command, role: Role, place: PresenceStatus
) -> tuple[str, str]:
    """Code and text of the refusal of a command, both empty when it is carried out; what it changed is taken back."""
    taken_back = await db.begin_nested()
    try:
        sitting, _ = await court.sitting(db)
        if isinstance(command, messages.Resume):
            await sittings.hold(db, sitting=sitting, reason="A break", actor=SYSTEM, now=NOW, cause=HoldCause.order)
        me = await queries.get(db, Participant, court.ids.get(role, court.ids[R.witness]))
        values = {"presence": place, "role": role} | ({} if role in court.ids else {"number": 7})
        await db.exec(update(Participant).where(col(Participant.id) == me.id).values(**values))
        me = await queries.get(db, Participant, me.id)
        act = Act(db, court.hearing, sitting, me, participant_actor(me), NOW)
        await (ORDERS.get(type(command)) or acts.ACTS[type(command)].carry_out)(act, command)
    except HearingsError as error:
        return error.code, error.text
    finally:
        await taken_back.rollback()
        db.expire_all()
    return "", ""


@pytest.mark.parametrize("place", PresenceStatus)
async def test_a_command_is_for_its_roles_and_from_its_places(database: Database, place: PresenceStatus) -> None:
    """Every command by every role: refused by anybody else and from anywhere else, and for that reason; otherwise
    carried out, or refused for what it lacks."""
    court = await Court.load(database)
    await court.has_certificate()
    wrong = []
    async with database.trial() as db:
        for role, command in itertools.product(Role, commands(court)):
            roles, places = MAY[type(command)]
            code, text = await outcome(db, court, command, role, place)
            elsewhere = text in NOT_HERE or (
                code == "illegal_move" and type(command) in (messages.Ready, messages.Leave)
            )
            right = elsewhere if role in roles and place not in places else code != "not_allowed" and not elsewhere
            if not (right if role in roles else code in ("not_allowed", "not_ready")):
                wrong.append((type(command).__name__, role.value, code, text))
    assert wrong == []


async def test_no_command_of_another_person_ever_switches_a_microphone_on(database: Database) -> None:
    """Every command, by every role, about everybody: whoever was silent before, but for who acts, is silent after."""
    court = await Court.load(database)
    await court.has_certificate()
    opened: list[tuple[str, str]] = []
    done: set[str] = set()
    async with database.trial() as db:
        everybody = [row.id for row in await queries.participants(db, court.hearing.id)]
        for role, command in itertools.product(Role, commands(court)):
            abouts = everybody if "participant" in command.__struct_fields__ else [""]
            for about in abouts:
                order = msgspec.structs.replace(command, participant=about) if about else command
                taken_back = await db.begin_nested()
                try:
                    seat = court.ids.get(role, court.ids[R.witness])
                    silent = update(Participant).where(col(Participant.hearing_id) == court.hearing.id)
                    await db.exec(silent.values(microphone=False, muted_by_court=False, presence=P.present))
                    values = {"role": role} | ({} if role in court.ids else {"number": 7})
                    await db.exec(update(Participant).where(col(Participant.id) == seat).values(**values))
                    db.expire_all()
                    me = await queries.get(db, Participant, seat)
                    sitting, _ = await court.sitting(db)
                    act = Act(db, court.hearing, sitting, me, participant_actor(me), NOW)
                    await (ORDERS.get(type(order)) or acts.ACTS[type(order)].carry_out)(act, order)
                    done.add(type(order).__name__)
                    await db.flush()
                    loud = [row.id for row in await queries.participants(db, court.hearing.id) if row.microphone]
                    opened += [(type(order).__name__, other) for other in loud if other != seat]
                except HearingsError:
                    pass
                finally:
                    await taken_back.rollback()
                    db.expire_all()
    assert opened == []
    assert done >= {"Microphone", "Mute", "ReturnToLobby", "Remove", "Hold", "WriteToCourt", "RaiseObjection"}


# --- a row more --------------------------------------------------------------------------------------------------


class Whistle(messages.Command):
    """A command that only this test knows."""

    participant: str


async def test_an_act_added_to_the_table_is_carried_out_announced_and_offered(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, Role | None]] = []

    async def whistle(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
        require("confirm_identity", actor, target_state=participant.state)
        done.append((participant.id, actor.role))

    row = acts.RoomAct(whistle, "participant", "confirm_identity", "muted", dismisses="removed")
    kept = {kind: one for kind, one in acts.ACTS.items() if one.right != "confirm_identity"}
    monkeypatch.setattr(view, "ACTS", kept)
    assert "confirm_identity" not in view.page_actions()
    monkeypatch.setattr(view, "ACTS", kept | {Whistle: row})
    assert "confirm_identity" in view.page_actions()
    table: dict[Any, acts.RoomAct] = acts.ACTS
    monkeypatch.setitem(table, Whistle, row)
    async with conducted(database, tmp_path) as web:
        witness = web.court.ids[R.witness]
        told: list[tuple[str, bool]] = []
        ended: list[tuple[str, str]] = []
        monkeypatch.setattr(
            web.conductor.room, "notify", lambda code, *, assertive, only: told.append((code, only is None))
        )
        monkeypatch.setattr(web.conductor.room, "dismiss", lambda who, why: ended.append((who, why)))
        for role, ok in ((R.requested_authority, True), (R.clerk, False)):
            login = await web.login(role)
            page = Connection(cast(WebSocket, Wire()), web.court.ids[role], login.id, "en", Answers())
            await web.conductor._obey(page, Whistle(id=role.value, participant=witness))
            answer = page.answers[role.value]
            assert answer is not None
            assert (answer.ok, answer.code) == (ok, "" if ok else "not_allowed")
        assert done == [(witness, R.requested_authority)]
        assert (told, ended) == ([("muted", False)], [(witness, "removed")])


# --- a login that has ended --------------------------------------------------------------------------------------


async def set_row(db: AsyncSession, table: type[Any], row_id: str, **values: Any) -> None:
    """As somebody who changes the rows themselves."""
    await db.exec(update(table).where(table.id == row_id).values(**values))


async def note(db: AsyncSession, login: Login, why: E) -> None:
    await logins.end_login(db, login_id=login.id, now=NOW, why=why)


NOTED = {why: partial(note, why=why) for why in E}
"""Each way a login ends, as `hearings` notes it."""
FOUND: dict[str, Any] = {
    "too old": lambda db, login: set_row(db, Login, login.id, expires_at=datetime.now(UTC)),
    "no longer active": lambda db, login: set_row(db, Person, login.person_id, active=False),
    "removed from the seat": None,
}
"""Those that are found in the rows, though nobody has noted them."""


@pytest.mark.parametrize("end", [*NOTED, *FOUND])
async def test_no_command_is_obeyed_of_a_login_that_has_ended(
    database: Database, tmp_path: Path, everything: Any, end: str
) -> None:
    """Nobody has told the room: it asks the rows."""
    async with conducted(database, tmp_path) as web:
        login, seat = await web.login(R.presiding_judge), web.court.ids[R.presiding_judge]
        way = NOTED.get(end) or FOUND[end]  # type: ignore[call-overload]
        async with database.transaction() as db:
            if end == "removed from the seat":
                await set_row(db, Participant, seat, presence=PresenceStatus.removed)
            else:
                await way(db, login)
        before = await everything(database)
        for command in commands(web.court):
            page = Connection(cast(WebSocket, Wire()), seat, login.id, "en", Answers())
            await web.conductor._obey(page, command)
            async with asyncio.timeout(30):
                while (answer := page.answers[command.id]) is None:  # noqa: ASYNC110 some are carried out beside
                    await asyncio.sleep(0.005)
            assert (answer.ok, answer.code) == (False, "login_ended"), command
        assert await everything(database) == before


async def test_nobody_acts_from_somebody_elses_seat(database: Database, tmp_path: Path, everything: Any) -> None:
    async with conducted(database, tmp_path) as web:
        login = await web.login(R.witness)
        before = await everything(database)
        for command in commands(web.court):
            page = Connection(cast(WebSocket, Wire()), web.court.ids[R.presiding_judge], login.id, "en", Answers())
            await web.conductor._obey(page, command)
            async with asyncio.timeout(30):
                while (answer := page.answers[command.id]) is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            assert (answer.ok, answer.code) == (False, "not_found"), command
        assert await everything(database) == before
