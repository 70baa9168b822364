"""Requests that are events of the security log: by method and template of the route, and every refusal.

Only the template, well-formed ids, the caller and the status are logged: no content of a request.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.routing import Match, Route, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hearings.people.logins import OPERATOR
from web import security_log
from web.paths import BASE
from web.security_log import EventCode
from web.settings import Settings, SettingsError

C = EventCode
EVENTS: dict[tuple[str, str], EventCode] = {
    ("POST", "/sign-out"): C.sign_out,
    ("POST", "/sign-ins"): C.link_withdrawn,
    ("POST", "/sign-ins/passkeys/{passkey}/{action}"): C.passkey_changed,
    ("POST", "/sign-ins/identities/{identity}/remove"): C.passkey_changed,
    ("POST", "/admin/staff"): C.staff_changed,
    ("POST", "/admin/staff/{person}/recovery"): C.recovery,
    ("POST", "/admin/recoveries/{recovery}/{action}"): C.recovery,
    ("POST", "/sign-ins/recoveries/{recovery}/stop"): C.recovery,
    ("POST", "/admin/staff/{person}/link"): C.link_made,
    ("POST", "/facilitators"): C.staff_changed,
    ("POST", "/facilitators/{facilitator}/link"): C.link_made,
    ("POST", "/facilitators/{facilitator}/end"): C.staff_changed,
    ("POST", "/admin/staff/{person}/withdraw"): C.link_withdrawn,
    ("POST", "/admin/staff/{person}/{action}"): C.staff_changed,
    ("POST", "/admin/law/save"): C.law_changed,
    ("POST", "/admin/changes/{change}/{action}"): C.change_decided,
    ("POST", "/directory"): C.directory_changed,
    ("POST", "/admin/api-clients"): C.client_changed,
    ("POST", "/admin/api-clients/{client}/{action}"): C.client_changed,
    ("POST", "/admin/keys"): C.signing_key_changed,
    ("POST", "/admin/keys/{kid}/retire"): C.signing_key_changed,
    ("POST", "/admin/recipients"): C.recipient_changed,
    ("POST", "/admin/recipients/retire"): C.recipient_changed,
    ("POST", "/webhooks"): C.webhook_changed,
    ("POST", "/webhooks/{webhook}/disable"): C.webhook_changed,
    ("POST", "/h/{ref}/people/{participant}/link"): C.join_link_changed,
    ("POST", "/h/{ref}/times/accept"): C.authority_signed,
    ("POST", "/requests/{reference}/act/{action}"): C.authority_signed,
    ("POST", "/h/{ref}/minutes/sign"): C.authority_signed,
    ("POST", "/recordings/{recording}/viewing"): C.recording_taken,
    ("POST", "/recordings/{recording}/export"): C.recording_taken,
    ("POST", "/recordings/{recording}/excerpt"): C.recording_taken,
    ("POST", "/recordings/{recording}/releases/{release}/take"): C.recording_taken,
    ("POST", "/recordings/{recording}/releases/{release}/confirm"): C.authority_signed,
    ("POST", "/recordings/{recording}/key-use"): C.recording_taken,
    ("POST", "/recordings/{recording}/keys/used"): C.recording_taken,
    ("POST", "/recordings/{recording}/keys/propose"): C.recipient_changed,
    ("POST", "/recordings/{recording}/keys/confirm"): C.recipient_changed,
    ("POST", "/recordings/{recording}/keys/withdraw"): C.recipient_changed,
    ("POST", "/recordings/{recording}/keys/take-in"): C.recipient_changed,
    ("POST", "/recordings/{recording}/keys/put-back"): C.recipient_changed,
    ("POST", "/recordings/{recording}/keys/discard"): C.recipient_changed,
    ("POST", f"{BASE}/oauth/token"): C.token_issued,
    ("POST", f"{BASE}/client/keys"): C.client_key_changed,
    ("DELETE", f"{BASE}/client/keys/{{kid}}"): C.client_key_changed,
    ("POST", f"{BASE}/recipients"): C.recipient_changed,
    ("POST", f"{BASE}/recipients/{{recipient_id}}/retire"): C.recipient_changed,
    ("POST", f"{BASE}/hearings/{{ref}}/participants/{{participant}}/invitation"): C.join_link_changed,
    ("DELETE", f"{BASE}/hearings/{{ref}}/participants/{{participant}}/invitation"): C.join_link_changed,
    ("POST", f"{BASE}/recordings/{{recording}}/releases/{{release}}/copy"): C.recording_taken,
    ("POST", f"{BASE}/webhooks"): C.webhook_changed,
    ("DELETE", f"{BASE}/webhooks/{{webhook}}"): C.webhook_changed,
    ("POST", f"{BASE}/directory/table.csv"): C.directory_changed,
    ("POST", f"{BASE}/changes/{{change}}/confirm"): C.change_decided,
    ("POST", f"{BASE}/changes/{{change}}/refuse"): C.change_decided,
    ("POST", f"{BASE}/changes/{{change}}/withdraw"): C.change_decided,
}
"""By method and template; the first match counts. Events that need more than the request are emitted elsewhere."""
REFUSED = frozenset({401, 403, 429})
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMED = (
    "person",
    "passkey",
    "identity",
    "recovery",
    "participant",
    "change",
    "client",
    "webhook",
    "recording",
    "recipient_id",
)
"""Parameters of routes that are ids of rows."""
_COMPILED = [(method, template, compile_path(template)[0], code) for (method, template), code in EVENTS.items()]
CALLER = "vivavoce.caller"
"""Key of the caller in the ASGI scope of an API request."""


class SecurityEventsMiddleware:
    """Emits the event of a request once its answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                note(scope, method, path, message["status"])
            await send(message)

        await self.app(scope, receive, noting)


def note(scope: Scope, method: str, path: str, status: int) -> None:
    """Emit the event of this response, if it is one."""
    for wanted, template, pattern, code in _COMPILED:
        if method == wanted and (match := pattern.fullmatch(path)):
            about = next((value for name, value in match.groupdict().items() if name in NAMED), "")
            about = about if ID.fullmatch(about) else ""
            how: dict[str, Any] = {"method": method, "route": template, "status": status, "about": about}
            security_log.emit(code, good=status < 400, **how, **who(scope))
            return
    if status in REFUSED:
        route = template_of(scope["app"].routes, method, path) if "app" in scope else ""
        security_log.emit(
            EventCode.access_refused, good=False, method=_method(method), route=route, status=status, **who(scope)
        )


def _method(method: str) -> str:
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "?"


def template_of(routes: Sequence[Any], method: str, path: str) -> str:
    """The template of the matching route; for the API its base alone; `?` for none."""
    if path.startswith(f"{BASE}/"):
        return BASE
    scope = {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}
    fits = (route.path for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE)
    return next(fits, "?")


def who(scope: Scope) -> dict[str, Any]:
    """The caller as opaque ids: a member of staff, a participant, or a client of the API; and their State."""
    if (signed := scope.get("actor")) is not None:
        holder = signed.person or signed.participant
        return {"person": holder.id if holder else "", "state": holder.owner_state if holder else ""}
    if (caller := scope.get(CALLER)) is not None:
        return {"person": caller.client.id, "state": caller.state}
    return {}


# --- commands ----------------------------------------------------------------------------------------------------

COMMANDS: dict[str, EventCode] = {
    "init": C.installation_made,
    "link": C.link_made,
    "person": C.staff_changed,
    "staff add": C.staff_changed,
    "staff change": C.staff_changed,
    "staff deactivate": C.staff_changed,
    "staff reactivate": C.staff_changed,
    "staff bind": C.passkey_changed,
    "staff recover": C.recovery,
    "staff withdraw": C.link_withdrawn,
    "key": C.recipient_changed,
    "keys lost": C.recipient_changed,
    "keys rotate": C.recipient_changed,
    "keys rotate-seal": C.installation_made,
    "demo": C.link_made,
    "export": C.recording_taken,
    "note-copy": C.recording_taken,
    "backup": C.backup_made,
    "restore": C.restored,
    "archive": C.restored,
    "takeover": C.taken_over,
    "accept-loss": C.loss_accepted,
}
"""Commands that are events of the security log."""


def logged(name: str, settings: Settings, command: Callable[[], int]) -> int:
    """Carry out a command and emit its event to the security log: the file, else standard error.

    Raises `SettingsError` before anything is done, where the file cannot be written.
    """
    code = COMMANDS.get(name)
    if code is None:
        return command()
    log, good = security_log.SecurityLog(settings.security_log), False
    try:
        log.start()
    except OSError as error:
        raise SettingsError("security_log", str(settings.security_log), str(error.strerror)) from error
    try:
        done = command()
        good = done == 0
        return done
    finally:
        security_log.emit(code, good=good, person=OPERATOR, reason=f"command:{name.replace(' ', '.')}")
        log.stop()
