"""The demonstration's answers to the rights checklist: what no row of an invented case can show."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.models import Hearing
from hearings.models.rights import RightAnswerKind
from hearings.rights import answers

BY_CLERK: Mapping[str, str] = {
    "r03_parties_heard": "Demonstration: prosecution and defence were heard on the hearing by video, and agree to it.",
}
BY_AUTHORITY: Mapping[str, str] = {
    "r07_summons": "Demonstration: summoned in Thai, three weeks before.",
    "r10_private_line": "Demonstration: counsel and client tried the telephone of the room, alone.",
    "r21_room": "Demonstration: the camera has shown the whole room, and nobody else is in it.",
}
"""Items answered "kept", and why; one that does not count for the case does no harm."""


async def answer(db: AsyncSession, *, hearing: Hearing, clerk: Actor, authority: Actor, now: datetime) -> None:
    """Answer what each State's staff answers before a hearing. Effects: those of `answers.answer`."""
    for actor, items in ((clerk, BY_CLERK), (authority, BY_AUTHORITY)):
        for item, reason in items.items():
            kept = RightAnswerKind.kept
            await answers.answer(db, hearing=hearing, item=item, kind=kept, reason=reason, actor=actor, now=now)
