"""Who can open a recording: its recipients are changed by two persons, and the re-wrapped keys are taken in.

The server has no key and cannot look into one. What it can see of a file that comes in, it checks: the recording, the
recipients that two persons named, and how many of which kind each key is encrypted to.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.custody import rewraps
from hearings.models import AuthorityKey, Person, Rewrap
from hearings.sentences import tell
from hearings.signatures.recipients import fingerprint, is_post_quantum
from media.evidence.log import custody, tlog
from media.evidence.log.journal_lines import Line, key_of_file
from media.evidence.log.proof import CourtSeal
from media.evidence.seal import rewrapping
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.signatures.recipient_pages import KINDS
from web.sitting.recording_access import NoProvenEnd, access_of, folder_of, not_proven, seal_of
from web.words.i18n import N_, _, state_name

logger = logging.getLogger("vivavoce.web.custody.key_pages")

DONE = {
    "proposed": N_("The new recipients are proposed. Another person of your State confirms them."),
    "confirmed": N_("The new recipients are confirmed. The keys can now be re-wrapped where a key file is."),
    "withdrawn": N_("The proposal has been withdrawn. Nothing was changed."),
    "taken": N_("The keys of the recording are encrypted to the new recipients."),
}
LABELS = {"recipients": N_("New recipients"), "reason": N_("Reason"), "file": N_("File with the keys")}
ON = (errors.Invalid, errors.NotReady, errors.NotFound, errors.NotAllowed)
NOT_NAMED = N_("A key of a closed session in it is for somebody whom the order of that session does not name")
OTHER_FILE = N_("This file was not made by `vivavoce keys rewrap` for this recording and these recipients")


def _named(key: AuthorityKey) -> str:
    return f"{key.authority_name} ({state_name(key.owner_state)}), {_(KINDS[key.kind])}: {fingerprint(key.recipient)}"


async def _page(request: Request, _person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    access = await access_of(request)
    actor = access.signed.actor()
    allowed = rewraps.may(actor, access.hearing)
    if not allowed:
        access.require("verify")
    async with request.app.state.parts.database.reading() as db:
        rows = await rewraps.of_recording(db, access.recording.id)
        chosen = {row.id: await rewraps.chosen(db, row) for row in rows}
        known = await rewraps.choices(db, access.hearing)
    context = {
        "access": access,
        "places": access.places,
        "rows": rows,
        "chosen": chosen,
        "present": next((row for row in rows if row.ended_at is None), None),
        "own": actor.id,
        "allowed": allowed,
        "closed": access.recording.status in rewraps.CLOSED,
        "options": [(key.id, _named(key)) for key in known],
        "named": _named,
        "values": dict(values) if wrong else {"recipients": [key.id for key in known]},
        "errors": wrong,
        "mixed": len({is_post_quantum(key.recipient) for key in known}) > 1,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "recording_keys.html", context, status=422 if wrong else 200)


async def page(request: Request) -> Response:
    """Who can open the recording, what has become of it, and the forms to change it."""
    access = await access_of(request)
    assert access.signed.person is not None
    return await _page(request, access.signed.person, {}, [])


def _typed(form: Any) -> dict[str, Any]:
    return {"reason": form.text("reason"), "recipients": form.all("recipients")}


@page_act(again(_page, explained(LABELS), _typed), ON)
async def propose(sent: Sent) -> str:
    """Propose recipients. Effects: those of `rewraps.propose`."""
    recording, hearing = await queries.recording(sent.db, sent.path["recording"], state=sent.state)
    await rewraps.propose(
        sent.db,
        recording=recording,
        hearing=hearing,
        recipients=[one[:36] for one in sent.form.all("recipients")],
        reason=sent.form.text("reason"),
        **sent.by,
    )
    return f"/recordings/{recording.id}/keys?done=proposed"


@page_act(again(_page, explained(LABELS), _typed), ON)
async def confirm(sent: Sent) -> str:
    """Confirm what another person has proposed. Effects: those of `rewraps.confirm`."""
    recording, hearing = await queries.recording(sent.db, sent.path["recording"], state=sent.state)
    row = await rewraps.require_open(sent.db, recording.id, sent.form.text("proposal")[:36])
    await rewraps.confirm(sent.db, row=row, hearing=hearing, **sent.by)
    return f"/recordings/{recording.id}/keys?done=confirmed"


@page_act(again(_page, explained(LABELS), _typed), ON)
async def withdraw(sent: Sent) -> str:
    """Withdraw a proposal. Effects: those of `rewraps.withdraw`."""
    recording, hearing = await queries.recording(sent.db, sent.path["recording"], state=sent.state)
    row = await rewraps.require_open(sent.db, recording.id, sent.form.text("proposal")[:36])
    await rewraps.withdraw(sent.db, row=row, hearing=hearing, **sent.by)
    return f"/recordings/{recording.id}/keys?done=withdrawn"


@page_act(again(_page, explained(LABELS), _typed), ON, files=1)
async def take_in(sent: Sent) -> Callable[[], Awaitable[str]]:
    """Take in the keys that were wrapped anew. Effects: in the recording's folder those of `custody.rewrap`, with the
    names of those who proposed, confirmed and brought it; then those of `rewraps.carried_out`."""
    access = await access_of(sent.request)
    wanted = sent.form.text("proposal")[:36]
    row = await rewraps.require_open(sent.db, access.recording.id, wanted)
    keys = await rewraps.due(sent.db, row=row, hearing=access.hearing, actor=sent.actor)
    made = _read(sent.form.file, access.recording.origin, keys)
    entries = _entries(row, sent.signed.name, sent.state)
    folder, seal = folder_of(sent.request, access), await seal_of(sent.request)
    await run_in_threadpool(_require_readers, folder, made, [f"{key.kind} {key.owner_state}" for key in keys])

    async def write() -> str:
        try:
            await run_in_threadpool(_replace, folder, made, entries, seal, access.head_at_close)
        except custody.NotClosedError:
            raise NoProvenEnd from None
        except custody.NotProvenError as error:
            raise await not_proven(sent.request, access, error) from error
        except custody.NotAllowedError as error:
            raise errors.Invalid(tell(OTHER_FILE), "file") from error
        except custody.CustodyError as error:
            logger.error("re-wrapped keys could not be stored: %s", error)
            raise HTTPException(503, "unavailable") from error
        async with sent.parts.database.transaction() as db:
            await rewraps.carried_out(db, row=await rewraps.require_open(db, access.recording.id, wanted), **sent.by)
        return f"/recordings/{access.recording.id}/keys?done=taken"

    return write


def _read(data: bytes, origin: str, keys: Sequence[AuthorityKey]) -> rewrapping.Rewrapped:
    """The keys in a file. Raises `Invalid` unless it is of this recording and for exactly these recipients."""
    try:
        made = rewrapping.read(data)
    except rewrapping.RewrapError as error:
        raise errors.Invalid(tell(OTHER_FILE), "file") from error
    if made.recording != origin or sorted(made.recipients) != sorted(key.recipient for key in keys):
        raise errors.Invalid(tell(OTHER_FILE), "file")
    return made


def _require_readers(folder: Path, made: rewrapping.Rewrapped, names: Sequence[str]) -> None:
    """Raises `Invalid` where the key of a closed session is for somebody whom its order does not name."""
    closed = {number for name in made.files if (number := key_of_file(name))}
    if not closed:
        return
    named = rewrapping.readers((folder / "journal.jsonl").read_bytes())
    if any(not named.get(number, frozenset()).issuperset(names) for number in closed):
        raise errors.Invalid(tell(NOT_NAMED), "file")


def _entries(row: Rewrap, by: str, state: str) -> list[Line]:
    """The lines of the custody log that say who did it: who proposed, who confirmed, who brought the keys."""
    told = (
        (row.proposed_by_label, row.owner_state, "rewrap_proposed"),
        (row.confirmed_by_label, row.owner_state, "rewrap_confirmed"),
        (by, state, "rewrap"),
    )
    return [custody.Accessor(name, "staff", whose).line(what, row.reason) for name, whose, what in told]


def _replace(
    folder: Path,
    made: rewrapping.Rewrapped,
    entries: Sequence[Line],
    seal: CourtSeal,
    kept: Sequence[tlog.Checkpoint],
) -> None:
    if all((folder / name).is_file() and (folder / name).read_bytes() == data for name, data in made.files.items()):
        return  # it was taken in, and the process ended before its row said so
    custody.rewrap(
        folder,
        made.files,
        entries,
        seal,
        time.time_ns(),
        kept,
        recipients=[fingerprint(one) for one in made.recipients],
    )


routes = [
    Route("/recordings/{recording}/keys", page),
    Route("/recordings/{recording}/keys/propose", propose, methods=["POST"]),
    Route("/recordings/{recording}/keys/confirm", confirm, methods=["POST"]),
    Route("/recordings/{recording}/keys/withdraw", withdraw, methods=["POST"]),
    Route("/recordings/{recording}/keys/take-in", take_in, methods=["POST"]),
]
