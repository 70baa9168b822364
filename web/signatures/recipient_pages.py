"""Recipients of recordings: an administrator adds the public age keys of the State's authorities, and retires them."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.sentences import tell
from hearings.signatures import recipients
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words.court_clocks import of_person
from web.words.i18n import N_, NP_, _

KINDS: Mapping[str, str] = {
    "requesting": N_("Requesting authority"),
    "requested": N_("Requested authority"),
    "escrow": N_("Kept in escrow, in case an authority loses its own key"),
}
LABELS = {
    "authority_name": N_("Authority"),
    "kind": N_("Whose key it is"),
    "recipient": NP_("recording", "Recipient"),
    "reason": N_("Reason"),
}
DONE = {
    "added": N_("The recipient has been added. New recordings are also encrypted to it."),
    "retired": N_("The recipient has been retired. New recordings are no longer encrypted to it."),
}


RIGHT = "manage_recipients"


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        rows = await recipients.keys_of(db, state=person.owner_state)
        lacking = await recipients.lacking(db, [person.owner_state])
    in_force = [row for row in rows if row.retired_at is None]
    context = {
        "rows": rows,
        "in_force": [
            (row.id, f"{row.authority_name}: \u2066{recipients.fingerprint(row.recipient)}\u2069") for row in in_force
        ],
        "lacking": bool(lacking),
        "fingerprint": recipients.fingerprint,
        "is_post_quantum": recipients.is_post_quantum,
        "kind": lambda row: _(KINDS[row.kind]),
        "kinds": [(kind, _(KINDS[kind])) for kind in recipients.KINDS],
        "values": dict(values),
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
        "places": of_person(person),
    }
    return render(request, "recipients.html", context, status=422 if wrong else 200)


async def listing(request: Request) -> Response:
    """The recipients of this State, those retired too; the forms to add one and to retire one."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


def _given(form: Form) -> str:
    """The recipient pasted or in the file. Raises `Invalid` for both or neither."""
    text = form.text("recipient")
    if bool(text) == bool(form.file):
        raise errors.Invalid(tell("Paste the recipient or choose a file with it: one of the two"), "recipient")
    return text or form.file.decode("utf-8", "replace")


def _wrong(error: errors.HearingsError) -> FormError:
    """The error beside its input, with a text of this page where it has a more precise one."""
    if isinstance(error, errors.NotFound):
        return FormError("key", _("Choose a recipient that is in force."))
    known = {
        recipients.IS_PRIVATE: _(
            "This is the private half of a key: whoever has it can open recordings. It was not saved. Its "
            "authority should create a new key, since this one has been exposed."
        ),
        "One of ": _("State whose key it is."),
        "At least": _("Give a reason, in at least a few words: it is recorded."),
        recipients.IS_RETIRED: _("Choose a recipient that is in force."),
    }
    text = next((words for begin, words in known.items() if str(error).startswith(begin)), "")
    if not text:
        return explained(LABELS)(error)
    full = "key" if str(error).startswith(recipients.IS_RETIRED) else "recipient"
    return FormError(getattr(error, "field", full), text)


def _public(form: Form) -> dict[str, str]:
    """The values typed, without a private key."""
    return {name: text for name, text in form.first.items() if recipients.PRIVATE not in text.upper()}


@page_act(again(_page, _wrong, _public), (errors.Invalid, errors.NotReady), right=RIGHT, files=1)
async def add(sent: Sent) -> str:
    """Adds a recipient, pasted or from a file. Effects: those of `keys.add`. A private key is not displayed again."""
    await recipients.add(
        sent.db,
        state=sent.state,
        authority_name=sent.form.text("authority_name"),
        kind=sent.form.text("kind"),
        recipient=_given(sent.form),
        **sent.by,
    )
    return "/admin/recipients?done=added"


@page_act(again(_page, _wrong), (errors.Invalid, errors.NotReady, errors.NotFound), right=RIGHT)
async def retire(sent: Sent) -> str:
    """Retire a recipient, at once. Effects: those of `keys.retire`."""
    key = await recipients.key(sent.db, sent.form.text("key")[:36], state=sent.state, lock=True)
    await recipients.retire(sent.db, key=key, reason=sent.form.text("reason"), **sent.by)
    return "/admin/recipients?done=retired"


routes = [
    Route("/admin/recipients", listing, methods=["GET"]),
    Route("/admin/recipients", add, methods=["POST"]),
    Route("/admin/recipients/retire", retire, methods=["POST"]),
]
