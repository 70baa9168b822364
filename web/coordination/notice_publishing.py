"""Publishing a notice, and the mails to those who follow the notices of its State."""

from datetime import datetime
from typing import cast

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings.actors import Actor
from hearings.coordination import state_notices
from hearings.coordination.state_notices import NoticeContent
from hearings.models import Facilitator, StateNotice
from hearings.outward import administrators
from web.parts import Parts
from web.words import sentences
from web.words.i18n import N_

PUBLISHED = N_("A notice of a State that you follow has been published")


async def publish(
    db: AsyncSession,
    request: Request,
    *,
    content: NoticeContent,
    facilitator: Facilitator | None = None,
    actor: Actor,
    now: datetime,
) -> StateNotice:
    """Publish a notice, of the own State or by a facilitator for another, and mail it. Raises and effects: as
    `state_notices.publish` or `publish_for`, and a message in the outbox for each subscriber but the publisher, without
    the text of the notice."""
    if facilitator is None:
        notice = await state_notices.publish(db, content=content, actor=actor, now=now)
    else:
        notice = await state_notices.publish_for(db, facilitator=facilitator, content=content, actor=actor, now=now)
    readers = [person for person in await state_notices.subscribers(db, notice.owner_state) if person.id != actor.id]
    parts = cast(Parts, request.app.state.parts)
    await administrators.mail(
        db,
        to=readers,
        text=PUBLISHED,
        path=f"/notices/{notice.id}",
        key=f"state_notice:{notice.id}",
        origin=parts.settings.origin,
        say=sentences.say,
        now=now,
    )
    return notice
