"""What can be decided about the keeping of a recording, by whom, and whom it is told: one table for page and API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import errors
from hearings.actors import Actor
from hearings.custody import keeping
from hearings.models import Hearing, KeepingDecision, Recording
from hearings.roles import StaffFunction
from hearings.sentences import tell
from web.custody.act_notices import HOLDERS, tell_own_state
from web.parts import Parts
from web.words import sentences
from web.words.i18n import N_

Decide = Callable[..., Awaitable[KeepingDecision]]


@dataclass(frozen=True)
class KeepingAct:
    """A decision of the form. `right`: of the permission table; `told`: the news for the other State."""

    right: str
    decide: Decide
    told: str
    argument: str = ""
    """What the word after the colon is to the function."""
    functions: tuple[StaffFunction, ...] = ()
    """Whom it is told; empty: those concerned with the case."""


ACTS: Mapping[str, KeepingAct] = {
    "retention": KeepingAct(
        "set_retention", keeping.set_retention, N_("The retention of a recording was changed"), "code"
    ),
    "hold": KeepingAct("hold_recording", keeping.place_hold, N_("A legal hold was placed on a recording")),
    "lift": KeepingAct("hold_recording", keeping.lift_hold, N_("A legal hold on a recording was lifted"), "hold"),
    "propose": KeepingAct(
        "destroy",
        keeping.propose_destruction,
        N_("The destruction of the keys of a recording was proposed: a legal hold would stop it"),
        functions=HOLDERS,
    ),
    "withdraw": KeepingAct(
        "destroy", keeping.withdraw_destruction, N_("The proposed destruction of keys of a recording was withdrawn")
    ),
    "decide": KeepingAct(
        "destroy", keeping.decide_destruction, N_("The keys of a recording will be destroyed"), functions=HOLDERS
    ),
}
"""What can be decided, by the word of the form."""


async def decide(
    db: AsyncSession,
    parts: Parts,
    recording: Recording,
    hearing: Hearing,
    *,
    word: str,
    given: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> KeepingDecision:
    """Take the decision `word` of `ACTS`; `given`: what it needs besides the reason. Raises `Invalid`, and as the
    functions of `hearings.custody.keeping`. Effects: theirs; a mail to the other State's staff, and to the own State's
    where a client of the API decides."""
    from hearings.outward import notices  # its calendars are slow to load, and this is rare

    if (wanted := ACTS.get(word)) is None:
        raise errors.Invalid(tell("Choose what is decided"), "act")
    more = {wanted.argument: given} if wanted.argument else {}
    row = await wanted.decide(db, recording=recording, hearing=hearing, reason=reason, **more, actor=actor, now=now)
    await db.flush()
    key = f"keeping:{row.id}"
    told: dict[str, Any] = {"text": wanted.told, "key": key, "useful": keeping.NOTICE}
    await tell_own_state(db, parts, hearing, **told, functions=HOLDERS, actor=actor, now=now)
    for state in dict.fromkeys((hearing.requesting_state, hearing.requested_state)):
        if state == actor.state:
            continue
        await notices.notify(
            db,
            subject=hearing,
            to=state,
            functions=wanted.functions,
            **told,
            origin=parts.settings.origin,
            say=sentences.say,
            now=now,
        )
    return row
