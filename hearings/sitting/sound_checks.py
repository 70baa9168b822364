"""Sound checks: proof before the start that what the recorder stores can be heard and seen.

Each required track is recorded to a throw-away key, read back, decoded and forgotten (by the recorder); this
module has the tracks required, the results, and which of them allow the start.
"""

from collections.abc import Collection
from datetime import datetime
from itertools import islice

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import room_rules
from hearings.errors import Invalid, NotReady
from hearings.events import EventKind, record
from hearings.hearing import floor
from hearings.hearing.participants import NOT_IN_ROOM, require_essentials
from hearings.hearing.seats import ONLY_INTERPRETERS
from hearings.languages import signed
from hearings.models import Hearing, Participant, Sitting, SoundCheck
from hearings.models.sitting import CheckStatus
from hearings.moves import move
from hearings.permissions import require
from hearings.queries import get, participants, sound_checks
from hearings.roles import HEARD, Role
from hearings.sentences import tell
from hearings.status import PresenceStatus, SittingStatus

LINE_ANEW = "line_made_anew"
"""Reason in the log for a check that no longer counts."""


async def pre_record(db: AsyncSession, *, sitting: Sitting, actor: Actor, now: datetime) -> list[SoundCheck]:
    """Begin the sound checks after the roll call. Repeated, it only adds checks of newcomers.

    Raises `EssentialMissing`. Effects: sitting to pre_record, adds the checks that are required, event.
    """
    require("sound_check", actor)
    if sitting.status is not SittingStatus.pre_record:
        await require_essentials(db, sitting)
        move(db, sitting, SittingStatus.pre_record, actor=actor, now=now)
        await record(db, hearing=sitting.hearing_id, kind=EventKind.pre_record, actor=actor, now=now)
    return await ensure_checks(db, sitting)


async def begin_sound_check(
    db: AsyncSession, *, sitting: Sitting, participant: Participant, lang: str = "", actor: Actor, now: datetime
) -> SoundCheck:
    """Check what the recorder stores of one person, or of one language channel an interpreter speaks into.

    Takes the sitting from the roll call to pre_record by itself. Effects: as `pre_record`; the check is running.
    """
    checks = await pre_record(db, sitting=sitting, actor=actor, now=now)
    if participant.hearing_id != sitting.hearing_id or participant.presence is not PresenceStatus.present:
        raise NotReady(tell(NOT_IN_ROOM), [participant.id])
    if not floor.has_voice(participant.role):
        raise NotReady(tell("This person does not speak in the hearing"), [participant.id])
    rules = await room_rules.of_sitting(db, sitting)
    if not (rules.records_channels if lang else rules.records(participant.role, "mic")):
        raise NotReady(tell("By the conditions of this hearing, this voice is not recorded"), [participant.id])
    if lang and participant.role is not Role.interpreter:
        raise Invalid(tell(ONLY_INTERPRETERS), "lang")
    check = next((c for c in checks if (c.participant_id, c.lang) == (participant.id, lang)), None)
    if check is None and lang:
        # Another interpreter than the one first asked may show that the channel is recorded.
        check = next((c for c in checks if c.lang == lang), None)
        if check is not None:
            check.participant_id = participant.id
    if check is None:
        check = SoundCheck(
            owner_state=sitting.owner_state,
            sitting_id=sitting.id,
            participant_id=participant.id,
            lang=lang,
            required=False,
        )
    check.status, check.at = CheckStatus.running, now
    check.audio_ok = check.level = check.picture = None
    check.text = ""
    db.add(check)
    await db.flush()
    return check


async def record_sound_check(
    db: AsyncSession,
    *,
    sitting: Sitting,
    participant_id: str,
    lang: str,
    audio_ok: bool,
    picture: bool,
    level: int | None,
    text: str,
    now: datetime,
) -> SoundCheck:
    """Record what the recorder read back. Passed: sound, and a picture unless it is a channel or none is recorded.

    The result does not count if the person's line was made anew meanwhile (`line_made_anew`).
    Effects: sets the outcome, event sound_check.
    """
    check = next(
        (c for c in await sound_checks(db, sitting.id) if (c.participant_id, c.lang) == (participant_id, lang)), None
    )
    if check is None:
        raise NotReady(tell("This sound check was not started"))
    anew = check.text == LINE_ANEW
    check.audio_ok, check.picture, check.level, check.text, check.at = audio_ok, picture, level, text[:500], now
    if anew:
        return await _void(db, sitting, check, now)
    who = await get(db, Participant, participant_id)
    seen = picture or lang or not (await room_rules.of_sitting(db, sitting)).records(who.role, "cam")
    check.status = CheckStatus.passed if audio_ok and seen else CheckStatus.failed
    db.add(check)
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.sound_check,
        actor=SYSTEM,
        now=now,
        participant=participant_id,
        lang=lang,
        status=check.status.value,
        level=level,
        picture=picture,
    )
    return check


async def line_made_anew(
    db: AsyncSession, *, sitting: Sitting, participant_id: str = "", now: datetime
) -> list[SoundCheck]:
    """Void the checks of a person, or of everybody, whose media line was made anew before the start: they prove nothing
    of the new line. Returns the checks that no longer count; none once the sitting is in session.

    Effects for each: to be done again (one that is running, when it has ended), event sound_check.
    """
    if sitting.status is not SittingStatus.pre_record:
        return []
    gone: list[SoundCheck] = []
    for check in await sound_checks(db, sitting.id):
        if participant_id not in ("", check.participant_id):
            continue
        if check.status is CheckStatus.running:
            check.text = LINE_ANEW
            db.add(check)
        elif check.status is not CheckStatus.waiting:
            gone.append(await _void(db, sitting, check, now))
    return gone


async def _void(db: AsyncSession, sitting: Sitting, check: SoundCheck, now: datetime) -> SoundCheck:
    """Set a check back to be done again, with the reason. Effects: the check, event."""
    check.status, check.text, check.at = CheckStatus.waiting, LINE_ANEW, now
    check.audio_ok = check.level = check.picture = None
    db.add(check)
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.sound_check,
        actor=SYSTEM,
        now=now,
        participant=check.participant_id,
        lang=check.lang,
        status=check.status.value,
        why=LINE_ANEW,
    )
    return check


async def ensure_checks(db: AsyncSession, sitting: Sitting) -> list[SoundCheck]:
    """The checks a start needs: the presiding judge, the requested authority and the person heard if present, or at
    whose device that person sits, and every language channel, or in consecutive interpreting every interpreter, as far
    as they are recorded. Whose picture must not be
    missing: the person heard."""
    hearing = await get(db, Hearing, sitting.hearing_id)
    rules = await room_rules.of_hearing(db, hearing)
    checks = list(await sound_checks(db, sitting.id))
    present = [p for p in await participants(db, hearing.id) if p.presence is PresenceStatus.present]
    heard_at = {p.device_of_id or p.id for p in present if p.role in HEARD}
    wanted = [
        (p, "", p.id in heard_at and rules.records(p.role, "cam"))
        for p in present
        if (p.id in heard_at or p.role in {Role.presiding_judge, Role.requested_authority})
        and p.device_of_id is None
        and rules.records(p.role, "mic")
    ]
    if rules.consecutive and rules.records_channels:
        wanted += [(p, "", False) for p in present if p.role is Role.interpreter and p.device_of_id is None]
    if rules.channels and len(hearing.languages) > 1:
        booked = hearing.languages
        for lang in (tag for tag in booked if not signed(tag)):
            able = (p for p in present if p.role is Role.interpreter and lang in floor.renders_into(p, booked))
            wanted += [(interpreter, lang, False) for interpreter in islice(able, 1)]
    for participant, lang, camera_required in wanted:
        if lang and any(check.lang == lang for check in checks):
            continue
        if any((check.participant_id, check.lang) == (participant.id, lang) for check in checks):
            continue
        check = SoundCheck(
            owner_state=sitting.owner_state,
            sitting_id=sitting.id,
            participant_id=participant.id,
            lang=lang,
            camera_required=camera_required,
        )
        db.add(check)
        checks.append(check)
    await db.flush()
    return checks


def good_enough(check: SoundCheck, without_camera: Collection[str]) -> bool:
    """Whether a check passed, or lacks only a picture that is not required and that the judge has excused."""
    if check.status is CheckStatus.passed:
        return True
    excused = check.participant_id in without_camera and not check.camera_required
    return check.status is CheckStatus.failed and check.audio_ok is True and excused
