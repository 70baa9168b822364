"""Minutes of a hearing: drafted, reviewed, translated, read back, signed by both authorities; reservations; copies.

A client of the requesting State acts as the hearing's clerk, one of the requested State as its authority.
"""

from dataclasses import replace
from typing import Annotated

import rfc8785
from pydantic import Field
from starlette.responses import Response

from hearings import queries
from hearings.actors import Actor
from hearings.minutes import corrections, minutes as life, passages, printed, text as minutes_text
from hearings.models import Hearing, Minutes
from hearings.roles import Role
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from web.api import etags, files, paging, statements
from web.api.access import Caller
from web.api.fields import Nothing, SignedAct
from web.api.routes import Resource
from web.hearing.api import Ref, Why, other
from web.minutes import access as minutes_papers
from web.minutes.bodies import (
    Drafted,
    MinutesList,
    MinutesSummary,
    NewAnswer,
    NewReading,
    NewReservation,
    PassageList,
    Revision,
    ShownMinutes,
    ShownObstacle,
    ShownPassage,
    ShownReservation,
    heading,
    reading,
)
from web.server import printing
from web.signatures.signatures_api import SignatureList, signatures_about
from web.words import sentences

router = Resource("minutes")

Number = Annotated[int, Field(ge=1, lt=1_000_000, description="Number of the minutes in their hearing.")]
Key = Annotated[str, Field(pattern="^[!-~]{1,60}$", description="Key of the passage.")]
Reading = Annotated[int, Field(ge=1, lt=1_000_000, description="Number of the reading back.")]
ACT = (404, 409, 412)
GIVES = {"ref": "hearing", "minutes": "number", "key": "passages/0/key"}


def acting(caller: Caller, hearing: Hearing) -> Actor:
    """The client as an actor in the hearing: its clerk, or the requested authority."""
    asks = caller.state == hearing.requesting_state
    return replace(caller.actor, role=Role.clerk if asks else Role.requested_authority)


async def find_minutes(caller: Caller, ref: str, number: int) -> tuple[Hearing, Minutes]:
    """The hearing and its minutes by number. Raises `NotFound`. Effects: the hearing counts as looked at."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    return hearing, await life.current(caller.db, hearing, number)


async def _of(caller: Caller, row: Minutes, hearing: Hearing) -> ShownMinutes:
    await caller.db.flush()
    texts = await passages.latest(caller.db, row)
    asked = {one.reading.id: one for one in await corrections.of_minutes(caller.db, row)}
    return ShownMinutes.from_row(
        row,
        **heading(row, hearing),
        passages=[ShownPassage.from_row(text) for text in texts],
        obstacles=[ShownObstacle.from_row(obstacle) for obstacle in await life.obstacles(caller.db, row)],
        recordings=minutes_text.heads(await life.recordings(caller.db, row)),
        readings=[reading(one, asked.get(one.id)) for one in await life.readings(caller.db, row)],
        reservations=[ShownReservation.from_row(one) for one in await corrections.reservations_to(caller.db, row)],
        signed_by=sorted(await life.signed_by(caller.db, row)),
    )


async def _tagged(caller: Caller, row: Minutes, hearing: Hearing) -> ShownMinutes:
    return etags.tag(caller, await _of(caller, await life.current(caller.db, hearing, row.number), hearing))


async def lock_minutes(caller: Caller, ref: str, number: int) -> tuple[Hearing, Minutes]:
    """As `find_minutes`, locked; with `If-Match`, only as they were read. Raises `ApiError` otherwise."""
    hearing, row = await find_minutes(caller, ref, number)
    row = await queries.get(caller.db, Minutes, row.id, lock=True)
    if "if-match" in caller.request.headers:
        etags.allow(caller, await _of(caller, row, hearing))
    return hearing, row


# --- drafting and reading ----------------------------------------------------------------------------------------


@router.create("/hearings/{ref}/minutes", scope="minutes:write", errors=(404, 409), tagged=True, gives=GIVES)
async def draft_minutes(caller: Caller, ref: Ref, body: Nothing | None = None) -> ShownMinutes:
    """Draft minutes of the sittings that have none, from what was recorded."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    row = await life.begin(
        caller.db, hearing=hearing, say=sentences.say_whole, actor=acting(caller, hearing), now=caller.now
    )
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/minutes/{row.number}")
    return await _tagged(caller, row, hearing)


@router.read("/hearings/{ref}/minutes", scope="minutes:read", errors=(404,), gives={"minutes": "items/0/number"})
async def list_minutes(caller: Caller, ref: Ref) -> MinutesList:
    """The minutes of a hearing."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    found = await life.of_hearing(caller.db, hearing)
    return MinutesList(items=[MinutesSummary.from_row(row, **heading(row, hearing)) for row in found])


@router.read(
    "/hearings/{ref}/minutes/{minutes}",
    scope="minutes:read",
    errors=(404,),
    tagged=True,
    gives={"key": "passages/0/key", "reading": "readings/0/number"},
)
async def read_minutes(caller: Caller, ref: Ref, minutes: Number) -> ShownMinutes:
    """Read minutes: the newest version of every passage, and what prevents reading them back."""
    hearing, row = await find_minutes(caller, ref, minutes)
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/minutes/{minutes}/refresh", scope="minutes:write", errors=ACT)
async def refresh_minutes(caller: Caller, ref: Ref, minutes: Number, body: Nothing | None = None) -> Drafted:
    """Draft again from the present data. Passages that a person has changed are kept, and named in the answer."""
    hearing, row = await lock_minutes(caller, ref, minutes)
    found = await life.refresh(
        caller.db, minutes=row, say=sentences.say_whole, actor=acting(caller, hearing), now=caller.now
    )
    return Drafted(anew=list(found.anew), left=list(found.left))


@router.read("/hearings/{ref}/minutes/{minutes}/passages/{key}", scope="minutes:read", errors=(404,), paged=True)
async def list_passage_versions(
    caller: Caller, ref: Ref, minutes: Number, key: Key, after: paging.After = "", limit: paging.Limit = 100
) -> PassageList:
    """Every version of a passage: none is ever changed or removed."""
    _hearing, row = await find_minutes(caller, ref, minutes)
    page = await passages.page(caller.db, row, key, after=after, limit=limit)
    return PassageList(items=[ShownPassage.from_row(one) for one in page.rows], next=paging.link(caller, page.after))


@router.act("/hearings/{ref}/minutes/{minutes}/passages/{key}", scope="minutes:write", errors=ACT)
async def revise_passage(caller: Caller, ref: Ref, minutes: Number, key: Key, body: Revision) -> ShownPassage:
    """Write or translate a passage. A language that is not sent becomes stale when what it says was written anew.

    Answers 409 `stale` when somebody has changed the passage since the version that was read; 422 `would_be_lost` for a
    text that says something else and not how it came about, a translator of no translation, or a note with nothing
    changed; 422 `still_open` when it is `settled` while a language has no text, an old one, or says that it is open.
    """
    hearing, row = await lock_minutes(caller, ref, minutes)
    made = await passages.revise(
        caller.db,
        minutes=row,
        key=key,
        revision=body.revision,
        writings={lang: one.writing() for lang, one in body.writings.items()},
        settled=body.settled,
        note=body.note,
        actor=acting(caller, hearing),
        now=caller.now,
    )
    return ShownPassage.from_row(made)


# --- review, reading back, signatures ----------------------------------------------------------------------------


@router.act("/hearings/{ref}/minutes/{minutes}/submit", scope="minutes:write", errors=ACT, tagged=True)
async def submit_minutes(caller: Caller, ref: Ref, minutes: Number, body: Nothing | None = None) -> ShownMinutes:
    """Submit the draft for review. From then on it covers these sittings only."""
    hearing, row = await lock_minutes(caller, ref, minutes)
    await life.submit(caller.db, minutes=row, actor=acting(caller, hearing), now=caller.now)
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/minutes/{minutes}/send-back", scope="minutes:write", errors=ACT, tagged=True)
async def send_minutes_back(caller: Caller, ref: Ref, minutes: Number, body: Why) -> ShownMinutes:
    """Return the minutes from review to the draft, with a reason."""
    hearing, row = await lock_minutes(caller, ref, minutes)
    await life.send_back(caller.db, minutes=row, reason=body.reason, actor=acting(caller, hearing), now=caller.now)
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/minutes/{minutes}/read-back", scope="minutes:write", errors=ACT, tagged=True)
async def read_minutes_back(caller: Caller, ref: Ref, minutes: Number, body: NewReading) -> ShownMinutes:
    """Record that the text was read back. Without corrections it is fixed by its hash, which both authorities sign.

    Answers 409 `not_ready` with what is `missing` while there are obstacles: a text is missing or stale, something is
    open, in one language or all, or corrections asked for earlier are neither made nor answered.
    """
    hearing, row = await lock_minutes(caller, ref, minutes)
    await life.read_back(
        caller.db,
        minutes=row,
        read_by=body.read_by,
        languages=body.languages,
        heard_by=body.heard_by,
        corrections=body.corrections,
        actor=acting(caller, hearing),
        now=caller.now,
    )
    return await _tagged(caller, row, hearing)


@router.act(
    "/hearings/{ref}/minutes/{minutes}/readings/{reading}/answer", scope="minutes:write", errors=ACT, tagged=True
)
async def answer_correction(
    caller: Caller, ref: Ref, minutes: Number, reading: Reading, body: NewAnswer
) -> ShownMinutes:
    """Give the reason why corrections asked for at a reading back are not made. It is part of the text that is
    signed."""
    hearing, row = await lock_minutes(caller, ref, minutes)
    await corrections.answer(
        caller.db, minutes=row, reading=reading, text=body.text, actor=acting(caller, hearing), now=caller.now
    )
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/minutes/{minutes}/reopen", scope="minutes:write", errors=ACT, tagged=True)
async def reopen_minutes(caller: Caller, ref: Ref, minutes: Number, body: Why) -> ShownMinutes:
    """Open the text again before both have signed; signatures on the earlier text no longer count."""
    hearing, row = await lock_minutes(caller, ref, minutes)
    await life.reopen(caller.db, minutes=row, reason=body.reason, actor=acting(caller, hearing), now=caller.now)
    return await _tagged(caller, row, hearing)


@router.read("/hearings/{ref}/minutes/{minutes}/statement", scope="minutes:read", errors=(404,))
async def prepare_minutes_statement(caller: Caller, ref: Ref, minutes: Number) -> statements.Statement:
    """The statement an authority signs over the text and the heads of the recordings (`sign_minutes`)."""
    hearing, row = await find_minutes(caller, ref, minutes)
    return statements.Statement(
        **signatures.statement(
            state=caller.state,
            other=other(caller, hearing),
            act=Act.sign_minutes,
            about=minutes_text.about(hearing, row),
            body=minutes_text.body(row, await life.recordings(caller.db, row)),
            now=caller.now,
        )
    )


@router.act("/hearings/{ref}/minutes/{minutes}/sign", scope="minutes:write", body="signed", errors=ACT, tagged=True)
async def sign_minutes(caller: Caller, ref: Ref, minutes: Number, body: SignedAct) -> ShownMinutes:
    """Sign the text that was read back (`sign_minutes`; body `text_sha256`, `recordings`). With both, it is signed.

    Answers 409 `not_ready` with what is `missing` while there are obstacles all the same.
    """
    hearing, row = await lock_minutes(caller, ref, minutes)
    await life.sign(caller.db, minutes=row, jws=body.jws, actor=acting(caller, hearing), now=caller.now)
    return await _tagged(caller, row, hearing)


@router.read("/hearings/{ref}/minutes/{minutes}/signatures", scope="minutes:read", errors=(404,), paged=True)
async def list_minutes_signatures(
    caller: Caller, ref: Ref, minutes: Number, after: paging.After = "", limit: paging.Limit = 100
) -> SignatureList:
    """What both authorities have signed about these minutes, on an earlier text too."""
    _hearing, row = await find_minutes(caller, ref, minutes)
    return await signatures_about(caller, row, after, limit)


@router.act("/hearings/{ref}/minutes/{minutes}/reservations", scope="minutes:write", errors=ACT, tagged=True)
async def enter_reservation(caller: Caller, ref: Ref, minutes: Number, body: NewReservation) -> ShownMinutes:
    """Enter a reservation or a refusal to sign for the person who made it, also after the signing.

    The text of the minutes does not change.
    """
    hearing, row = await lock_minutes(caller, ref, minutes)
    await corrections.reserve(
        caller.db,
        minutes=row,
        made_by=body.made_by,
        role=body.role.value if body.role else "",
        lang=body.language,
        text=body.text,
        kind=body.kind,
        actor=acting(caller, hearing),
        now=caller.now,
    )
    return await _tagged(caller, row, hearing)


@router.act("/hearings/{ref}/minutes/{minutes}/acknowledge", scope="minutes:write", errors=ACT, tagged=True)
async def acknowledge_minutes(caller: Caller, ref: Ref, minutes: Number, body: Nothing | None = None) -> ShownMinutes:
    """Record that the requesting State has received the signed minutes. Repeating it changes nothing."""
    hearing, row = await lock_minutes(caller, ref, minutes)
    await life.acknowledge(caller.db, minutes=row, hearing=hearing, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row, hearing)


# --- copies ------------------------------------------------------------------------------------------------------


@router.read(
    "/hearings/{ref}/minutes/{minutes}/document.json",
    scope="minutes:read",
    errors=(404,),
    content={"application/json": {"schema": {"type": "object"}}},
)
async def download_minutes_json(caller: Caller, ref: Ref, minutes: Number) -> Response:
    """The minutes whole, as canonical JSON (RFC 8785) that can be checked without this program."""
    hearing, row = await find_minutes(caller, ref, minutes)
    whole = rfc8785.dumps(await minutes_papers.whole(caller.db, hearing, row))
    return files.download(whole, name=f"minutes-{hearing.ref}-{row.number}.json", media_type="application/json")


@router.read(
    "/hearings/{ref}/minutes/{minutes}/document.pdf",
    scope="minutes:read",
    waits=True,
    errors=(404,),
    **files.answers("application/pdf"),
)
async def download_minutes_pdf(caller: Caller, ref: Ref, minutes: Number) -> Response:
    """The minutes as PDF/A-2b in both languages, sealed by this installation; a draft says that it is one."""
    hearing, row = await find_minutes(caller, ref, minutes)
    data, seals = await printed.minutes(caller.db, hearing, row, say=sentences.say)
    made = await printing.sealed(caller.request, "minutes", data, lang=data["languages"][0], for_states=seals)
    return files.download(made, name=f"minutes-{hearing.ref}-{row.number}.pdf", media_type="application/pdf")
