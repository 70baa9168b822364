"""Staff of a State, for its administrators: added, changed, deactivated, reactivated; their sign-ins and links.

Everybody of the staff sees the own sign-ins and links at `/sign-ins`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Login, Person, SignInLink
from hearings.outward import administrators
from hearings.people import logins, staff as staff_rows
from hearings.people.logins import LoginEnd, Way
from hearings.permissions import require_staff
from hearings.roles import StaffFunction
from hearings.sentences import tell
from web.server import forms, joint_words
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import LANGUAGES, N_, _, one_by_one
from web.words.places import of_person

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
}
CHANGED = LABELS | {"language": LABELS["lang"]}
"""Fields as the history names them."""
FUNCTIONS: Mapping[StaffFunction, str] = {
    StaffFunction.judge: N_("Judge"),
    StaffFunction.clerk: N_("Clerk"),
    StaffFunction.authority: N_("Authority"),
    StaffFunction.administrator: N_("Administrator"),
}
WAYS: Mapping[str, str] = {
    Way.operator_link: N_("A link printed by the operator"),
    Way.administrator_link: N_("A link made by an administrator"),
    Way.join_link: N_("A join link"),
    "": N_("Not noted"),
}
ENDS: Mapping[str, str] = {
    LoginEnd.signed_out: N_("Signed out"),
    LoginEnd.signed_in_again: N_("Signed in again in the same browser"),
    LoginEnd.idle: N_("Ended after twenty minutes without use"),
    LoginEnd.expired: N_("Ended by its age"),
    LoginEnd.link_replaced: N_("The link was replaced"),
    LoginEnd.link_revoked: N_("The link was revoked"),
    LoginEnd.removed: N_("Removed from the hearing"),
    LoginEnd.closed: N_("The hearing was over"),
    LoginEnd.cancelled: N_("The hearing was cancelled"),
    LoginEnd.deactivated: N_("The account was deactivated"),
    LoginEnd.functions_changed: N_("The functions were changed"),
}
DONE = {
    "added": N_("The person is added. Make a sign-in link for them."),
    "changed": N_("The change is made. With other functions, they sign in anew."),
    "deactivate": N_("The account is deactivated, and signed out everywhere. You can reactivate it below."),
    "reactivate": N_("The account is in use again. Make a sign-in link for them."),
    "withdraw": N_("The link no longer works."),
}


def _administrator(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    state = person.owner_state
    require_staff("manage_staff", signed.actor(), requesting_state=state, requested_state=state)
    return signed, person


def _functions() -> list[tuple[str, str]]:
    return [(one.value, _(FUNCTIONS[one])) for one in StaffFunction]


def function_names(person: Person) -> list[str]:
    """What somebody does, in words."""
    return [_(FUNCTIONS[StaffFunction(one)]) for one in person.functions]


def _languages() -> list[tuple[str, str]]:
    return [(tag, one.name) for tag, one in LANGUAGES.items()]


def _read(form: Form) -> dict[str, Any]:
    return {name: form.text(name) for name in FIELDS} | {"functions": form.all("functions")}


def _wrong(error: errors.HearingsError) -> list[FormError]:
    if getattr(error, "field", "") == "functions":
        return [FormError("functions", _("Choose at least one function."))]
    return [forms.explain(error, {name: _(text) for name, text in LABELS.items()})]


# --- all of a State ----------------------------------------------------------------------------------------------


async def listing(request: Request) -> Response:
    """The staff of this State, and the form for another."""
    _signed, person = _administrator(request)
    return await _list_page(request, person, {}, [])


async def _list_page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    query = request.query_params
    words, only = query.get("q", "").strip()[:100], query.get("only", "")
    active = {"active": True, "inactive": False}.get(only)
    async with request.app.state.parts.database.reading() as db:
        page = await staff_rows.listed(
            db, state=person.owner_state, words=words, active=active, after=query.get("after", "")[:36], limit=PAGE
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


async def add(request: Request) -> Response:
    """Add a member of staff of this State. Effects: those of `staff.add`."""
    signed, person = _administrator(request)
    values = _read(await forms.read(request))
    try:
        async with request.app.state.parts.database.transaction() as db:
            made = await staff_rows.add(
                db, state=person.owner_state, actor=signed.actor(), now=datetime.now(UTC), **values
            )
    except errors.Invalid as error:
        return await _list_page(request, person, values, _wrong(error))
    return RedirectResponse(f"/admin/staff/{made.id}?done=added", 303)


def what_changed(reason: str) -> str:
    """A line of the history in words: the fields that were changed, or why somebody was deactivated."""
    parts = [one.partition(": ") for one in reason.split("; ")]
    if not all(name in CHANGED for name, _colon, _rest in parts):
        return reason
    return one_by_one(_(CHANGED[name]) for name, _colon, _rest in parts)


# --- one person --------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One member of staff: what is known, sign-ins, links, what was changed."""
    _signed, person = _administrator(request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await staff_rows.one(db, request.path_params["person"][:36], state=person.owner_state)
        seen = await _seen(db, row, request)
        history = await staff_rows.history(db, person=row)
    known = {"name": row.name, "email": row.email, "city": row.city, "authority_name": row.authority_name}
    done = request.query_params.get("done", "")
    context = {
        **seen,
        "row": row,
        "history": history,
        "what_changed": what_changed,
        "values": known | {"lang": row.language, "functions": row.functions, "reason": ""} | dict(values),
        "functions": _functions(),
        "languages": _languages(),
        "confirm": "deactivate" in request.query_params,
        "errors": wrong,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
        "places": of_person(person),
    }
    return render(request, "staff_person.html", context, status=422 if wrong else 200)


async def _seen(db: Any, row: Person, request: Request) -> dict[str, Any]:
    """The sign-ins of a person and the links made for them, for a page."""
    page = await logins.logins_of(db, person_id=row.id, after=request.query_params.get("before", "")[:36], limit=PAGE)
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
    return ("plain", _("Too old")) if now >= link.expires_at else ("ok", _("Can be used"))


async def act(request: Request) -> Response:
    """Change, deactivate or reactivate somebody, make or withdraw a link. Effects: those of `hearings.people`."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    action, now, parts = request.path_params["action"], datetime.now(UTC), request.app.state.parts
    if action not in (*DONE, "link") or action == "added":
        raise HTTPException(404, "not_found")
    text = form.text("seen")
    how: dict[str, Any] = {"actor": signed.actor(), "now": now}
    seen = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
    secret = ""
    try:
        async with parts.database.transaction() as db:
            row = await staff_rows.one(db, request.path_params["person"][:36], state=person.owner_state, lock=True)
            match action:
                case "changed":
                    await staff_rows.change(db, person=row, seen=seen, **_read(form), **how)
                case "deactivate":
                    await staff_rows.deactivate(db, person=row, seen=seen, reason=form.text("reason"), **how)
                case "reactivate":
                    await staff_rows.reactivate(db, person=row, seen=seen, **how)
                case "withdraw":
                    await logins.withdraw_link(
                        db, link_id=form.text("link")[:36], person=row, by=signed.actor(), now=now
                    )
                case "link":
                    secret = await _make_link(db, row, signed, request, now)
    except errors.Invalid as error:
        kept = _read(form) if action == "changed" else {"reason": form.text("reason")}
        return await _page(request, person, kept, _wrong(error))
    if secret:
        context = {"row": row, "address": f"{parts.settings.origin}/s#{secret}", "minutes": _minutes()}
        return render(request, "staff_link.html", context)
    return RedirectResponse(f"/admin/staff/{row.id}?done={action}", 303)


def _minutes() -> int:
    return int(logins.LINK_LIFETIME.total_seconds()) // 60


async def _make_link(db: Any, row: Person, signed: SignedIn, request: Request, now: datetime) -> str:
    if not row.active:
        raise errors.NotReady(tell("This account is deactivated: reactivate it first"))
    secret = await logins.issue_sign_in_link(db, person=row, now=now, by=signed.actor())
    telling = joint_words.telling(request)
    link_hash = logins.hash_secret(secret)
    await administrators.tell_of_link(
        db, person=row, link_hash=link_hash, origin=telling.origin, say=telling.say, now=now
    )
    return secret


# --- the own sign-ins --------------------------------------------------------------------------------------------


async def own(request: Request) -> Response:
    """The sign-ins of the person who asks, and the links made for them."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        seen = await _seen(db, person, request)
    done = request.query_params.get("done", "")
    context = {**seen, "places": of_person(person), "notice": _(DONE[done]) if done == "withdraw" else None}
    return render(request, "sign_ins.html", context)


async def withdraw_own(request: Request) -> Response:
    """Withdraw a link made for oneself. Effects: those of `logins.withdraw_link`."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        await logins.withdraw_link(
            db, link_id=form.text("link")[:36], person=person, by=signed.actor(), now=datetime.now(UTC)
        )
    return RedirectResponse("/sign-ins?done=withdraw", 303)


routes = [
    Route("/admin/staff", listing, methods=["GET"]),
    Route("/admin/staff", add, methods=["POST"]),
    Route("/admin/staff/{person}", show, methods=["GET"]),
    Route("/admin/staff/{person}/{action}", act, methods=["POST"]),
    Route("/sign-ins", own, methods=["GET"]),
    Route("/sign-ins", withdraw_own, methods=["POST"]),
]
