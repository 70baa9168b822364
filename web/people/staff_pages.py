"""Staff of a State, for its administrators: added, changed, deactivated, reactivated; their sign-ins and links.

Every member of staff sees their own sign-ins and links at `/sign-ins`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.events import EventKind
from hearings.models import Login, Person, SignInLink
from hearings.outward import administrators
from hearings.people import credentials, logins, proofs, recovery, staff as staff_rows
from hearings.people.logins import LoginEnd, Way
from hearings.roles import StaffFunction
from hearings.sentences import tell
from web.people.issuer_pages import bind_identity
from web.sending import joint_words
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import SignedIn, administrator, staff
from web.words import event_log, roles, statuses
from web.words.court_clocks import of_person
from web.words.i18n import LANGUAGES, N_, _, one_by_one
from web.words.labels import LINK_DEAD

PAGE = 50
FIELDS = ("name", "email", "city", "authority_name", "lang")
LABELS = {
    "name": N_("Name"),
    "email": N_("E-mail address"),
    "city": N_("City"),
    "authority_name": N_("Court or authority"),
    "lang": N_("Language of mails"),
    "functions": N_("Functions"),
    "reason": N_("Why"),
    "issuer": N_("Sign-in of the State"),
    "subject": N_("Name there (subject)"),
}
CHANGED = LABELS | {
    "language": LABELS["lang"],
    "passkey_added": N_("Passkey added"),
    "passkey_removed": N_("Passkey removed"),
    "identity_added": N_("Sign-in of the State added"),
    "identity_removed": N_("Sign-in of the State removed"),
    "recovery_asked": N_("New way in asked for"),
    "recovery_refused": N_("New way in refused"),
    "recovered": N_("New way in given"),
}
"""Labels of fields by their names in the history."""
WAYS: Mapping[str, str] = {
    Way.operator_link: N_("A link printed by the operator"),
    Way.administrator_link: N_("A link created by an administrator"),
    Way.passkey: N_("A passkey"),
    Way.issuer: N_("The sign-in of the State"),
    Way.join_link: N_("A join link"),
    Way.test_link: N_("A join link, to test the equipment"),
    "": N_("Not recorded"),
}
ENDS: Mapping[str, str] = {
    LoginEnd.signed_out: N_("Signed out"),
    LoginEnd.signed_in_again: N_("Signed in again in the same browser"),
    LoginEnd.idle: N_("Ended after twenty minutes of inactivity"),
    LoginEnd.expired: N_("Reached its time limit"),
    LoginEnd.link_replaced: N_("The link was replaced"),
    LoginEnd.link_revoked: N_("The link was revoked"),
    LoginEnd.removed: event_log.WORDS[EventKind.removed],
    LoginEnd.closed: N_("The hearing was over"),
    LoginEnd.cancelled: statuses.HEARING_CANCELLED,
    LoginEnd.deactivated: N_("The account was deactivated"),
    LoginEnd.functions_changed: N_("The functions were changed"),
    LoginEnd.credential_removed: N_("The passkey was removed"),
    LoginEnd.credential_added: N_("A first passkey, or sign-in of the State, was added"),
    LoginEnd.recovered: N_("The person was given a new way in"),
}
DONE = {
    "added": N_("The person has been added. Create a sign-in link for them."),
    "changed": N_("The change has been saved. With other functions, they must sign in again."),
    "deactivate": N_("The account is deactivated, and signed out everywhere. You can reactivate it below."),
    "reactivate": N_("The account is active again. Create a sign-in link for them."),
    "withdraw": LINK_DEAD,
    "identity": N_("The person signs in at their State from now on."),
}
OWN_DONE = {
    "withdraw": LINK_DEAD,
    "passkey_added": N_(
        "The passkey is added. From now on you sign in with it; links no longer let anybody in as you."
    ),
    "identity_added": N_("From now on you can sign in at your State; links let nobody in as you."),
    "identity_removed": N_("It is removed. Where somebody was signed in with it, that has ended."),
    "recovery_stopped": N_("It is stopped. You sign in as before; tell your administrator."),
    "passkey_renamed": N_("The passkey has its new name."),
    "passkey_removed": N_("The passkey is removed. Where somebody was signed in with it, that has ended."),
}


RIGHT = "manage_staff"


def _functions() -> list[tuple[str, str]]:
    return [(function.value, _(roles.FUNCTIONS[function])) for function in StaffFunction]


def function_names(person: Person) -> list[str]:
    """The names of a person's functions, in the language of the page."""
    return [_(roles.FUNCTIONS[StaffFunction(function)]) for function in person.functions]


def _languages() -> list[tuple[str, str]]:
    return [(tag, language.name) for tag, language in LANGUAGES.items()]


def _read(form: Form) -> dict[str, Any]:
    return {name: form.text(name) for name in FIELDS} | {"functions": form.all("functions")}


def _wrong(error: errors.HearingsError) -> list[FormError]:
    if getattr(error, "field", "") == "functions":
        return [FormError("functions", _("Choose at least one function."))]
    return [explained(LABELS)(error)]


# --- all of a State ----------------------------------------------------------------------------------------------


async def listing(request: Request) -> Response:
    """The staff of this State, and the form to add a member."""
    _signed, person = administrator(RIGHT, request)
    return await _list_page(request, person, {}, [])


async def _list_page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    query = request.query_params
    words, only = query.get("q", "").strip()[:100], query.get("only", "")
    active = {"active": True, "inactive": False}.get(only)
    async with request.app.state.parts.database.reading() as db:
        page = await staff_rows.listed(
            db, state=person.owner_state, words=words, active=active, after=query.get("after", ""), limit=PAGE
        )
    context = {
        "rows": page.rows,
        "next": page.after,
        "search": {"q": words, "only": only},
        "values": {"functions": [], "lang": ""} | dict(values),
        "functions": _functions(),
        "function_names": function_names,
        "languages": _languages(),
        "errors": wrong,
    }
    return render(request, "staff.html", context, status=422 if wrong else 200)


@page_act(again(_list_page, _wrong, _read), right=RIGHT)
async def add(sent: Sent) -> str:
    """Add a member of staff of this State. Effects: those of `staff.add`."""
    made = await staff_rows.add(sent.db, state=sent.state, **_read(sent.form), **sent.by)
    return f"/admin/staff/{made.id}?done=added"


def what_changed(reason: str) -> str:
    """A line of the history in words: the fields that were changed, or why somebody was deactivated."""
    parts = [part.partition(": ") for part in reason.split("; ")]
    if not all(name in CHANGED for name, _colon, _rest in parts):
        return reason
    return one_by_one(_(CHANGED[name]) for name, _colon, _rest in parts)


# --- one person --------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One member of staff: data, sign-ins, links and history."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await staff_rows.member(db, request.path_params["person"][:36], state=person.owner_state)
        seen = await _seen(db, row, request)
        history = await staff_rows.history(db, person=row)
        passkeys, _identities = await credentials.in_use(db, person_id=row.id)
        by_passkey = await credentials.ever(db, person_id=row.id)
    known = request.app.state.parts.issuers.issuers.values()
    fields = {"name": row.name, "email": row.email, "city": row.city, "authority_name": row.authority_name}
    context = {
        **seen,
        "row": row,
        "passkeys": passkeys,
        "by_passkey": by_passkey,
        "history": history,
        "what_changed": what_changed,
        "values": fields
        | {"lang": row.language, "functions": row.functions, "reason": "", "issuer": "", "subject": ""}
        | dict(values),
        "functions": _functions(),
        "languages": _languages(),
        "issuer_options": [(issuer.key, issuer.name) for issuer in known if issuer.state == row.owner_state],
        "confirm": "deactivate" in request.query_params,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
        "places": of_person(person),
    }
    return render(request, "staff_person.html", context, status=422 if wrong else 200)


async def _seen(db: Any, row: Person, request: Request) -> dict[str, Any]:
    """The template context with the sign-ins of a person and the links made for them."""
    page = await logins.logins_of(db, person_id=row.id, after=request.query_params.get("before", ""), limit=PAGE)
    now = datetime.now(UTC)
    return {
        "logins": page.rows,
        "earlier": page.after,
        "links": await logins.links_of(db, person_id=row.id),
        "way": lambda login: _(WAYS.get(login.way, WAYS[""])),
        "ended": lambda login: _ended(login, row, now),
        "link_chip": lambda link: _link_chip(link, now),
        "works": lambda link: link.used_at is None and link.withdrawn_at is None and now < link.expires_at,
    }


def _ended(login: Login, person: Person, now: datetime) -> str:
    why = logins.ending(login, person, now)
    return _(ENDS[why]) if why else ""


def _link_chip(link: SignInLink, now: datetime) -> tuple[str, str]:
    if link.used_at is not None:
        return "plain", _("Used")
    if link.withdrawn_at is not None:
        return "plain", _("Withdrawn")
    return ("plain", _("Expired")) if now >= link.expires_at else ("ok", _("Valid"))


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    others = {name: sent.form.text(name) for name in ("reason", "issuer", "subject")}
    values = _read(sent.form) if sent.path["action"] == "changed" else others
    return await _page(sent.request, sent.person, values, _wrong(error))


@page_act(_again, right=RIGHT)
async def act(sent: Sent) -> str | Response:
    """Change, deactivate or reactivate somebody, make or withdraw a link. Effects: those of `hearings.people`."""
    db, form, action = sent.db, sent.form, sent.path["action"]
    if action not in (*DONE, "link") or action == "added":
        raise HTTPException(404, "not_found")
    text = form.text("seen")
    seen = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
    row = await staff_rows.member(db, sent.path["person"][:36], state=sent.state, lock=True)
    match action:
        case "changed":
            if "email" in await staff_rows.change(db, person=row, seen=seen, **_read(form), **sent.by):
                telling = joint_words.telling(sent.request)
                how: dict[str, Any] = {"origin": telling.origin, "say": telling.say, "now": sent.now}
                await administrators.tell_of_credential(db, change="address_changed", person=row, about=row.id, **how)
        case "deactivate":
            await staff_rows.deactivate(db, person=row, seen=seen, reason=form.text("reason"), **sent.by)
        case "reactivate":
            await staff_rows.reactivate(db, person=row, seen=seen, **sent.by)
        case "identity":
            known, telling = sent.parts.issuers.issuers, joint_words.telling(sent.request)
            await bind_identity(known, db, row, form.text("issuer"), form.text("subject"), telling, **sent.by)
        case "withdraw":
            await logins.withdraw_link(db, link_id=form.text("link")[:36], person=row, by=sent.actor, now=sent.now)
        case "link":
            secret = await _make_link(db, row, sent.signed, sent.request, sent.now)
            address = f"{sent.parts.settings.origin}/s#{secret}"
            return render(sent.request, "staff_link.html", {"row": row, "address": address, "minutes": _minutes()})
    return f"/admin/staff/{row.id}?done={action}"


def _minutes() -> int:
    return int(logins.LINK_LIFETIME.total_seconds()) // 60


async def _make_link(db: Any, row: Person, signed: SignedIn, request: Request, now: datetime) -> str:
    if not row.active:
        raise errors.NotReady(tell(recovery.DEACTIVATED))
    secret = await logins.issue_sign_in_link(db, person=row, now=now, by=signed.actor())
    telling = joint_words.telling(request)
    link_hash = logins.hash_secret(secret)
    await administrators.tell_of_link(
        db, person=row, link_hash=link_hash, origin=telling.origin, say=telling.say, now=now
    )
    return secret


# --- the own sign-ins --------------------------------------------------------------------------------------------


async def own(request: Request) -> Response:
    """The passkeys and sign-ins of the person signed in, and the links made for them."""
    return await own_page(request, {"name": ""}, [])


async def own_page(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    """The page of `own`, with what was typed and what was wrong with it."""
    signed, person = staff(request)
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        seen = await _seen(db, person, request)
        passkeys, identities = await credentials.in_use(db, person_id=person.id)
        asked = await recovery.waiting(db, person_id=person.id, now=now)
    known = request.app.state.parts.issuers.issuers.values()
    context = {
        **seen,
        "passkeys": passkeys,
        "recovery": asked,
        "identities": identities,
        "issuers": [row for row in known if row.state == person.owner_state],
        "issuer_name": lambda identity: next(
            (row.name for row in known if row.issuer == identity.issuer), identity.issuer
        ),
        "last_way": len(passkeys) + len(identities) < 2,
        "fresh": (credentials.is_fresh if passkeys or identities else proofs.link_is_fresh)(signed.login, now),
        "places": of_person(person),
        "values": values,
        "errors": wrong,
        "notice": notice(request, OWN_DONE, wrong),
    }
    return render(request, "sign_ins.html", context, status=422 if wrong else 200)


@page_act()
async def withdraw_own(sent: Sent) -> str:
    """Withdraw a link made for oneself. Effects: those of `logins.withdraw_link`."""
    link = sent.form.text("link")[:36]
    await logins.withdraw_link(sent.db, link_id=link, person=sent.person, by=sent.actor, now=sent.now)
    return "/sign-ins?done=withdraw"


routes = [
    Route("/admin/staff", listing, methods=["GET"]),
    Route("/admin/staff", add, methods=["POST"]),
    Route("/admin/staff/{person}", show, methods=["GET"]),
    Route("/admin/staff/{person}/{action}", act, methods=["POST"]),
    Route("/sign-ins", own, methods=["GET"]),
    Route("/sign-ins", withdraw_own, methods=["POST"]),
]
