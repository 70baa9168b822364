"""Corrections of minutes that both authorities have signed: asked for, signed by both, copies.

A client acts as in the minutes themselves: for the requesting State as the hearing's clerk, for the other as its
authority.
"""

from typing import Annotated

import rfc8785
from pydantic import Field
from starlette.responses import Response

from hearings.minutes import printed, signed_corrections
from hearings.models import Hearing, Minutes, MinutesCorrection
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from web.api import files, statements
from web.api.access import Caller, parts_of
from web.api.fields import SignedAct
from web.api.routes import Resource
from web.hearing.api import Ref, other
from web.minutes.access import correction_file
from web.minutes.api import ACT, Number, acting, find_minutes, lock_minutes
from web.minutes.bodies import NewCorrection, SignedCorrection, SignedCorrectionList
from web.minutes.correction_notices import tell_asked, tell_signed
from web.server import printing
from web.words import sentences

router = Resource("minutes")

Correction = Annotated[int, Field(ge=1, lt=1_000_000, description="Number of the correction of these minutes.")]
ONE = "/hearings/{ref}/minutes/{minutes}/corrections/{correction}"


async def _find(caller: Caller, ref: str, minutes: int, number: int) -> tuple[Hearing, Minutes, MinutesCorrection]:
    hearing, row = await find_minutes(caller, ref, minutes)
    return hearing, row, await signed_corrections.find(caller.db, row, number)


async def _of(caller: Caller, hearing: Hearing, row: Minutes, correction: MinutesCorrection) -> SignedCorrection:
    signed = sorted(await signed_corrections.signed_by(caller.db, correction))
    return SignedCorrection.from_row(
        correction, hearing=hearing.ref, minutes=row.number, signed_by=signed, in_force=len(signed) == 2
    )


@router.create(
    "/hearings/{ref}/minutes/{minutes}/corrections",
    scope="minutes:write",
    errors=ACT,
    gives={"ref": "hearing", "minutes": "minutes", "correction": "number"},
)
async def ask_signed_correction(caller: Caller, ref: Ref, minutes: Number, body: NewCorrection) -> SignedCorrection:
    """Ask for a correction of minutes that both have signed: what is to be read instead, and why, in every language of
    the minutes. Their text stays as it is; the correction is in force once both authorities have signed it too.

    The other State's staff are mailed. Answers 409 `not_ready` before both have signed the minutes.
    """
    hearing, row = await lock_minutes(caller, ref, minutes)
    made = await signed_corrections.ask(
        caller.db,
        minutes=row,
        texts=body.texts,
        reasons=body.reasons,
        actor=acting(caller, hearing),
        now=caller.now,
    )
    await tell_asked(caller.db, parts_of(caller.request), hearing, row, made, caller.now)
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/minutes/{row.number}/corrections/{made.number}")
    return await _of(caller, hearing, row, made)


@router.read(
    "/hearings/{ref}/minutes/{minutes}/corrections",
    scope="minutes:read",
    errors=(404,),
    gives={"correction": "items/0/number"},
)
async def list_signed_corrections(caller: Caller, ref: Ref, minutes: Number) -> SignedCorrectionList:
    """The corrections of signed minutes, by number, in force or not."""
    hearing, row = await find_minutes(caller, ref, minutes)
    found = await signed_corrections.of_minutes(caller.db, row)
    return SignedCorrectionList(items=[await _of(caller, hearing, row, one) for one in found])


@router.read(ONE, scope="minutes:read", errors=(404,))
async def read_signed_correction(caller: Caller, ref: Ref, minutes: Number, correction: Correction) -> SignedCorrection:
    """Read a correction of signed minutes, and who has signed it."""
    return await _of(caller, *await _find(caller, ref, minutes, correction))


@router.read(f"{ONE}/statement", scope="minutes:read", errors=(404,))
async def prepare_signed_correction_statement(
    caller: Caller, ref: Ref, minutes: Number, correction: Correction
) -> statements.Statement:
    """The statement an authority signs over a correction (`sign_minutes`, about `HEARING/MINUTES/correction/NO`)."""
    hearing, row, found = await _find(caller, ref, minutes, correction)
    return statements.Statement(
        **signatures.statement(
            state=caller.state,
            other=other(caller, hearing),
            act=Act.sign_minutes,
            about=signed_corrections.about(hearing, row, found),
            body=signed_corrections.body(found),
            now=caller.now,
        )
    )


@router.act(f"{ONE}/sign", scope="minutes:write", body="signed", errors=ACT)
async def sign_signed_correction(
    caller: Caller, ref: Ref, minutes: Number, correction: Correction, body: SignedAct
) -> SignedCorrection:
    """Sign a correction (`sign_minutes`; body `text_sha256`, `recordings`, `correction_sha256`). With both, it is in
    force. The other State's staff are mailed.
    """
    hearing, row, found = await _find(caller, ref, minutes, correction)
    actor = acting(caller, hearing)
    await signed_corrections.sign(caller.db, minutes=row, number=correction, jws=body.jws, actor=actor, now=caller.now)
    parts = parts_of(caller.request)
    await tell_signed(caller.db, parts, hearing, row, found, state=caller.state, now=caller.now)
    return await _of(caller, hearing, row, found)


@router.read(
    f"{ONE}/document.json",
    scope="minutes:read",
    errors=(404,),
    content={"application/json": {"schema": {"type": "object"}}},
)
async def download_signed_correction_json(
    caller: Caller, ref: Ref, minutes: Number, correction: Correction
) -> Response:
    """A correction as canonical JSON (RFC 8785) with the signatures as received, checkable without this program."""
    hearing, row, found = await _find(caller, ref, minutes, correction)
    whole = rfc8785.dumps(await signed_corrections.whole(caller.db, hearing, row, found))
    return files.download(whole, name=correction_file(hearing, row, found, "json"), media_type="application/json")


@router.read(f"{ONE}/document.pdf", scope="minutes:read", waits=True, errors=(404,), **files.answers("application/pdf"))
async def download_signed_correction_pdf(caller: Caller, ref: Ref, minutes: Number, correction: Correction) -> Response:
    """A correction as PDF/A-2b, sealed by this installation, and for each State once both have signed it."""
    hearing, row, found = await _find(caller, ref, minutes, correction)
    data, seals = await printed.correction(caller.db, hearing, row, found, say=sentences.say)
    made = await printing.sealed(caller.request, "minutes", data, lang=data["languages"][0], for_states=seals)
    return files.download(made, name=correction_file(hearing, row, found, "pdf"), media_type="application/pdf")
