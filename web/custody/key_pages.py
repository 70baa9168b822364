"""Who can open a recording: its recipients are changed by two persons, and the re-wrapped keys are taken in.

The server has no key and cannot look into one. What it can see of a file that comes in, it checks: the recording, the
recipients that two persons named, and how many of which kind each key is encrypted to. The keys that are replaced are
kept until the new ones have opened the recording: another person than the one who brought those can put them back.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio.from_thread
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
from media.evidence.log import custody, former_keys, key_exchange
from media.evidence.log.journal_lines import Line, key_of_file
from media.evidence.seal import key_use, rewrapping
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.signatures.recipient_pages import KINDS
from web.sitting.custody import WHY
from web.sitting.recording_access import NoProvenEnd, RecordingAccess, access_of, folder_of, not_proven, seal_of
from web.words.i18n import N_, _, state_name

T = TypeVar("T")
logger = logging.getLogger("vivavoce.web.custody.key_pages")

DONE = {
    "proposed": N_("The new recipients are proposed. Another person of your State confirms them."),
    "confirmed": N_("The new recipients are confirmed. The keys can now be re-wrapped where a key file is."),
    "withdrawn": N_("The proposal has been withdrawn. Nothing was changed."),
    "taken": N_("The keys of the recording are encrypted to the new recipients."),
    "put_back": N_("The former keys are in their places again."),
    "discarded": N_("The former keys have been deleted."),
    "told": N_("The use of the key is in the custody log, with your name."),
}
LABELS = {
    "recipients": N_("New recipients"),
    "reason": N_("Reason"),
    "file": N_("File with the keys"),
    "note": N_("Note of the use"),
    "why": N_("Why was the key used?"),
}
ON = (errors.Invalid, errors.NotReady, errors.NotFound, errors.NotAllowed)
FORMER_KEPT = N_(
    "The keys were exchanged before, and the former ones are still kept: open the recording with the present keys"
    " first, or have the former ones put back or deleted"
)
NO_FORMER = N_("No former keys of the recording are kept any more")
TAKEN_IN = N_("The keys have been taken in already")
NOT_NAMED = N_("A key of a closed session in it is for somebody whom the order of that session does not name")
NO_NOTE = N_("This file is no note that `vivavoce render` or `vivavoce verify` has made for this recording")
TOO_EARLY = N_("By its time the key was used before the recording began. The clock of that computer was wrong")
TOO_OFTEN = N_("You have told of many uses of this recording's keys within a day. Bring this note tomorrow")
OTHER_FILE = N_("This file was not made by `vivavoce keys rewrap` for this recording and these recipients")


def _named(key: AuthorityKey) -> str:
    """A recipient in words. Name and fingerprint are isolated: read aloud, its groups are in order in Arabic too."""
    name, print_ = f"\u2068{key.authority_name}\u2069", f"\u2066{fingerprint(key.recipient)}\u2069"
    return f"{name} ({state_name(key.owner_state)}), {_(KINDS[key.kind])}: {print_}"


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
        exchange = await rewraps.last_exchange(db, access.recording.id)
    former = await run_in_threadpool(former_keys.of, folder_of(request, access)) if exchange is not None else []
    context = {
        "access": access,
        "places": access.places,
        "rows": rows,
        "chosen": chosen,
        "present": next((row for row in rows if row.ended_at is None), None),
        "own": actor.id,
        "former": former,
        "exchange": exchange,
        "exchanged_by": rewraps.exchanged(exchange)[0] if exchange is not None else "",
        "allowed": allowed,
        "closed": access.recording.status in rewraps.CLOSED,
        "options": [(key.id, _named(key)) for key in known],
        "named": _named,
        "values": dict(values) if wrong else {"recipients": [key.id for key in known]},
        "errors": wrong,
        "mixed": len({is_post_quantum(key.recipient) for key in known}) > 1,
        "notice": notice(request, DONE, wrong),
        "may_tell": access.may("view_recording").allowed,
        "reasons": [(code, _(text)) for code, text in WHY.items()],
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
async def withdraw(sent: Sent) -> Any:
    """Withdraw a proposal. Effects: those of `rewraps.withdraw`. Of one whose keys were being taken in, the custody log
    says whether it has been carried out; if so, it is over as that."""
    recording, hearing = await queries.recording(sent.db, sent.path["recording"], state=sent.state)
    row = await rewraps.require_open(sent.db, recording.id, sent.form.text("proposal")[:36])
    url = f"/recordings/{recording.id}/keys?done=withdrawn"
    if not await rewraps.revoke(sent.db, row=row, hearing=hearing, actor=sent.actor):
        await rewraps.withdraw(sent.db, row=row, hearing=hearing, **sent.by)
        return url
    access = await access_of(sent.request)

    async def look() -> str:
        was = partial(key_exchange.was_rewrapped, folder_of(sent.request, access), await seal_of(sent.request), row.id)
        carried_out = await _written(sent, access, was)
        async with sent.parts.database.transaction() as db:
            if not carried_out:
                found = await rewraps.require_open(db, recording.id, row.id)
                await rewraps.withdraw(db, row=found, hearing=hearing, **sent.by)
                return url
            await rewraps.carried_out(db, row_id=row.id, by="", label=sent.actor.label, now=datetime.now(UTC))
        raise errors.NotReady(tell(TAKEN_IN))

    return look


@page_act(again(_page, explained(LABELS), _typed), ON, files=1)
async def take_in(sent: Sent) -> Callable[[], Awaitable[str]]:
    """Take in the keys that were wrapped anew. Effects: the claim of `rewraps.begin_taking`; in the recording's folder
    those of `key_exchange.rewrap`, with the names of those who proposed, confirmed and brought it; then those of
    `rewraps.carried_out`."""
    access = await access_of(sent.request)
    if not sent.form.file:
        raise errors.Invalid(tell("Choose the file with the keys"), "file")
    row = await rewraps.require_open(sent.db, access.recording.id, sent.form.text("proposal")[:36])
    claimed_by = row.taken_by if row.claim else ""
    keys, claim = await rewraps.begin_taking(sent.db, row=row, hearing=access.hearing, actor=sent.actor)
    made = _read(sent.form.file, access.recording.origin, keys)
    folder = folder_of(sent.request, access)
    await run_in_threadpool(_require_readers, folder, made, [f"{key.kind} {key.owner_state}" for key in keys])
    still = _still(sent, row.id, claim)

    async def write() -> str:
        work = partial(
            key_exchange.rewrap,
            folder,
            made.files,
            _entries(row, sent.signed.name, sent.state),
            await seal_of(sent.request),
            time.time_ns(),
            access.head_at_close,
            recipients=[fingerprint(one) for one in made.recipients],
            proposal=row.id,
            still=still,
        )
        own = await _claimed(sent, access, row.id, claim, work)
        by = sent.person.id if own else claimed_by
        async with sent.parts.database.transaction() as db:
            await rewraps.carried_out(db, row_id=row.id, by=by, label=sent.actor.label, now=datetime.now(UTC))
        if not own:
            raise errors.NotReady(tell(TAKEN_IN))
        return f"/recordings/{access.recording.id}/keys?done=taken"

    return write


@page_act(again(_page, explained(LABELS), _typed), ON)
async def put_back(sent: Sent) -> Callable[[], Awaitable[str]]:
    """Put the former keys back, where those that took their places open nothing: another person than the one who
    brought these. Effects: those of `key_exchange.put_back`; then those of `rewraps.put_back`."""
    access = await access_of(sent.request)
    row, claim = await rewraps.begin_putting_back(
        sent.db,
        recording_id=access.recording.id,
        row_id=sent.form.text("proposal")[:36],
        hearing=access.hearing,
        actor=sent.actor,
    )
    still = _still(sent, row.id, claim)

    async def write() -> str:
        work = partial(
            key_exchange.put_back,
            folder_of(sent.request, access),
            [_by(sent).line("rewrap_put_back", row.reason)],
            await seal_of(sent.request),
            time.time_ns(),
            access.head_at_close,
            proposal=rewraps.name_of(row, back=True),
            still=still,
        )
        await _claimed(sent, access, row.id, claim, work)
        async with sent.parts.database.transaction() as db:
            await rewraps.put_back(db, row_id=row.id, actor=sent.actor, now=datetime.now(UTC))
        return f"/recordings/{access.recording.id}/keys?done=put_back"

    return write


@page_act(again(_page, explained(LABELS), _typed), ON)
async def discard(sent: Sent) -> Callable[[], Awaitable[str]]:
    """Delete the former keys: another person than the one who exchanged them last. Effects: a line of the custody log;
    those of `key_exchange.discard_former`."""
    access = await access_of(sent.request)
    row = await rewraps.require_other(
        sent.db,
        recording_id=access.recording.id,
        row_id=sent.form.text("proposal")[:36],
        hearing=access.hearing,
        actor=sent.actor,
    )
    proposal = rewraps.name_of(row, back=not row.done)

    async def write() -> str:
        work = partial(
            key_exchange.discard_former,
            folder_of(sent.request, access),
            [_by(sent).line("rewrap_former_deleted", row.reason)],
            await seal_of(sent.request),
            time.time_ns(),
            access.head_at_close,
            proposal=proposal,
        )
        if not await _written(sent, access, work):
            raise errors.NotReady(tell(rewraps.BUSY))
        return f"/recordings/{access.recording.id}/keys?done=discarded"

    return write


def _by(sent: Sent) -> custody.Accessor:
    return custody.Accessor(sent.signed.name, "staff", sent.state)


def _still(sent: Sent, row_id: str, claim: str) -> Callable[[], None]:
    """For the thread that holds the lock of the recording: raises `NotReady` when the claim is not good any more. It
    reads only, since somebody may hold the database and wait for the lock."""

    async def look() -> None:
        async with sent.parts.database.reading() as db:
            if not await rewraps.holds(db, row_id, claim):
                raise errors.NotReady(tell(rewraps.BUSY))

    return lambda: anyio.from_thread.run(look)


def _typed_use(form: Any) -> dict[str, Any]:
    return {"why": form.text("why"), "recipients": []}


@page_act(again(_page, explained(LABELS), _typed_use), ON, files=1)
async def tell_use(sent: Sent) -> Callable[[], Awaitable[str]]:
    """Tell that a key was used away from this server. Effects: those of `key_exchange.record_use`, with the name of who
    brings the note, and with what was done when; a note is written once."""
    access = await access_of(sent.request)
    access.require("view_recording")
    if not sent.form.file:
        raise errors.Invalid(tell("Choose the note"), "note")
    why = sent.form.text("why")
    if why not in WHY:
        raise errors.Invalid(tell("Choose a reason"), "why")
    try:
        use = key_use.read(sent.form.file, access.recording.origin, sent.now)
    except key_use.KeyUseError as error:
        raise errors.Invalid(tell(NO_NOTE), "note") from error
    more = {"what": use.what, "used": str(int(use.at.timestamp()) * 10**9)}
    lines = [access.accessor.key_line(key, why, use.id) | more for key in use.keys]
    folder = folder_of(sent.request, access)

    async def write() -> str:
        seal = await seal_of(sent.request)
        work = partial(key_exchange.record_use, folder, lines, seal, time.time_ns(), access.head_at_close)
        try:
            await _written(sent, access, work)
        except key_exchange.NoSuchKeyError as error:
            raise errors.Invalid(tell(NO_NOTE), "note") from error
        except key_exchange.UsedTooEarlyError as error:
            raise errors.Invalid(tell(TOO_EARLY), "note") from error
        except key_exchange.ToldTooOftenError as error:
            raise errors.Invalid(tell(TOO_OFTEN), "note") from error
        return f"/recordings/{access.recording.id}/keys?done=told"

    return write


async def _claimed(sent: Sent, access: RecordingAccess, row_id: str, claim: str, work: Callable[[], T]) -> T:
    """As `_written`; where it does not come off, the claim ends. It stays where the server died or may have signed."""
    try:
        return await _written(sent, access, work)
    except errors.HearingsError:
        async with sent.parts.database.transaction() as db:
            await rewraps.let_go(db, row_id=row_id, claim=claim)
        raise


async def _written(sent: Sent, access: RecordingAccess, work: Callable[[], T]) -> T:
    """What `work` returns, which writes into the recording's folder in a thread. Its errors as those of the page."""
    try:
        return await run_in_threadpool(work)
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except custody.NotProvenError as error:
        raise await not_proven(sent.request, access, error) from error
    except custody.NotAllowedError as error:
        raise errors.Invalid(tell(OTHER_FILE), "file") from error
    except (key_exchange.NoSuchKeyError, key_exchange.UsedTooEarlyError, key_exchange.ToldTooOftenError):
        raise
    except key_exchange.NoFormerError as error:
        raise errors.NotReady(tell(NO_FORMER)) from error
    except key_exchange.FormerKeptError as error:
        raise errors.NotReady(tell(FORMER_KEPT)) from error
    except custody.CustodyError as error:
        logger.error("keys could not be exchanged: %s", error)
        raise HTTPException(503, "unavailable") from error


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


routes = [
    Route("/recordings/{recording}/keys", page),
    Route("/recordings/{recording}/keys/propose", propose, methods=["POST"]),
    Route("/recordings/{recording}/keys/confirm", confirm, methods=["POST"]),
    Route("/recordings/{recording}/keys/withdraw", withdraw, methods=["POST"]),
    Route("/recordings/{recording}/keys/take-in", take_in, methods=["POST"]),
    Route("/recordings/{recording}/keys/put-back", put_back, methods=["POST"]),
    Route("/recordings/{recording}/keys/discard", discard, methods=["POST"]),
    Route("/recordings/{recording}/keys/used", tell_use, methods=["POST"]),
]
