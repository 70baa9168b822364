"""Signing keys of a State's authorities: an administrator registers the public halves and retires them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.permissions import require_staff
from hearings.signatures import signatures, signing_keys
from web.server import forms, statements as signing
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import refusals
from web.words.i18n import N_, _, ngettext
from web.words.places import of_person

PAGE = 50
LABELS = {"authority_name": N_("Authority"), "public_key": N_("Public signing key")}
WRONG = (
    N_("A public signing key is 43 characters of base64url"),
    N_("This key has been registered before: make a new one"),
)
"""Texts of `hearings.signatures.signing_keys`, translated as they are."""
DONE = {"added": N_("The key is registered."), "retired": N_("The key is retired. It signs nothing more.")}


def _administrator(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    state = person.owner_state
    require_staff("manage_signing_keys", signed.actor(), requesting_state=state, requested_state=state)
    return signed, person


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        keys = await signing_keys.keys_of(db, state=person.owner_state)
        after = request.query_params.get("after", "")[:36]
        refused = await signatures.refused(db, state=person.owner_state, after=after, limit=PAGE)
    done = request.query_params.get("done", "")
    context = {
        "keys": keys,
        "refused": refused.rows,
        "next": refused.after,
        "why": lambda code: refusals.words(errors.SignatureRefused(code, "")),
        "act": lambda act: _(signing.ACTS[act]),
        "values": dict(values),
        "errors": wrong,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
        "places": of_person(person),
    }
    return render(request, "signing_keys.html", context, status=422 if wrong else 200)


async def listing(request: Request) -> Response:
    """The keys of this State, those retired too; statements that were refused; the form for another key."""
    _signed, person = _administrator(request)
    return await _page(request, person, {}, [])


async def add(request: Request) -> Response:
    """Register a key. Effects: those of `signing_keys.add`."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    try:
        async with request.app.state.parts.database.transaction() as db:
            await signing_keys.add(
                db,
                state=person.owner_state,
                authority_name=form.text("authority_name"),
                public_key=form.text("public_key"),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except (errors.Invalid, errors.NotReady) as error:
        if isinstance(error, errors.NotReady):
            text = ngettext(
                "A State has at most {n} signing key at a time: retire it first.",
                "A State has at most {n} signing keys at a time: retire one first.",
                signing_keys.MOST_IN_FORCE,
            )
            wrong = FormError("public_key", text.format(n=signing_keys.MOST_IN_FORCE))
        else:
            wrong = forms.explain(error, {name: _(text) for name, text in LABELS.items()})
        return await _page(request, person, form.first, [wrong])
    return RedirectResponse("/admin/keys?done=added", 303)


async def retire(request: Request) -> Response:
    """Retire a key, at once. Effects: those of `signing_keys.retire`."""
    signed, person = _administrator(request)
    await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        key = await signing_keys.key(db, request.path_params["kid"][:43], state=person.owner_state, lock=True)
        await signing_keys.retire(db, key=key, actor=signed.actor(), now=datetime.now(UTC))
    return RedirectResponse("/admin/keys?done=retired", 303)


routes = [
    Route("/admin/keys", listing, methods=["GET"]),
    Route("/admin/keys", add, methods=["POST"]),
    Route("/admin/keys/{kid}/retire", retire, methods=["POST"]),
]
