"""Recorded acts of a hearing: a court's own system enters them into the log while a sitting is open, and reads them.

A client of the requesting State acts as the hearing's clerk, one of the requested State as its authority.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from hearings import queries
from hearings.actors import Actor
from hearings.models import Hearing, HearingEvent, HearingRequest
from hearings.roles import Role
from hearings.sitting import recorded_acts
from hearings.sitting.recorded_acts import KINDS, LONGEST
from web.api import paging
from web.api.access import Caller, parts_of
from web.api.fields import Model, Moment, Shown, StateCode
from web.api.routes import Resource
from web.hearing.api import Ref
from web.words import recorded_acts as recorded_words
from web.words.recorded_acts import NameRules as People

router = Resource("recorded acts")

Number = Annotated[int, Field(ge=1, lt=2**31)]
Id = Annotated[str, Field(max_length=40)]
_BY_HAND = {kind: one for kind, one in KINDS.items() if not one.by_card}
_CHOICES = {name: field.choices for one in _BY_HAND.values() for name, field in one.fields.items() if field.choices}
_CHOICES["kind"] = tuple(kind.value for kind in _BY_HAND)


def _choice(name: str) -> Any:
    return Literal[_CHOICES[name]]


class NewAct(Model):
    """An act: its kind, and the fields that docs/live.md names for it. Unknown and missing fields are refused."""

    kind: _choice("kind")  # type: ignore[valid-type]
    participant: Id | None = Field(default=None, description="Id of whom it is about; must be in the room.")
    by: Id | None = Field(default=None, description="Id of who administered, explained, decided or showed.")
    law: StateCode | None = Field(default=None, description="Whose law: one of the two States of the hearing.")
    language: str | None = Field(default=None, max_length=35, description="BCP 47 tag.")
    form: _choice("form") | None = None  # type: ignore[valid-type]
    outcome: _choice("outcome") | None = None  # type: ignore[valid-type]
    what: _choice("what") | None = None  # type: ignore[valid-type]
    ruling: _choice("ruling") | None = None  # type: ignore[valid-type]
    on: Number | None = Field(default=None, description="Number of the objection or claim that is ruled on.")
    exhibit: Id | None = Field(default=None, description="Id of a file of the request, of kind `exhibit`.")
    text: str | None = Field(default=None, max_length=LONGEST)
    corrects: Number | None = Field(default=None, description="Number of the entry it takes the place of.")

    def values(self) -> dict[str, str]:
        """The fields as `hearings.sitting.recorded_acts` takes them."""
        told = self.model_dump(exclude={"kind", "corrects"}, exclude_none=True)
        return {name: str(value) for name, value in told.items()}


class ShownExhibit(Shown):
    """A file that was shown, identified by its SHA-256."""

    id: str
    name: str
    sha256: str


class ShownCardText(Shown):
    """A text of a script card as it was shown. `approved`: by an authority of the State; otherwise a draft that the
    presiding judge took over."""

    language: str
    approved: bool
    approved_by: str
    sha256: str


class ShownCard(Shown):
    """The script card whose press made the entry. `texts`: the reader's, then the person's; none if it was not read."""

    id: str
    version: int | None
    texts: list[ShownCardText]


class ShownAct(Shown):
    """An entry. Its text names nobody whose identity is protected. `corrected_by`: the entry that replaces it."""

    hearing: str
    number: int
    kind: str
    at: Moment
    role: str
    sitting: str
    recording: str | None
    timecode_ms: int | None
    participant: str | None
    by: str | None
    law: str | None
    language: str | None
    form: str | None
    outcome: str | None
    what: str | None
    ruling: str | None
    on: int | None
    exhibit: ShownExhibit | None
    answer: str | None
    interpreter: str | None
    card: ShownCard | None
    text: str | None
    corrects: int | None
    corrected_by: int | None


_OWN = (
    *("sitting", "recording", "timecode_ms", "participant", "by", "law", "language"),
    *("form", "outcome", "what", "ruling", "on", "answer", "interpreter", "corrects"),
)


def _card_answer(card: Mapping[str, Any] | None) -> ShownCard | None:
    if card is None:
        return None
    texts = [ShownCardText(**{name: text[name] for name in ShownCardText.model_fields}) for text in card["texts"]]
    return ShownCard(id=card["id"], version=card.get("version"), texts=texts)


def _act_answer(row: HearingEvent, hearing: Hearing, people: People, gone: Mapping[int, int]) -> ShownAct:
    exhibit, text = row.data.get("exhibit"), row.data.get("text")
    return ShownAct(
        hearing=hearing.ref,
        number=row.seq,
        kind=row.kind,
        at=row.at,
        role=row.actor_role,
        exhibit=ShownExhibit(**(exhibit | {"name": people.quoted(exhibit["name"])})) if exhibit else None,
        card=_card_answer(row.data.get("card")),
        text=people.quoted(text) if text else None,
        corrected_by=gone.get(row.seq),
        **{name: row.data.get(name) for name in _OWN},
    )


class ActList(Shown):
    """A page of the recorded acts of a hearing, oldest first; corrected and withdrawn ones are included."""

    items: list[ShownAct]
    next: str


def actor_in(caller: Caller, hearing: Hearing) -> Actor:
    """The client, in the role that it has in a hearing."""
    asks = caller.state == hearing.requesting_state
    return replace(caller.actor, role=Role.clerk if asks else Role.requested_authority)


async def people_of(caller: Caller, hearing: Hearing) -> People:
    """How the people of a hearing are named in what was said and entered."""
    request = await queries.get(caller.db, HearingRequest, hearing.request_id)
    return recorded_words.name_rules(await queries.participants(caller.db, hearing.id), request.person_name)


@router.create("/hearings/{ref}/acts", scope="minutes:write", errors=(404, 409), gives={"ref": "hearing"})
async def record_act(caller: Caller, ref: Ref, body: NewAct) -> ShownAct:
    """Record an act while a sitting is open; those in the live room see it at once. An entry is never changed."""
    # Not locked here: `record` locks the sitting and then the hearing, as everybody does who acts in a sitting.
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    row = await recorded_acts.record(
        caller.db,
        hearing=hearing,
        kind=body.kind,
        values=body.values(),
        corrects=body.corrects,
        actor=actor_in(caller, hearing),
        now=caller.now,
    )
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        caller.after.append(lambda: parts.conductors.touch(hearing.id))
    return _act_answer(row, hearing, await people_of(caller, hearing), {})


@router.read("/hearings/{ref}/acts", scope="minutes:read", errors=(404,), paged=True)
async def list_acts(caller: Caller, ref: Ref, after: paging.After = "", limit: paging.Limit = 50) -> ActList:
    """What has been recorded of a hearing: oaths, notices, objections, rulings, exhibits shown, notes."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    found, gone = await recorded_acts.page_of_hearing(caller.db, hearing.id, after=after, limit=limit)
    people = await people_of(caller, hearing)
    items = [_act_answer(row, hearing, people, gone) for row in found.rows]
    return ActList(items=items, next=paging.link(caller, found.after))
