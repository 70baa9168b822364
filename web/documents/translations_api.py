"""Translations of a request: into which language, by whom or by a machine, read by whom, certified or not."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.requests import translations
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, EITHER, RequestId, locked

router = Resource("translations")


class ShownTranslation(Shown):
    """A translation; the text itself is a file of the request. `state`: the State that had it made."""

    id: str
    state: Annotated[str, Column("owner_state")]
    language: str
    translator: str
    machine: bool
    reviewer: str
    certified: bool
    attachment_id: str | None
    added_at: Moment


class TranslationList(Shown):
    """The translations of a request, by language."""

    items: list[ShownTranslation]


class NewTranslation(Model):
    """A translation has a translator, or is a machine's; a machine certifies nothing."""

    language: Annotated[str, Field(min_length=2, max_length=35, description="BCP 47 tag.")]
    translator: str = Field(default="", max_length=200)
    machine: bool = False
    reviewer: str = Field(default="", max_length=200, description="Who has read a machine's translation.")
    certified: bool = False
    attachment_id: str = Field(
        default="", max_length=36, pattern="^[!-~]*$", description="The file it is, if it is attached."
    )


@router.act("/requests/{request_id}/translations", scope=EITHER, errors=ACT)
async def note_translation(caller: Caller, request_id: RequestId, body: NewTranslation) -> ShownTranslation:
    """Note a translation, or correct what is noted of the one into this language."""
    row = await locked(caller, request_id)
    found = await translations.put(
        caller.db,
        request=row,
        language=body.language,
        translator=body.translator,
        machine=body.machine,
        reviewer=body.reviewer,
        certified=body.certified,
        attachment_id=body.attachment_id,
        actor=caller.actor,
        now=caller.now,
    )
    caller.shown.append(row)
    return ShownTranslation.from_row(found)


@router.read("/requests/{request_id}/translations", scope="requests:read", errors=(404,))
async def list_translations(caller: Caller, request_id: RequestId) -> TranslationList:
    """The translations of a request, by language."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    return TranslationList(
        items=[ShownTranslation.from_row(one) for one in await translations.of_request(caller.db, row.id)]
    )
