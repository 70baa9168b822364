"""Clients of the API: an administrator registers the State's systems, changes keys and scopes, shuts them out.

Only public keys are taken. A private one that is pasted by mistake is refused, and shown to nobody again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import ApiClient, ApiClientKey, Person
from hearings.outward import api_clients
from hearings.permissions import require_staff
from hearings.sentences import tell
from web import strict_json
from web.paths import BASE
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import N_, _, ngettext
from web.words.places import of_person

PAGE = 50
LABELS = {
    "name": N_("Name of the system"),
    "scopes": N_("What it may do"),
    "jwk": N_("Public key"),
    "not_before": N_("In force from"),
}
SCOPES: Mapping[str, str] = {
    "requests:read": N_("Read requests"),
    "requests:write": N_("Draft, submit and withdraw requests, answer questions"),
    "requests:answer": N_("Acknowledge and answer requests of other States"),
    "hearings:read": N_("Read hearings"),
    "hearings:write": N_("Propose, counter, agree to and cancel hearings"),
    "invitations": N_("Make and revoke the links people join a hearing by"),
    "slots:read": N_("Search for times and read calendars"),
    "slots:write": N_("Offer times; book and release"),
    "agreements:read": N_("Read site profiles and technical agreements"),
    "agreements:write": N_("Change site profiles; propose and sign agreements"),
    "minutes:read": N_("Read minutes, and what is recorded for them"),
    "minutes:write": N_("Record acts of a hearing; draft, review and sign minutes"),
    "consents:write": N_("Record and revoke consents"),
    "law:read": N_("Read instruments and evaluate legal bases"),
    "directory:read": N_("Read the directory of authorities"),
    "directory:write": N_("Change the directory of authorities"),
    "recipients:read": N_("Read the recipients recordings are encrypted to"),
    "recipients:write": N_("Add and retire recipients of recordings"),
    "webhooks": N_("Subscribe to webhooks"),
    "events": N_("Follow events as they happen"),
    "export": N_("Export a whole case"),
}
WRONG = (
    N_("A public key as JWK is needed, never a private one"),
    N_("This JWK holds no key of its kind"),
    N_("A key is Ed25519 (kty OKP) or P-256 (kty EC)"),
    N_("This key has been used before: make a new one"),
    N_("At least one public key is needed"),
    N_("One or more of the scopes there are"),
    N_("This is not JSON"),
)
"""Texts of `hearings.outward.api_clients` and `hearings.signatures.jws`, translated as they are."""
DONE = {
    "changed": N_("The client has been changed. It asks for a new token."),
    "key": N_("The key has been added."),
    "ended": N_("The key has ended."),
    "disable": N_("The client is shut out."),
    "enable": N_("The client is let in again."),
}


def _administrator(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    state = person.owner_state
    require_staff("manage_api_clients", signed.actor(), requesting_state=state, requested_state=state)
    return signed, person


def _keys(text: str) -> list[Mapping[str, Any]]:
    """One JWK, or a set of them as RFC 7517 §5 has it. Raises `Invalid`."""
    if not text:
        return []
    try:
        found = strict_json.parse(text.encode())
    except ValueError:
        raise errors.Invalid(tell("This is not JSON"), "jwk") from None
    if isinstance(found, dict) and isinstance(found.get("keys"), list):
        found = found["keys"]
    keys = found if isinstance(found, list) else [found]
    if len(keys) > api_clients.MOST_KEYS or not all(isinstance(key, dict) for key in keys):
        raise errors.Invalid(tell("A public key as JWK is needed, never a private one"), "jwk")
    return keys


def _wrong(error: errors.HearingsError) -> FormError:
    if isinstance(error, errors.NotReady):
        text = ngettext(
            "A client has at most {n} key at a time: end it first.",
            "A client has at most {n} keys at a time: end one first.",
            api_clients.MOST_KEYS,
        ).format(n=api_clients.MOST_KEYS)
        return FormError("jwk", text)
    return forms.explain(error, {name: _(text) for name, text in LABELS.items()})


def _options() -> list[tuple[str, str]]:
    shown = Markup('{} <code dir="ltr">{}</code>')
    return [(scope, shown.format(_(SCOPES[scope]), scope)) for scope in api_clients.SCOPES]


async def _list_page(
    request: Request, person: Person, values: Mapping[str, Any] | None = None, wrong: list[FormError] | None = None
) -> Response:
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        after = request.query_params.get("after", "")[:36]
        page = await api_clients.clients(db, state=person.owner_state, after=after, limit=PAGE)
    context = {
        "rows": page.rows,
        "next": page.after,
        "scopes": _options(),
        "values": values or {"name": "", "scopes": [], "jwk": "", "sandbox": ""},
        "errors": wrong or [],
        "sandbox": parts.sandbox is not None,
        "address": f"{parts.settings.origin}{BASE}",
        "places": of_person(person),
    }
    return render(request, "api_clients.html", context, status=422 if wrong else 200)


async def listing(request: Request) -> Response:
    """The clients of this State, and the form for another."""
    _signed, person = _administrator(request)
    return await _list_page(request, person)


async def register(request: Request) -> Response:
    """Register a client. Effects: those of `api_clients.register`."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    parts = request.app.state.parts
    try:
        async with parts.database.transaction() as db:
            made = await api_clients.register(
                db,
                name=form.text("name"),
                scopes=form.all("scopes"),
                jwks=_keys(form.text("jwk")),
                sandbox=form.text("sandbox") == "yes" and parts.sandbox is not None,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except (errors.Invalid, errors.NotReady) as error:
        kept = {name: form.text(name) for name in ("name", "sandbox")} | {"scopes": form.all("scopes"), "jwk": ""}
        return await _list_page(request, person, kept, [_wrong(error)])
    return RedirectResponse(f"/admin/api-clients/{made.id}", 303)


async def _client_page(
    request: Request, person: Person, values: Mapping[str, Any] | None = None, wrong: list[FormError] | None = None
) -> Response:
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        row = await _row(db, request, person)
        keys = await api_clients.keys_of(db, row.id)
    now, done = datetime.now(UTC), request.query_params.get("done", "")
    context = {
        "row": row,
        "keys": keys,
        "chip": lambda key: _chip(key, now),
        "ended": lambda key: key.not_after is not None and key.not_after <= now,
        "scopes": _options(),
        "values": {"name": row.name, "scopes": row.scopes, "jwk": ""} | dict(values or {}),
        "errors": wrong or [],
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
        "address": f"{parts.settings.origin}{BASE}",
        "places": of_person(person),
    }
    return render(request, "api_client.html", context, status=422 if wrong else 200)


async def _row(db: AsyncSession, request: Request, person: Person, *, lock: bool = False) -> ApiClient:
    return await api_clients.client(db, request.path_params["client"][:36], state=person.owner_state, lock=lock)


def _chip(key: ApiClientKey, now: datetime) -> tuple[str, str]:
    if key.not_after is not None and key.not_after <= now:
        return "plain", _("Ended")
    return ("ok", _("In force")) if key.not_before <= now else ("info", _("Yet to come"))


async def show(request: Request) -> Response:
    """One client: what it may do, its keys."""
    _signed, person = _administrator(request)
    return await _client_page(request, person)


async def act(request: Request) -> Response:
    """Change a client, add or end a key, shut it out or let it in. Effects: those of `hearings.outward.api_clients`."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    action, actor, now = request.path_params["action"], signed.actor(), datetime.now(UTC)
    if action not in DONE:
        raise HTTPException(404, "not_found")
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await _row(db, request, person, lock=True)
            match action:
                case "changed":
                    names = form.all("scopes")
                    await api_clients.change(db, client=row, name=form.text("name"), scopes=names, actor=actor, now=now)
                case "key":
                    jwks = _keys(form.text("jwk"))
                    if not jwks:
                        raise errors.Invalid(tell("At least one public key is needed"), "jwk")
                    for jwk in jwks:
                        await api_clients.add_key(db, client=row, jwk=jwk, actor=actor, now=now)
                case "ended":
                    await api_clients.retire_key(db, client=row, kid=form.text("kid"), actor=actor, now=now)
                case "disable":
                    await api_clients.disable(db, client=row, actor=actor, now=now)
                case "enable":
                    await api_clients.enable(db, client=row, actor=actor, now=now)
    except (errors.Invalid, errors.NotReady) as error:
        kept = {"name": form.text("name"), "scopes": form.all("scopes")} if action == "changed" else {}
        return await _client_page(request, person, kept, [_wrong(error)])
    return RedirectResponse(f"/admin/api-clients/{row.id}?done={action}", 303)


routes = [
    Route("/admin/api-clients", listing, methods=["GET"]),
    Route("/admin/api-clients", register, methods=["POST"]),
    Route("/admin/api-clients/{client}", show, methods=["GET"]),
    Route("/admin/api-clients/{client}/{action}", act, methods=["POST"]),
]
