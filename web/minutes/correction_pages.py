"""Corrections of signed minutes: asked for by either side, signed by both, copies to take away."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import printed, signed_corrections
from hearings.minutes.document import CORRECTION_SHA256, MINUTES_SHA256
from hearings.minutes.passages import minutes_languages
from hearings.models import Minutes, MinutesCorrection
from hearings.permissions import require
from hearings.roles import CONDUCTING
from hearings.signatures import signatures
from web.minutes.access import MinutesAccess, access_to, back, correction_file, found_of
from web.minutes.copy_pages import ROOT_OF
from web.minutes.correction_notices import tell_asked, tell_signed
from web.server import forms, printing, statements as signing
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.problems import status_of
from web.server.rendering import render
from web.words import sentences
from web.words.i18n import N_, _
from web.words.labels import SIGNATURE_KEPT

DONE = {
    "correction": N_("The correction has been recorded. Both authorities can sign it now."),
    "sign": SIGNATURE_KEPT,
}


async def show(request: Request) -> Response:
    """One correction: what is to be read instead and why, who has signed it, and the statement to sign."""
    return await _page(request, [], 200)


async def _page(request: Request, wrong: list[FormError], status: int) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access, row, correction = await _asked_for(db, request)
        signed = await signed_corrections.signed_by(db, correction)
        signs = access.seat is not None and access.seat.role in CONDUCTING and access.may("sign_minutes")
        context: dict[str, Any] = {
            "access": access,
            "hearing": access.hearing,
            "places": access.places,
            "found": row,
            "correction": correction,
            "tongues": minutes_languages(row),
            "states": (access.hearing.requesting_state, access.hearing.requested_state),
            "signed": signed,
            "can_sign": signs and access.state not in signed,
            "errors": wrong,
            "notice": notice(request, DONE, wrong),
        }
        if context["can_sign"]:
            context["prepared"] = await _prepared(db, access, row, correction)
    return render(request, "minutes_correction.html", context, status=status)


async def _asked_for(db: AsyncSession, request: Request) -> tuple[MinutesAccess, Minutes, MinutesCorrection]:
    access = await access_to(db, request)
    row = await found_of(db, access, request)
    return access, row, await signed_corrections.find(db, row, request.path_params["number"])


async def _prepared(
    db: AsyncSession, access: MinutesAccess, row: Minutes, correction: MinutesCorrection
) -> signing.Prepared:
    hearing, body = access.hearing, signed_corrections.body(correction)
    facts = [(_(CORRECTION_SHA256), correction.sha256), (_(MINUTES_SHA256), correction.text_sha256)]
    facts += [(_(ROOT_OF).format(id=key), head) for key, head in correction.heads.items()]
    return await signing.prepare(
        db,
        state=access.state,
        other=hearing.requested_state if access.state == hearing.requesting_state else hearing.requesting_state,
        act=signatures.Act.sign_minutes,
        about=signed_corrections.about(hearing, row, correction),
        body=body,
        now=datetime.now(UTC),
        facts=facts,
    )


# --- acts --------------------------------------------------------------------------------------------------------


async def ask_page(request: Request) -> Response:
    """The form in which a correction is asked for."""
    return await _ask(request, [], {})


async def _ask(request: Request, wrong: list[FormError], values: Mapping[str, str]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("edit_minutes", access.actor)
        row = await found_of(db, access, request)
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": row,
        "tongues": minutes_languages(row),
        "errors": wrong,
        "values": dict(values),
    }
    return render(request, "minutes_correct.html", context, status=422 if wrong else 200)


async def _not_asked(sent: Sent, error: errors.HearingsError) -> Response:
    return await _ask(sent.request, [forms.explain(error)], sent.form.first)


@page_act(_not_asked, (errors.Invalid, errors.NotReady), guests=True)
async def ask(sent: Sent) -> Response:
    """Effects: those of `signed_corrections.ask`; the other State is told."""
    access = await access_to(sent.db, sent.request)
    row = await found_of(sent.db, access, sent.request)
    made = await signed_corrections.ask(
        sent.db,
        minutes=row,
        texts={lang: sent.form.text(f"text_{lang}") for lang in minutes_languages(row)},
        reasons={lang: sent.form.text(f"reason_{lang}") for lang in minutes_languages(row)},
        actor=access.actor,
        now=sent.now,
    )
    await tell_asked(sent.db, sent.parts, access.hearing, row, made, sent.now)
    return back(sent.request, "correction", f"/corrections/{made.number}", row.number)


async def _unsigned(sent: Sent, error: errors.HearingsError) -> Response:
    refused = isinstance(error, errors.SignatureRefused)
    wrong = signing.refusal(sent.request, error) if refused else forms.explain(error)
    return await _page(sent.request, [wrong], status_of(error))


@page_act(_unsigned, (errors.SignatureRefused, errors.NotReady), guests=True)
async def sign(sent: Sent) -> Response:
    """Effects: those of `signed_corrections.sign`; the other State is told."""
    access = await access_to(sent.db, sent.request)
    row, number = await found_of(sent.db, access, sent.request), sent.path["number"]
    await signed_corrections.sign(
        sent.db, minutes=row, number=number, jws=sent.form.text("jws"), actor=access.actor, now=sent.now
    )
    found = await signed_corrections.find(sent.db, row, number)
    await tell_signed(sent.db, sent.parts, access.hearing, row, found, state=access.state, now=sent.now)
    return back(sent.request, "sign", f"/corrections/{number}", row.number)


# --- copies ------------------------------------------------------------------------------------------------------


async def as_json(request: Request) -> Response:
    """The correction as canonical JSON, with the signatures as received."""
    async with request.app.state.parts.database.reading() as db:
        access, row, correction = await _asked_for(db, request)
        whole = await signed_corrections.whole(db, access.hearing, row, correction)
    name = correction_file(access.hearing, row, correction, "json")
    return printing.file(rfc8785.dumps(whole), name, "application/json")


async def as_pdf(request: Request) -> Response:
    """The correction as PDF/A-2b, with the seals of both States once both have signed it."""
    async with request.app.state.parts.database.reading() as db:
        access, row, correction = await _asked_for(db, request)
        data, seals = await printed.correction(db, access.hearing, row, correction, say=sentences.say)
    made = await printing.sealed(request, "minutes", data, lang=data["languages"][0], for_states=seals)
    return printing.file(made, correction_file(access.hearing, row, correction, "pdf"), "application/pdf")


routes = [
    Route("/h/{ref}/minutes/corrections", ask_page, methods=["GET"]),
    Route("/h/{ref}/minutes/corrections", ask, methods=["POST"]),
    Route("/h/{ref}/minutes/corrections/{number:int}.json", as_json),
    Route("/h/{ref}/minutes/corrections/{number:int}.pdf", as_pdf),
    Route("/h/{ref}/minutes/corrections/{number:int}", show),
    Route("/h/{ref}/minutes/corrections/{number:int}/sign", sign, methods=["POST"]),
]
