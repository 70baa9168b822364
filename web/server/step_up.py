"""Step-up: acts for which a person with a passkey, or an identity at an issuer, has to prove again who they are.

A cookie that was stolen, or a computer left open, does none of them. Whoever has neither passkey nor issuer acts as
before. The page that asks carries what was typed, so that nothing is typed twice, but no file; nothing is done before
the proof.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from hearings.people import credentials
from web import security_log
from web.parts import Parts
from web.security_log import EventCode
from web.server import forms
from web.server.problems import wants_html
from web.server.rendering import render
from web.server.sign_in import SignedIn
from web.words.i18n import N_, _

STEP_UP: Mapping[tuple[str, str], str] = {
    ("POST", "/admin/changes/{change}/{action}"): N_(
        "You are about to decide a change that two States make together. Confirm first that it is you."
    ),
    ("POST", "/admin/staff"): N_("You are about to let somebody in. Confirm first that it is you."),
    ("POST", "/admin/staff/{person}/{action}"): N_(
        "You are about to change who may come in. Confirm first that it is you."
    ),
    ("POST", "/admin/recoveries/{recovery}/{action}"): N_(
        "You are about to decide whether somebody gets a new way in. Confirm first that it is you."
    ),
    ("POST", "/sign-ins/identities/{identity}/remove"): N_(
        "You are about to change how you sign in. Confirm first that it is you."
    ),
    ("POST", "/sign-ins/recoveries/{recovery}/stop"): N_(
        "You are about to change how you sign in. Confirm first that it is you."
    ),
    ("POST", "/admin/keys"): N_("You are about to change who signs for your State. Confirm first that it is you."),
    ("POST", "/admin/keys/{kid}/retire"): N_(
        "You are about to change who signs for your State. Confirm first that it is you."
    ),
    ("POST", "/admin/recipients"): N_("You are about to change who can open recordings. Confirm first that it is you."),
    ("POST", "/admin/recipients/retire"): N_(
        "You are about to change who can open recordings. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/keys/propose"): N_(
        "You are about to change who can open recordings. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/keys/confirm"): N_(
        "You are about to change who can open recordings. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/keys/take-in"): N_(
        "You are about to change who can open recordings. Confirm first that it is you, then choose the file again."
    ),
    ("POST", "/recordings/{recording}/keys/put-back"): N_(
        "You are about to change who can open recordings. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/keys/discard"): N_(
        "You are about to change who can open recordings. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/keeping"): N_(
        "You are about to decide about the keeping of a recording. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/releases/{release}/confirm"): N_(
        "You are about to hand a recording out of the court. Confirm first that it is you."
    ),
    ("POST", "/recordings/{recording}/releases/{release}/take"): N_(
        "You are about to hand a recording out of the court. Confirm first that it is you."
    ),
    ("POST", "/admin/api-clients"): N_("You are about to let a system in. Confirm first that it is you."),
    ("POST", "/admin/api-clients/{client}/{action}"): N_(
        "You are about to change what a system may do. Confirm first that it is you."
    ),
    ("POST", "/webhooks"): N_("You are about to send changes to an address. Confirm first that it is you."),
    ("POST", "/webhooks/{webhook}/disable"): N_(
        "You are about to send changes to an address. Confirm first that it is you."
    ),
    ("POST", "/admin/law/save"): N_("You are about to change data of the law. Confirm first that it is you."),
    ("POST", "/sign-ins/passkeys"): N_("You are about to change how you sign in. Confirm first that it is you."),
    ("POST", "/sign-ins/passkeys/{passkey}/{action}"): N_(
        "You are about to change how you sign in. Confirm first that it is you."
    ),
}
"""By method and template of the route, what the page that asks says."""
_COMPILED = [(method, compile_path(template)[0], text) for (method, template), text in STEP_UP.items()]


FOR_FIRST_ENTRY = re.compile(
    r"/|/s|/j|/sign-ins(/.*)?|/sign-in(/.*)?|/confirm/.*|/issuer/.*|/sign-out|/session|/language|/help(/.*)?"
    r"|/status|/accessibility|/privacy"
)
"""Paths that are open to a login by link where the installation demands passkeys."""


def asked_for(method: str, path: str) -> str:
    """What the page that asks says about a request; empty for one that needs no step-up."""
    return next((text for wanted, pattern, text in _COMPILED if method == wanted and pattern.fullmatch(path)), "")


class StepUpMiddleware:
    """Refuses the acts of `STEP_UP` by a login that has not lately been proved, of a person who can prove it; and where
    the installation demands passkeys, everything but `FOR_FIRST_ENTRY` by a login that has only shown a link."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        signed = cast(SignedIn | None, scope.get("actor"))
        if signed is None or signed.person is None:
            await self.app(scope, receive, send)
            return
        parts: Parts = scope["app"].state.parts
        by_link = parts.settings.passkeys_required and signed.login.authenticated_at is None
        if by_link and not FOR_FIRST_ENTRY.fullmatch(scope["path"]):
            raise HTTPException(403, "passkey_required")
        text = asked_for(scope["method"], scope["path"])
        if not text:
            await self.app(scope, receive, send)
            return
        async with parts.database.reading() as db:
            passkeys, identities = await credentials.in_use(db, person_id=signed.person.id)
        if not (passkeys or identities) or credentials.is_fresh(signed.login, datetime.now(UTC)):
            await self.app(scope, receive, send)
            return
        security_log.emit(
            EventCode.step_up, good=False, reason="asked", person=signed.person.id, state=signed.person.owner_state
        )
        request = Request(scope, receive)
        if not wants_html(request):
            raise HTTPException(403, "step_up_needed")
        # The token is checked: what another page has sent is not passed on. A file cannot be, and is chosen again.
        form = await forms.read(request, files=1)
        known = {identity.issuer for identity in identities}
        context = {
            "text": _(text),
            "passkeys": bool(passkeys),
            "issuers": [issuer for issuer in parts.issuers.issuers.values() if issuer.issuer in known],
            "pairs": [(name, value) for name, value in form.pairs if name != "csrf"],
        }
        await render(request, "step_up.html", context, status=403)(scope, receive, send)
