"""The texts of script cards for the live room, as JSON: before a card is read, and as it was read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import errors, languages, queries
from hearings.law import scripts
from hearings.law.scripts import oath_forms, placeholders
from hearings.models import Hearing, Participant
from hearings.permissions import may, require_from
from hearings.sentences import tell
from hearings.sitting import cards
from hearings.sitting.cards import MOST_TYPED, CardProgress, CardRoom
from hearings.texts import clean
from web.server import view_log as shown
from web.server.sign_in import seat, signed_in
from web.words import refusals
from web.words.i18n import N_, _, day, language_here, state_name, state_word

GAPS: Mapping[str, str] = {
    "charge": N_("What the person is suspected or accused of"),
    "invoked": N_("By what the person swears"),
    "beside": N_("Who is with the child"),
    "last_heard": N_("The last thing everybody heard"),
    "means": N_("How the identity was checked"),
}
"""What whoever reads fills into a text."""


async def _room(db: AsyncSession, request: Request) -> tuple[Hearing, Participant, CardRoom]:
    """The hearing, the seat of whoever asks, and the room. Raises `NotFound` and `NotReady`."""
    hearing, me = await seat(db, signed_in(request), request.path_params["ref"])
    require_from("press_card", me.presence)
    sitting = await queries.open_sitting(db, hearing.id)
    if sitting is None:
        raise errors.NotFound
    return hearing, me, await cards.room_of(db, hearing, sitting)


async def sheet(request: Request) -> Response:
    """GET the texts of a card that is to be read, for who reads cards out: what would be read, and what it is."""
    asked = request.query_params
    async with request.app.state.parts.database.reading() as db:
        hearing, me, room = await _room(db, request)
        if not may("read_card", me.role).allowed:
            raise errors.NotFound
        shown.add(request, hearing)
        key = {name: asked.get(name, "") for name in ("card", "law", "whom")}
        now = datetime.now(UTC).date()
        try:
            one = cards.find(scripts.current(), room, **key)
            answer = _before(room, one, me, asked.get("by", ""), asked.get("typed", ""), now)
        except errors.HearingsError as error:
            answer = {"problem": refusals.words(error)}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def _before(room: CardRoom, one: CardProgress, me: Participant, by: str, typed: str, on: date) -> dict[str, Any]:
    readers = [person for role in one.card.read_by for person in room.here if person.role is role]
    able = {person.id: person for person in readers}
    reader = able.get(by) or able.get(me.id) or (readers[0] if readers else None)
    if reader is None:
        raise errors.NotReady(tell("Nobody who reads this card out is in the room"))
    typed = clean(typed, "typed", most=MOST_TYPED)
    found = cards.sheet_of(scripts.current(), room, one, by=reader, typed=typed, on=on)
    return {
        "by": reader.id,
        "readers": [(person.id, person.display_name) for person in readers],
        "texts": [_text(asdict(text), one.law, text.version) for text in found.texts],
        "gap": {"name": found.typed, "label": _(GAPS[found.typed])} if found.typed else None,
        "complete": not any(placeholders(text.text) for text in found.texts),
        "drafts": bool(found.drafts),
        "adopted": found.drafts <= cards.adopted(room),
        "hint": _hint(one),
    }


def _hint(one: CardProgress) -> str:
    """What is known of the form that the courts of the State use, in the data's own words."""
    known = oath_forms().get(one.law)
    if not one.card.form or known is None:
        return ""
    return _("{state}, not confirmed: {detail}").format(state=state_name(one.law), detail=known.detail)


def _text(text: Mapping[str, Any], law: str, version: int) -> dict[str, Any]:
    """One text as the page shows it: the words, what they are, and that a translation is missing."""
    if text["approved"]:
        on = day(date.fromisoformat(text["approved_on"]))
        status = _("Approved by {authority}, {day}").format(authority=text["approved_by"], day=on)
    else:
        status = _("Draft, not approved by {state:the}").format(state=state_word(law))
    same = languages.same(text["language"], text["wanted"])
    return {
        "language": text["language"],
        "direction": "rtl" if languages.right_to_left(text["language"]) else "ltr",
        "name": language_here(text["language"]),
        "version": version,
        "sha256": text["sha256"],
        "text": text["text"],
        "approved": text["approved"],
        "status": status,
        "missing": ""
        if same
        else _("There is no approved text in this language: {language}. The interpreter renders it.").format(
            language=language_here(text["wanted"])
        ),
    }


async def as_read(request: Request) -> Response:
    """GET the texts of a card as it was read: for who reads cards out, who interprets, and whom it was read to."""
    async with request.app.state.parts.database.reading() as db:
        hearing, me, room = await _room(db, request)
        event = next((entry for entry in room.entries if entry.seq == request.path_params["seq"]), None)
        card = (event.data.get("card") or {}) if event is not None else {}
        if event is None or not card.get("texts") or "text" not in card["texts"][0]:
            raise errors.NotFound
        whom = str(event.data.get("participant", ""))
        if not (whom in ("", me.id) or any(may(action, me.role).allowed for action in ("read_card", "render_card"))):
            raise errors.NotFound
        shown.add(request, hearing)
    texts: Sequence[Mapping[str, Any]] = card["texts"]
    answer = {"texts": [_text(text, event.data["law"], card["version"]) for text in texts]}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


routes = [
    Route("/h/{ref}/cards", sheet),
    Route("/h/{ref}/cards/{seq:int}", as_read),
]
