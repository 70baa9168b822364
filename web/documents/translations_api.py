"""Translations of a request: into which language, by whom or by a machine, read by whom, certified or not."""

from typing import Annotated

from pydantic import ConfigDict, Field

from hearings import queries
from hearings.models import Translation
from hearings.requests import translations
from web.api import examples
from web.api.access import Calling
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, EITHER, RequestId, locked

router = Resource("translations")

TRANSLATION = {
    "id": examples.ID,
    "state": "RO",
    "language": "th",
    "translator": "Dr Anong Srisai",
    "machine": False,
    "reviewer": "",
    "certified": True,
    "attachment_id": None,
    "added_at": examples.AT,
}


class ShownTranslation(Shown):
    """A translation; the text itself is a file of the request. `state`: the State that had it made."""

    id: str
    state: str
    language: str
    translator: str
    machine: bool
    reviewer: str
    certified: bool
    attachment_id: str | None
    added_at: Moment

    @classmethod
    def of(cls, row: Translation) -> "ShownTranslation":
        own = {name: getattr(row, name) for name in cls.model_fields if name != "state"}
        return cls(**own, state=row.owner_state)


class TranslationList(Shown):
    """The translations of a request, by language."""

    items: list[ShownTranslation]


class NewTranslation(Model):
    """A translation has a translator, or is a machine's; a machine certifies nothing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"language": "th", "translator": "Dr Anong Srisai", "certified": True}]}
    )

    language: Annotated[str, Field(min_length=2, max_length=35, description="BCP 47 tag.")]
    translator: str = Field(default="", max_length=200)
    machine: bool = False
    reviewer: str = Field(default="", max_length=200, description="Who has read a machine's translation.")
    certified: bool = False
    attachment_id: str = Field(
        default="", max_length=36, pattern="^[!-~]*$", description="The file it is, if it is attached."
    )


@router.act("/requests/{request_id}/translations", scope=EITHER, errors=ACT, example=TRANSLATION)
async def note_translation(caller: Calling, request_id: RequestId, body: NewTranslation) -> ShownTranslation:
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
    return ShownTranslation.of(found)


@router.read(
    "/requests/{request_id}/translations", scope="requests:read", example={"items": [TRANSLATION]}, errors=(404,)
)
async def list_translations(caller: Calling, request_id: RequestId) -> TranslationList:
    """The translations of a request, by language."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    return TranslationList(items=[ShownTranslation.of(one) for one in await translations.of_request(caller.db, row.id)])
