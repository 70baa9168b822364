"""Clients of the API: an administrator registers the State's systems, changes their keys and scopes, and revokes them.

Only public keys are accepted. A private key pasted by mistake is refused and not displayed again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import ApiClient, ApiClientKey, Person
from hearings.outward import api_clients
from hearings.sentences import tell
from hearings.signatures import jws
from web import strict_json
from web.paths import BASE
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, ngettext
from web.words.refusals import NOT_JSON

PAGE = 50
LABELS = {
    "name": N_("Name of the system"),
    "scopes": N_("What it may do"),
    "jwk": N_("Public key"),
    "not_before": N_("In force from"),
}
DONE = {
    "changed": N_("The client has been changed. It must request a new token."),
    "key": N_("The key has been added."),
    "ended": N_("The key has been revoked."),
    "disable": N_("The client has been blocked."),
    "enable": N_("The client has been unblocked."),
}


RIGHT = "manage_api_clients"


def _keys(text: str) -> list[Mapping[str, Any]]:
    """The keys of a JWK or of a JWK Set (RFC 7517 §5). Raises `Invalid`."""
    if not text:
        return []
    try:
        parsed = strict_json.parse(text.encode())
    except ValueError:
        raise errors.Invalid(tell(NOT_JSON), "jwk") from None
    if isinstance(parsed, dict) and isinstance(parsed.get("keys"), list):
        parsed = parsed["keys"]
    keys = parsed if isinstance(parsed, list) else [parsed]
    if len(keys) > api_clients.MOST_KEYS or not all(isinstance(key, dict) for key in keys):
        raise errors.Invalid(tell(jws.NOT_PUBLIC), "jwk")
    return keys


def _wrong(error: errors.HearingsError) -> FormError:
    if isinstance(error, errors.NotReady):
        text = ngettext(
            "A client has at most {n} key at a time: revoke it first.",
            "A client has at most {n} keys at a time: revoke one first.",
            api_clients.MOST_KEYS,
        ).format(n=api_clients.MOST_KEYS)
        return FormError("jwk", text)
    return explained(LABELS)(error)


def _options() -> list[tuple[str, str]]:
    template = Markup('{} <code dir="ltr">{}</code>')
    return [(scope, template.format(_(meaning.text), scope)) for scope, meaning in api_clients.SCOPES.items()]


async def _list_page(
    request: Request, person: Person, values: Mapping[str, Any] | None = None, wrong: list[FormError] | None = None
) -> Response:
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        after = request.query_params.get("after", "")
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
    """The clients of this State, and the form to register one."""
    _signed, person = administrator(RIGHT, request)
    return await _list_page(request, person)


def _typed(form: Form) -> dict[str, Any]:
    return {name: form.text(name) for name in ("name", "sandbox")} | {"scopes": form.all("scopes"), "jwk": ""}


@page_act(again(_list_page, _wrong, _typed), (errors.Invalid, errors.NotReady), right=RIGHT)
async def register(sent: Sent) -> str:
    """Register a client. Effects: those of `api_clients.register`."""
    form = sent.form
    made = await api_clients.register(
        sent.db,
        name=form.text("name"),
        scopes=form.all("scopes"),
        jwks=_keys(form.text("jwk")),
        sandbox=form.text("sandbox") == "yes" and sent.parts.sandbox is not None,
        **sent.by,
    )
    return f"/admin/api-clients/{made.id}"


async def _client_page(
    request: Request, person: Person, values: Mapping[str, Any] | None = None, wrong: list[FormError] | None = None
) -> Response:
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        row = await _row(db, request, person)
        keys = await api_clients.keys_of(db, row.id)
    now = datetime.now(UTC)
    context = {
        "row": row,
        "keys": keys,
        "chip": lambda key: _chip(key, now),
        "ended": lambda key: key.not_after is not None and key.not_after <= now,
        "scopes": _options(),
        "values": {"name": row.name, "scopes": row.scopes, "jwk": ""} | dict(values or {}),
        "errors": wrong or [],
        "notice": notice(request, DONE, wrong),
        "address": f"{parts.settings.origin}{BASE}",
        "places": of_person(person),
    }
    return render(request, "api_client.html", context, status=422 if wrong else 200)


async def _row(db: AsyncSession, request: Request, person: Person, *, lock: bool = False) -> ApiClient:
    return await api_clients.client(db, request.path_params["client"][:36], state=person.owner_state, lock=lock)


def _chip(key: ApiClientKey, now: datetime) -> tuple[str, str]:
    if key.not_after is not None and key.not_after <= now:
        return "plain", _("Ended")
    return ("ok", _("In force")) if key.not_before <= now else ("info", _("Not yet valid"))


async def show(request: Request) -> Response:
    """One client: its scopes and its keys."""
    _signed, person = administrator(RIGHT, request)
    return await _client_page(request, person)


async def _changed(sent: Sent, row: ApiClient) -> None:
    form = sent.form
    await api_clients.change(sent.db, client=row, name=form.text("name"), scopes=form.all("scopes"), **sent.by)


async def _key(sent: Sent, row: ApiClient) -> None:
    jwks = _keys(sent.form.text("jwk"))
    if not jwks:
        raise errors.Invalid(tell(api_clients.NO_KEY), "jwk")
    for jwk in jwks:
        await api_clients.add_key(sent.db, client=row, jwk=jwk, **sent.by)


async def _ended(sent: Sent, row: ApiClient) -> None:
    await api_clients.retire_key(sent.db, client=row, kid=sent.form.text("kid"), **sent.by)


async def _disable(sent: Sent, row: ApiClient) -> None:
    await api_clients.disable(sent.db, client=row, **sent.by)


async def _enable(sent: Sent, row: ApiClient) -> None:
    await api_clients.enable(sent.db, client=row, **sent.by)


ACTS = {"changed": _changed, "key": _key, "ended": _ended, "disable": _disable, "enable": _enable}


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    typed = {"name": sent.form.text("name"), "scopes": sent.form.all("scopes")}
    values = typed if sent.path["action"] == "changed" else {}
    return await _client_page(sent.request, sent.person, values, [_wrong(error)])


@page_act(_again, (errors.Invalid, errors.NotReady), right=RIGHT)
async def act(sent: Sent) -> str:
    """Performs one of `ACTS`. Effects: those of `hearings.outward.api_clients`."""
    action = sent.path["action"]
    if action not in ACTS:
        raise HTTPException(404, "not_found")
    row = await _row(sent.db, sent.request, sent.person, lock=True)
    await ACTS[action](sent, row)
    return f"/admin/api-clients/{row.id}?done={action}"


routes = [
    Route("/admin/api-clients", listing, methods=["GET"]),
    Route("/admin/api-clients", register, methods=["POST"]),
    Route("/admin/api-clients/{client}", show, methods=["GET"]),
    Route("/admin/api-clients/{client}/{action}", act, methods=["POST"]),
]
