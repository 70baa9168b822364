"""Signing keys of a State's authorities: an administrator registers the public halves and retires them."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.signatures import signatures, signing_keys
from web.server import statements as signing
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words import refusals
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, ngettext

PAGE = 50
LABELS = {"authority_name": N_("Authority"), "public_key": N_("Public signing key")}
DONE = {
    "added": N_("The key has been registered."),
    "retired": N_("The key has been retired. It can no longer be used to sign."),
}


RIGHT = "manage_signing_keys"


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        keys = await signing_keys.keys_of(db, state=person.owner_state)
        after = request.query_params.get("after", "")
        refused = await signatures.refused(db, state=person.owner_state, after=after, limit=PAGE)
    context = {
        "keys": keys,
        "refused": refused.rows,
        "next": refused.after,
        "why": lambda code: refusals.words(errors.SignatureRefused(code, "")),
        "act": lambda act: _(signing.ACTS[act]),
        "values": dict(values),
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
        "places": of_person(person),
    }
    return render(request, "signing_keys.html", context, status=422 if wrong else 200)


async def listing(request: Request) -> Response:
    """The keys of this State, retired ones included; refused statements; the form to register a key."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


def _wrong(error: errors.HearingsError) -> FormError:
    if not isinstance(error, errors.NotReady):
        return explained(LABELS)(error)
    text = ngettext(
        "A State has at most {n} signing key at a time: retire it first.",
        "A State has at most {n} signing keys at a time: retire one first.",
        signing_keys.MOST_IN_FORCE,
    )
    return FormError("public_key", text.format(n=signing_keys.MOST_IN_FORCE))


@page_act(again(_page, _wrong), (errors.Invalid, errors.NotReady), right=RIGHT)
async def add(sent: Sent) -> str:
    """Register a key. Effects: those of `signing_keys.add`."""
    authority_name, public_key = sent.form.text("authority_name"), sent.form.text("public_key")
    await signing_keys.add(sent.db, state=sent.state, authority_name=authority_name, public_key=public_key, **sent.by)
    return "/admin/keys?done=added"


@page_act(right=RIGHT)
async def retire(sent: Sent) -> str:
    """Retire a key, at once. Effects: those of `signing_keys.retire`."""
    key = await signing_keys.key(sent.db, sent.path["kid"][:43], state=sent.state, lock=True)
    await signing_keys.retire(sent.db, key=key, **sent.by)
    return "/admin/keys?done=retired"


routes = [
    Route("/admin/keys", listing, methods=["GET"]),
    Route("/admin/keys", add, methods=["POST"]),
    Route("/admin/keys/{kid}/retire", retire, methods=["POST"]),
]
