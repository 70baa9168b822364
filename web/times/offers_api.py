"""Times on the table: one to three offered, one accepted by signature or taken back unread; and the terms they make.

What is offered begins with a proposed hearing (`POST /hearings`) or a counter (`POST /hearings/{ref}/counter`).
"""

from typing import Annotated, Any

from pydantic import Field

from hearings import queries as rows
from hearings.hearing import agreed_terms as terms, hearing as diary, offers
from hearings.models import Hearing, Offer
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import OfferStatus
from hearings.times import queries as diary_queries
from web.api import etags, statements
from web.api.access import Caller
from web.api.fields import Model, Moment, Nothing, Shown, SignedAct
from web.api.routes import Resource
from web.hearing.api import Classes, Policy, Ref, ShownHearing, hearing_answer, locked, other

router = Resource("offers")

OfferId = Annotated[str, Field(max_length=40, description="Id of the offer.")]
ACT = (404, 409, 412)


class ShownOffer(Shown):
    """One time that is or was on the table. It can be taken back until the other State has read it (`read_at`)."""

    hearing: str
    id: str
    round: int
    number: int
    by_state: str
    status: OfferStatus
    starts_at: Moment
    ends_at: Moment
    wall_start: str
    wall_zone: str
    wall_fold: int
    tzdb_version: str
    read_at: Moment | None
    created_at: Moment
    signed: bool = Field(description="Whether the State that offers it has signed the terms it makes.")


def _offer(row: Offer, hearing: Hearing) -> ShownOffer:
    return ShownOffer.from_row(row, hearing=hearing.ref, signed=bool(row.signed_terms))


class OfferList(Shown):
    """Every offer of a hearing, in the order they were made."""

    items: list[ShownOffer]


class ShownTerms(Shown):
    """What both States sign, and who has these very terms: `signed_by` with a statement that is kept."""

    terms: dict[str, Any]
    terms_sha256: str
    agreed_by: list[str]
    signed_by: list[str]


class NewTerms(Model):
    """Another recording policy, other classes of participants, and why."""

    recording_policy: Policy | None = None
    participant_classes: Classes | None = None
    reason: str = Field(min_length=3, max_length=500)


async def _read(caller: Caller, hearing: Hearing) -> None:
    """The caller's State reads what is offered. Effects: `read_at` of the other State's offers, committed at once."""
    open_ = await diary_queries.offers_of(caller.db, hearing.id, open_only=True)
    if any(one.by_state != caller.state and one.read_at is None for one in open_):
        async with caller.database.transaction() as db:
            await offers.read_by(db, hearing=hearing, state=caller.state, now=caller.now)


@router.read("/hearings/{ref}/offers", scope="hearings:read", waits=True, errors=(404,), gives={"offer": "items/0/id"})
async def list_offers(caller: Caller, ref: Ref) -> OfferList:
    """Times offered for a hearing. Those of the other State count as read from now on: it cannot take them back."""
    row = await rows.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    await _read(caller, row)
    async with caller.database.reading() as db:
        return OfferList(items=[_offer(one, row) for one in await diary_queries.offers_of(db, row.id)])


@router.read("/hearings/{ref}/offers/{offer}/statement", scope="hearings:read", waits=True, errors=(404,))
async def prepare_offer_statement(caller: Caller, ref: Ref, offer: OfferId) -> statements.Statement:
    """The statement either authority signs for this offer: the terms as they are once it is accepted."""
    row = await rows.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    found = await diary_queries.offer(caller.db, offer, hearing=row)
    await _read(caller, row)
    body = terms.statement(row, await terms.terms_if(caller.db, row, found), found)
    return _statement(caller, row, body)


@router.act("/hearings/{ref}/offers/{offer}/accept", scope="hearings:write", body="signed", errors=ACT, tagged=True)
async def accept_offer(caller: Caller, ref: Ref, offer: OfferId, body: SignedAct) -> ShownHearing:
    """Accept one of the times, signed (`agree_hearing`) over the terms it makes; the other times fall.

    Where the State that offers it has signed it too, the hearing is agreed; else once it has (`POST …/terms/sign`).
    A signature over older terms is refused (409 `terms_changed`). Book what your own State needs afterwards.
    """
    row = await locked(caller, ref)
    found = await diary_queries.offer(caller.db, offer, hearing=row)
    expect = terms.statement(row, await terms.terms_if(caller.db, row, found), found)
    await _receive(caller, row, body, expect)
    await diary.agree(caller.db, hearing=row, offer=found, actor=caller.actor, now=caller.now)
    return await hearing_answer(caller, row)


@router.act(
    "/hearings/{ref}/offers/{offer}/sign",
    scope="hearings:write",
    body="signed",
    errors=ACT,
)
async def sign_offer(caller: Caller, ref: Ref, offer: OfferId, body: SignedAct) -> ShownOffer:
    """Sign a time your own State offers (`agree_hearing`), over the terms it makes: accepted, it is agreed at once.

    A change of the terms voids it.
    """
    row = await locked(caller, ref)
    found = await diary_queries.offer(caller.db, offer, hearing=row)
    expect = terms.statement(row, await terms.terms_if(caller.db, row, found), found)
    await _receive(caller, row, body, expect)
    await terms.sign_offer(caller.db, hearing=row, offer=found, actor=caller.actor, now=caller.now)
    caller.shown.append(row)
    return _offer(found, row)


@router.act("/hearings/{ref}/offers/{offer}/take-back", scope="slots:write", errors=ACT, tagged=True)
async def take_offer_back(caller: Caller, ref: Ref, offer: OfferId, body: Nothing | None = None) -> ShownHearing:
    """Take a time back that the other State has not read; the last one on the table stays."""
    row = await locked(caller, ref)
    found = await diary_queries.offer(caller.db, offer, hearing=row)
    await diary.take_back(caller.db, hearing=row, offer=found, actor=caller.actor, now=caller.now)
    return await hearing_answer(caller, row)


# --- terms -------------------------------------------------------------------------------------------------------


@router.read("/hearings/{ref}/terms", scope="hearings:read", errors=(404,), tagged=True)
async def read_terms(caller: Caller, ref: Ref) -> ShownTerms:
    """The terms as they stand: every day, courts, languages, recording policy, classes of participants,
    the person's capacity, and the rooms booked when the first State signed.
    """
    return await _shown_terms(caller, await rows.hearing(caller.db, ref, state=caller.state))


@router.read("/hearings/{ref}/terms/statement", scope="hearings:read", errors=(404,))
async def prepare_terms_statement(caller: Caller, ref: Ref) -> statements.Statement:
    """The statement for `POST /hearings/{ref}/terms/sign`: the terms as they stand."""
    row = await rows.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    return _statement(caller, row, terms.statement(row, await terms.terms_of(caller.db, row)))


@router.act("/hearings/{ref}/terms/sign", scope="hearings:write", body="signed", errors=ACT)
async def sign_terms(caller: Caller, ref: Ref, body: SignedAct) -> ShownTerms:
    """Sign the terms as they stand (`agree_hearing`), as the State whose offer the other has accepted: then both have
    signed, and the hearing is agreed. Of hearings agreed before both had to sign, whichever has not.
    """
    row = await rows.hearing(caller.db, ref, state=caller.state, lock=True)
    etags.allow(caller, await _shown_terms(caller, row))
    await _receive(caller, row, body, terms.statement(row, await terms.terms_of(caller.db, row)))
    await terms.sign_terms(caller.db, hearing=row, actor=caller.actor, now=caller.now)
    return await _shown_terms(caller, row)


@router.act("/hearings/{ref}/terms/change", scope="hearings:write", errors=ACT, tagged=True)
async def change_terms(caller: Caller, ref: Ref, body: NewTerms) -> ShownHearing:
    """Ask for another recording policy or other classes of participants. An agreement that stood is void."""
    row = await locked(caller, ref)
    await diary.change_terms(
        caller.db,
        hearing=row,
        recording_policy=body.recording_policy,
        participant_classes=body.participant_classes,
        reason=body.reason,
        actor=caller.actor,
        now=caller.now,
    )
    return await hearing_answer(caller, row)


async def _shown_terms(caller: Caller, row: Hearing) -> ShownTerms:
    await caller.db.flush()
    found = await terms.terms_of(caller.db, row)
    signed = {
        one.owner_state
        for one in await signatures.signatures_of(caller.db, row)
        if signatures.read(one)["body"].get("terms_sha256") == found.hash
    }
    if row not in caller.shown:
        caller.shown.append(row)
    agreed = await terms.agreed_by(caller.db, row)
    return etags.tag(
        caller,
        ShownTerms(
            terms=found.body, terms_sha256=found.hash, agreed_by=sorted(agreed), signed_by=sorted(signed & agreed)
        ),
    )


def _statement(caller: Caller, row: Hearing, body: dict[str, Any]) -> statements.Statement:
    return statements.Statement(
        **signatures.statement(
            state=caller.state,
            other=other(caller, row),
            act=Act.agree_hearing,
            about=row.ref,
            body=body,
            now=caller.now,
        )
    )


async def _receive(caller: Caller, row: Hearing, body: SignedAct, expect: dict[str, Any]) -> None:
    await statements.receive(
        caller,
        jws=body.jws,
        other=other(caller, row),
        act=Act.agree_hearing,
        about=row.ref,
        subject=row,
        expect=expect,
        body=None,
    )
