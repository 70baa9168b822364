"""Translations of a request: language, translator or machine, reviewer, certified or not."""

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
    """Record a translation, or correct the record of that into this language.

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
        raise Invalid(tell("Name the translator, or state that it is a machine translation"), "translator")
    if certified and machine and not reviewer:
        raise Invalid(tell("A machine translation is not certified: name the person who reviewed it"), "certified")
    file = (await attachments.of_id(db, request, attachment_id)).id if attachment_id else None
    query = select(Translation).where(Translation.request_id == request.id, Translation.language == tag)
    translation = (await db.exec(query)).first()
    if translation is None:
        translation = Translation(
            owner_state=actor.state or request.owner_state,
            request_id=request.id,
            language=tag,
            added_by="",
            added_at=now,
        )
    translation.translator, translation.machine = translator, machine
    translation.reviewer, translation.certified = reviewer, certified
    translation.attachment_id, translation.added_by, translation.added_at = file, actor.id, now
    request.version += 1
    db.add(translation)
    log(db, request, RequestAct.translation_added, actor=actor, now=now, language=tag, machine=machine)
    await db.flush()
    return translation


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Translation]:
    """The translations of a request, by language."""
    query = select(Translation).where(Translation.request_id == request_id).order_by(col(Translation.language))
    return (await db.exec(query)).all()
