"""Signing the minutes, and copies of them to take away."""

from datetime import UTC, datetime

import rfc8785
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import minutes, printed, text as minutes_text
from hearings.minutes.document import SHA256_OF_TEXT
from hearings.permissions import require
from hearings.signatures import signatures
from web.minutes import access as minutes_papers
from web.minutes.access import access_to, back, context_of, found_of
from web.server import forms, printing, statements as signing
from web.server.forms import FormError
from web.server.page_acts import Sent, page_act
from web.server.problems import status_of
from web.server.rendering import render
from web.words import sentences
from web.words.i18n import N_, _

ROOT_OF = N_("Root of recording {id}")


async def sign_page(request: Request) -> Response:
    """The exact text, its hash, and the statement to sign."""
    return await _sign(request, [], 200)


async def _sign(request: Request, wrong: list[FormError], status: int) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("sign_minutes", access.actor, target_state=access.state)
        row = await found_of(db, access, request)
        context = await context_of(db, access, row)
        hearing = access.hearing
        body = minutes_text.body(row, await minutes.recordings(db, row))
        facts = [(_(SHA256_OF_TEXT), str(body["text_sha256"]))]
        facts += [(_(ROOT_OF).format(id=id_), root) for id_, root in body["recordings"].items()]
        context["prepared"] = await signing.prepare(
            db,
            state=access.state,
            other=(hearing.requested_state if access.state == hearing.requesting_state else hearing.requesting_state),
            act=signatures.Act.sign_minutes,
            about=minutes_text.about(hearing, row),
            body=body,
            now=datetime.now(UTC),
            facts=facts,
        )
        context["reading"] = await minutes.reading_in_force(db, row)
    context |= {"access": access, "hearing": hearing, "places": access.places, "errors": wrong}
    return render(request, "minutes_sign.html", context, status=status)


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    refused = isinstance(error, errors.SignatureRefused)
    wrong = signing.refusal(sent.request, error) if refused else forms.explain(error)
    return await _sign(sent.request, [wrong], status_of(error))


@page_act(_again, (errors.SignatureRefused, errors.NotReady), guests=True)
async def sign(sent: Sent) -> Response:
    """Effects: those of `minutes.sign`."""
    access = await access_to(sent.db, sent.request)
    row = await found_of(sent.db, access, sent.request)
    await minutes.sign(sent.db, minutes=row, jws=sent.form.text("jws"), actor=access.actor, now=sent.now)
    return back(sent.request, "sign")


async def as_json(request: Request) -> Response:
    """The whole of the minutes as canonical JSON, with the signatures as received."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        row = await found_of(db, access, request)
        whole = await minutes_papers.whole(db, access.hearing, row)
    name = f"minutes-{access.hearing.ref}-{row.number}.json"
    return printing.file(rfc8785.dumps(whole), name, "application/json")


async def as_pdf(request: Request) -> Response:
    """The minutes as PDF/A-2b in both languages, sealed by the installation; a draft too, which says that it is one."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        row = await found_of(db, access, request)
        data, seals = await printed.minutes(db, access.hearing, row, say=sentences.say)
    made = await printing.sealed(request, "minutes", data, lang=data["languages"][0], for_states=seals)
    return printing.file(made, f"minutes-{access.hearing.ref}-{row.number}.pdf", "application/pdf")


routes = [
    Route("/h/{ref}/minutes.json", as_json),
    Route("/h/{ref}/minutes.pdf", as_pdf),
    Route("/h/{ref}/minutes/sign", sign_page, methods=["GET"]),
    Route("/h/{ref}/minutes/sign", sign, methods=["POST"]),
]
