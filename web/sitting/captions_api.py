"""Captions of a sitting: a court's own system feeds them, by speech recognition or from a stenographer's software.

A client of the requesting State acts as the hearing's clerk, one of the requested State as its authority.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from hearings import languages, queries
from hearings.interpreting import captions
from hearings.interpreting.captions import LONGEST, OLDEST, CaptionSource, NewCaption
from hearings.models import Hearing, HearingEvent
from web.api import paging
from web.api.access import Caller, parts_of
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource
from web.hearing.api import Ref
from web.sitting.acts_api import Id, Number, actor_in, people_of
from web.words.recorded_acts import NameRules

router = Resource("captions")


class CaptionToFeed(Model):
    """One caption: a line or two of what was just said."""

    language: str = Field(max_length=35, description="BCP 47 tag of the text; any written language.")
    text: str = Field(max_length=LONGEST)
    source: Literal["stenographer", "machine"] = Field(
        description="Who has written it: a person, or a program that recognises speech or translates. It is displayed."
    )
    participant: Id | None = Field(default=None, description="Id of whoever speaks.")
    seconds_ago: Annotated[int, Field(ge=0, le=OLDEST, description="Since it was said.")] = 0
    corrects: Number | None = Field(default=None, description="Number of the caption it takes the place of.")


class ShownCaption(Shown):
    """A caption. `number` is that of its entry in the log, `line` counts in its language and source. `closed`: said in
    a closed session. `corrected_by`: the caption that replaces it, if it is on the same page of a list."""

    hearing: str
    number: int
    line: int
    language: str
    source: str
    text: str
    participant: str | None
    spoken_at: Moment
    at: Moment
    recording: str | None
    timecode_ms: int | None
    closed: bool
    corrects: int | None
    corrected_by: int | None


class CaptionList(Shown):
    """A page of the captions of a hearing, oldest first; corrected ones are included."""

    items: list[ShownCaption]
    next: str


def _caption_answer(row: HearingEvent, hearing: Hearing, people: NameRules, gone: Mapping[int, int]) -> ShownCaption:
    data = row.data
    return ShownCaption(
        hearing=hearing.ref,
        number=row.seq,
        line=data["n"],
        language=data["lang"],
        source=data["source"],
        text=people.quoted(data["text"]),
        spoken_at=captions.spoken_at(row),
        at=row.at,
        closed=bool(data.get("closed")),
        corrected_by=gone.get(row.seq),
        **{name: data.get(name) for name in ("participant", "recording", "timecode_ms", "corrects")},
    )


@router.create("/hearings/{ref}/captions", scope="captions:write", errors=(404, 409), gives={"ref": "hearing"})
async def feed_caption(caller: Caller, ref: Ref, body: CaptionToFeed) -> ShownCaption:
    """Feed a caption while a sitting is in session: those in the room who may hear the floor see it at once. A caption
    is never changed: a correction is a new one. 429 `too_fast` for more than ten of one language and source in ten
    seconds."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    caption = NewCaption(
        lang=body.language,
        text=body.text,
        source=CaptionSource(body.source),
        participant=body.participant or "",
        seconds_ago=body.seconds_ago,
        corrects=body.corrects,
    )
    actor = actor_in(caller, hearing)
    row = await captions.feed(caller.db, hearing=hearing, caption=caption, actor=actor, now=caller.now)
    parts, number = parts_of(caller.request), row.seq
    if caller.database is parts.database:
        caller.after.append(lambda: parts.conductors.captioned(hearing.id, number))
    return _caption_answer(row, hearing, await people_of(caller, hearing), {})


@router.read("/hearings/{ref}/captions", scope="minutes:read|captions:write", errors=(404,), paged=True)
async def list_captions(
    caller: Caller,
    ref: Ref,
    language: Annotated[str, Field(max_length=35, description="Only those in this language.")] = "",
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> CaptionList:
    """The captions of a hearing, as they were fed."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    lang = languages.language(language) if language else ""
    found = await captions.of_hearing(caller.db, hearing.id, lang=lang, mark=after, limit=limit)
    people, gone = await people_of(caller, hearing), captions.replaced(found.rows)
    items = [_caption_answer(row, hearing, people, gone) for row in found.rows]
    return CaptionList(items=items, next=paging.link(caller, found.after))
