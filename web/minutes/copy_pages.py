"""Signing the minutes, and copies of them to take away."""

from datetime import UTC, datetime

import rfc8785
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import minutes, text as minutes_text
from hearings.permissions import require
from hearings.signatures import signatures
from web.minutes import papers as minutes_papers
from web.minutes.access import access_to, back, context_of, found_of
from web.server import forms, printing, statements as signing
from web.server.forms import FormError
from web.server.problems import status_of
from web.server.rendering import render
from web.words.i18n import _


async def sign_page(request: Request) -> Response:
    """The exact text, its hash, and the statement to sign."""
    return await _sign(request, [], 200)


async def _sign(request: Request, wrong: list[FormError], status: int) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("sign_minutes", access.actor, target_state=access.state)
        found = await found_of(db, access, request)
        context = await context_of(db, access, found)
        hearing = access.hearing
        body = minutes_text.body(found, await minutes.recordings(db, found))
        facts = [(_("SHA-256 of the text"), str(body["text_sha256"]))]
        facts += [(_("Root of recording {id}").format(id=id_), root) for id_, root in body["recordings"].items()]
        context["prepared"] = await signing.prepare(
            db,
            state=access.state,
            other=(hearing.requested_state if access.state == hearing.requesting_state else hearing.requesting_state),
            act=signatures.Act.sign_minutes,
            about=minutes_text.about(hearing, found),
            body=body,
            now=datetime.now(UTC),
            facts=facts,
        )
        context["reading"] = await minutes.reading_in_force(db, found)
    context |= {"access": access, "hearing": hearing, "places": access.places, "errors": wrong}
    return render(request, "minutes_sign.html", context, status=status)


async def sign(request: Request) -> Response:
    """Effects: those of `minutes.sign`."""
    form = await forms.read(request)
    try:
        async with request.app.state.parts.database.transaction() as db:
            access = await access_to(db, request)
            await minutes.sign(
                db,
                minutes=await found_of(db, access, request),
                jws=form.text("jws"),
                actor=access.actor,
                now=datetime.now(UTC),
            )
    except errors.SignatureRefused as error:
        return await _sign(request, [signing.refusal(request, error)], status_of(error))
    except errors.NotReady as error:
        return await _sign(request, [forms.explain(error)], status_of(error))
    return back(request, "sign")


async def as_json(request: Request) -> Response:
    """The whole of the minutes as canonical JSON, with the signatures as received."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        found = await found_of(db, access, request)
        whole = await minutes_papers.whole(db, access.hearing, found)
    name = f"minutes-{access.hearing.ref}-{found.number}.json"
    return printing.file(rfc8785.dumps(whole), name, "application/json")


async def as_pdf(request: Request) -> Response:
    """The minutes as PDF/A-2b in both languages, sealed by the installation; a draft too, which says that it is one."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        found = await found_of(db, access, request)
        data = await minutes_papers.printed(db, access.hearing, found)
    made = await printing.sealed(request, "minutes", data, lang=data["languages"][0])
    return printing.file(made, f"minutes-{access.hearing.ref}-{found.number}.pdf", "application/pdf")


routes = [
    Route("/h/{ref}/minutes.json", as_json),
    Route("/h/{ref}/minutes.pdf", as_pdf),
    Route("/h/{ref}/minutes/sign", sign_page, methods=["GET"]),
    Route("/h/{ref}/minutes/sign", sign, methods=["POST"]),
]
