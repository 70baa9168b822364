"""Recipients of recordings: an administrator adds the public age keys of the State's authorities, and retires them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.permissions import require_staff
from hearings.sentences import tell
from hearings.signatures import recipients
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import N_, NP_, _
from web.words.places import of_person

KINDS: Mapping[str, str] = {
    "requesting": N_("An authority that asks other States"),
    "requested": N_("An authority that other States ask"),
    "escrow": N_("Kept in escrow, for when an authority has lost its own"),
}
LABELS = {
    "authority_name": N_("Authority"),
    "kind": N_("Whose key it is"),
    "recipient": NP_("recording", "Recipient"),
    "reason": N_("Reason"),
}
WRONG = (
    N_("An age recipient begins with age1 and has 62 characters"),
    N_("This is not a whole age recipient: a character is wrong or missing"),
    N_("This recipient has been added before: make a new key"),
)
"""Texts of `hearings.signatures.recipients`, translated as they are."""
DONE = {
    "added": N_("The recipient is added. Recordings opened from now on are encrypted to it too."),
    "retired": N_("The recipient is retired. Recordings opened from now on are not encrypted to it."),
}


def _administrator(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    state = person.owner_state
    require_staff("manage_recipients", signed.actor(), requesting_state=state, requested_state=state)
    return signed, person


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        rows = await recipients.keys_of(db, state=person.owner_state)
        lacking = await recipients.lacking(db, [person.owner_state])
    done = request.query_params.get("done", "")
    in_force = [row for row in rows if row.retired_at is None]
    context = {
        "rows": rows,
        "in_force": [(row.id, f"{row.authority_name}: {recipients.fingerprint(row.recipient)}") for row in in_force],
        "lacking": bool(lacking),
        "fingerprint": recipients.fingerprint,
        "kind": lambda row: _(KINDS[row.kind]),
        "kinds": [(kind, _(KINDS[kind])) for kind in recipients.KINDS],
        "values": dict(values),
        "errors": wrong,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
        "places": of_person(person),
    }
    return render(request, "recipients.html", context, status=422 if wrong else 200)


async def listing(request: Request) -> Response:
    """The recipients of this State, those retired too; the forms to add one and to retire one."""
    _signed, person = _administrator(request)
    return await _page(request, person, {}, [])


async def add(request: Request) -> Response:
    """Add a recipient, pasted or from a file. Effects: those of `keys.add`. A private key is not shown again."""
    signed, person = _administrator(request)
    form = await forms.read(request, files=1)
    try:
        async with request.app.state.parts.database.transaction() as db:
            await recipients.add(
                db,
                state=person.owner_state,
                authority_name=form.text("authority_name"),
                kind=form.text("kind"),
                recipient=_given(form),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except (errors.Invalid, errors.NotReady) as error:
        kept = {name: text for name, text in form.first.items() if recipients.PRIVATE not in text.upper()}
        return await _page(request, person, kept, [_wrong(error)])
    return RedirectResponse("/admin/recipients?done=added", 303)


def _given(form: Form) -> str:
    """What was pasted, or what the file holds. Raises `Invalid` for both or neither."""
    text = form.text("recipient")
    if bool(text) == bool(form.file):
        raise errors.Invalid(tell("Paste the recipient or choose a file with it: one of the two"), "recipient")
    return text or form.file.decode("utf-8", "replace")


def _wrong(error: errors.HearingsError) -> FormError:
    """What was wrong, in words of this page where it has better ones."""
    known = {
        "This holds a private key": _(
            "This is the private half of a key: whoever has it can open recordings. It was not kept. Its authority "
            "should make a new key, since this one has left its hands."
        ),
        "One of ": _("Say whose key it is."),
        "At least": _("Write why, in at least a few words: this is kept."),
        "This recipient has been retired": _("Choose a recipient that is in force."),
    }
    text = next((words for begin, words in known.items() if str(error).startswith(begin)), "")
    if not text:
        return forms.explain(error, {name: _(label) for name, label in LABELS.items()})
    full = "key" if str(error).startswith("This recipient has been retired") else "recipient"
    return FormError(getattr(error, "field", full), text)


async def retire(request: Request) -> Response:
    """Retire a recipient, at once. Effects: those of `keys.retire`."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    try:
        async with request.app.state.parts.database.transaction() as db:
            key = await recipients.key(db, form.text("key")[:36], state=person.owner_state, lock=True)
            await recipients.retire(
                db, key=key, reason=form.text("reason"), actor=signed.actor(), now=datetime.now(UTC)
            )
    except errors.NotFound:
        return await _page(request, person, form.first, [FormError("key", _("Choose a recipient that is in force."))])
    except (errors.Invalid, errors.NotReady) as error:
        return await _page(request, person, form.first, [_wrong(error)])
    return RedirectResponse("/admin/recipients?done=retired", 303)


routes = [
    Route("/admin/recipients", listing, methods=["GET"]),
    Route("/admin/recipients", add, methods=["POST"]),
    Route("/admin/recipients/retire", retire, methods=["POST"]),
]
