"""Translations of a request: into which language, by whom or by a machine, read by whom, certified or not."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.languages import language as checked
from hearings.models import HearingRequest, Translation
from hearings.models.request_parts import RequestAct
from hearings.requests import attachments
from hearings.requests.log import after_submission, log, require
from hearings.sentences import tell
from hearings.texts import clean


async def put(
    db: AsyncSession,
    *,
    request: HearingRequest,
    language: str,
    translator: str = "",
    machine: bool = False,
    reviewer: str = "",
    certified: bool = False,
    attachment_id: str = "",
    actor: Actor,
    now: datetime,
) -> Translation:
    """Note a translation, or correct what is noted of the one into this language.

    Effects: adds or changes it, version, a line in the request's log. Raises `Invalid` naming the field: a
    translation has a translator or is a machine's, and a machine certifies nothing.
    """
    require("add_translation", request, actor)
    if actor.state != request.owner_state:
        after_submission(request)
    tag = checked(language)
    translator = clean(translator, "translator", most=200)
    reviewer = clean(reviewer, "reviewer", most=200)
    if not machine and not translator:
        raise Invalid(tell("Name the translator, or say that a machine translated"), "translator")
    if certified and machine and not reviewer:
        raise Invalid(tell("A machine certifies nothing: name who has read it"), "certified")
    file = (await attachments.of_id(db, request, attachment_id)).id if attachment_id else None
    query = select(Translation).where(Translation.request_id == request.id, Translation.language == tag)
    found = (await db.exec(query)).first()
    if found is None:
        found = Translation(
            owner_state=actor.state or request.owner_state,
            request_id=request.id,
            language=tag,
            added_by="",
            added_at=now,
        )
    found.translator, found.machine, found.reviewer, found.certified = translator, machine, reviewer, certified
    found.attachment_id, found.added_by, found.added_at = file, actor.id, now
    request.version += 1
    db.add(found)
    log(db, request, RequestAct.translation_added, actor=actor, now=now, language=tag, machine=machine)
    await db.flush()
    return found


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Translation]:
    """The translations of a request, by language."""
    query = select(Translation).where(Translation.request_id == request_id).order_by(col(Translation.language))
    return (await db.exec(query)).all()
