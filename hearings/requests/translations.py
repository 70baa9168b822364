"""Translations of a request: language, translator or machine, reviewer, certified or not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed
from hearings.languages import language as checked
from hearings.models import HearingRequest, Translation
from hearings.models.request_parts import RequestAct
from hearings.requests import attachments
from hearings.requests.log import after_submission, log, require
from hearings.sentences import N_, tell
from hearings.texts import clean

ANOTHERS = N_("The other State has recorded the translation into this language: only that State corrects it")


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

    Effects: adds or changes it, version, a line in the request's log that keeps what was recorded, from which the
    evidence of its transmission is made. Raises `Invalid` naming the field: a translation has a translator or is a
    machine's, and a machine certifies nothing; `NotAllowed` where the translation is the other State's.
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
    file = await attachments.of_id(db, request, attachment_id) if attachment_id else None
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
    elif translation.owner_state != (actor.state or request.owner_state):
        raise NotAllowed(tell(ANOTHERS))
    translation.translator, translation.machine = translator, machine
    translation.reviewer, translation.certified = reviewer, certified
    translation.attachment_id, translation.added_by, translation.added_at = file.id if file else None, actor.id, now
    request.version += 1
    db.add(translation)
    said: dict[str, Any] = {
        "language": tag,
        "translator": translator,
        "machine": machine,
        "reviewer": reviewer,
        "certified": certified,
    }
    kept = {"id": file.id if file else "", "sha256": file.sha256 if file else ""}
    log(db, request, RequestAct.translation_added, actor=actor, now=now, **said, **kept)
    await db.flush()
    return translation


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Translation]:
    """The translations of a request, by language."""
    query = select(Translation).where(Translation.request_id == request_id).order_by(col(Translation.language))
    return (await db.exec(query)).all()
