"""The directory of authorities: listed, searched, imported, exported as a table; and the authorities' signing keys."""

import hashlib
from datetime import date
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from hearings import reference
from hearings.errors import NotFound
from hearings.models.people import ContactTopic, Network
from hearings.outward import joint_changes
from hearings.paging import listed
from hearings.people import directory
from hearings.people.directory import DirectoryEntry
from hearings.signatures import signing_keys
from web.api import files, paging
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.sending import joint_words

router = Resource("directory")

LARGEST = 2_000_000
"""Bytes of a table."""
EntryId = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Id of the entry.")]
State = Annotated[str, Field(pattern="^([A-Z]{2})?$", description="Only this State's.")]
Reason = Annotated[
    str,
    Field(
        max_length=2000,
        description="Why rows of another State are changed: read by who confirms them. Needed where some are.",
    ),
]


class ShownTopic(Shown):
    """Whom to ask about a topic; `hours` are in the authority's own time."""

    topic: ContactTopic
    contact: str
    hours: str


class EntrySeen(Model):
    """The mark of the entry that was looked at."""

    seen: str = Field(min_length=32, max_length=32, examples=["0" * 32])


class ShownEntry(Shown):
    """An authority. `old`: nobody is known to have checked it within a year; `confidence` is that of the data files."""

    id: str
    state: str
    kind: str
    name: str
    contact: str
    email: str
    phone: str
    address: str
    languages: list[str]
    networks: list[str]
    source: str
    as_of: date | None
    old: bool
    confidence: str
    confirmed_by: str
    instruments: list[str]
    offence_scopes: list[str]
    topics: list[ShownTopic]
    around_the_clock: str
    seen: str = Field(description="The mark of the entry as it is now: who confirms hands it back.")


class EntryList(Shown):
    """A page of the directory, by State, kind and name."""

    items: list[ShownEntry]
    next: str


class WaitingRows(Shown):
    """Rows of another State: they count once an administrator of it has confirmed the change with this id."""

    id: str
    state: str
    rows: int


class Imported(Shown):
    """How many rows count now, and what waits."""

    rows: int
    waiting: list[WaitingRows]


class ShownAuthorityKey(Shown):
    """A public Ed25519 key with which an authority signs; one that is retired still proves what it signed before."""

    kid: str
    state: Annotated[str, Column("owner_state")]
    authority: Annotated[str, Column("authority_name")]
    public_key: str
    demo: bool
    created_at: Moment
    retired_at: Moment | None


class KeyList(Shown):
    """The keys a State has had, oldest first."""

    items: list[ShownAuthorityKey]


def _id(one: DirectoryEntry) -> str:
    """What names an entry: State, kind and name, which a new import keeps."""
    return hashlib.sha256("\n".join((one.state, one.kind, one.name)).encode()).hexdigest()[:32]


@router.read("/directory", scope="directory:read", paged=True, gives={"entry_id": "items/0/id"})
async def list_directory(
    caller: Caller,
    state: State = "",
    network: Annotated[Network | None, Field(description="Only contact points of this network.")] = None,
    words: Annotated[str, Field(max_length=100, description="Only entries that have these words in them.")] = "",
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> EntryList:
    """The directory of all States or one, of all networks or one, or what has some words in it."""
    rows = await directory.entries(caller.db, state=state, network=network.value if network else "")
    wanted = words.casefold().split()
    rows = [row for row in rows if all(word in "\n".join(row.cells()).casefold() for word in wanted)]
    page = listed({_id(row): row for row in rows}, after=after, limit=limit)
    shown = [_entry(row, caller.now.date()) for row in page.rows]
    return EntryList(items=shown, next=paging.link(caller, page.after))


@router.read("/directory/table.csv", scope="directory:read", **files.answers("text/csv"))
async def export_directory(caller: Caller, state: State = "") -> Response:
    """The directory as a table (RFC 4180) to be imported again; no cell is a formula to a spreadsheet.

    Rows of the data files do not say when they were last checked; that day is filled in before they are imported.
    """
    rows = await directory.entries(caller.db, state=state)
    return files.download(directory.write(rows).encode(), name="directory.csv", media_type="text/csv; charset=utf-8")


@router.read("/directory/{entry_id}", scope="directory:read", errors=(404,))
async def read_directory_entry(caller: Caller, entry_id: EntryId) -> ShownEntry:
    """One authority or contact point."""
    for entry in await directory.entries(caller.db):
        if _id(entry) == entry_id:
            return _entry(entry, caller.now.date())
    raise NotFound


def _entry(entry: DirectoryEntry, on: date) -> ShownEntry:
    topics = [ShownTopic(topic=ContactTopic(one.topic), contact=one.contact, hours=one.hours) for one in entry.topics]
    return ShownEntry.from_row(entry, id=_id(entry), old=entry.old(on), topics=topics, seen=directory.mark(entry))


@router.act("/directory/{entry_id}/confirm", scope="directory:write", errors=(404, 409))
async def confirm_directory_entry(caller: Caller, entry_id: EntryId, body: EntrySeen) -> ShownEntry:
    """Put on record that an entry was checked today and is right. Of another State with administrators: 403."""
    for entry in await directory.entries(caller.db):
        if _id(entry) == entry_id:
            named = (entry.state, entry.kind, entry.name)
            confirmed = await joint_changes.confirm_entry(
                caller.db, entry=named, seen=body.seen, actor=caller.actor, now=caller.now
            )
            return _entry(confirmed, caller.now.date())
    raise NotFound


@router.act("/directory/table.csv", scope="directory:write", body="table", limit=LARGEST)
async def import_directory(caller: Caller, upload: files.Upload, reason: Reason = "") -> Imported:
    """Import a table, whole or not at all (422 `rows_refused`, with every mistake by line and column).

    What it names by State, kind and name replaces what is there. Rows of the own State count at once; those of another
    State that differ from what is there wait until that State confirms them (`POST /changes/{change}/confirm`), and
    need a `reason`.
    """
    try:
        text = upload.data.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError("invalid_input", "The table is not in UTF-8") from None
    telling = joint_words.telling(caller.request)
    made = await joint_changes.import_directory(
        caller.db, text=text, reason=reason, actor=caller.actor, telling=telling, now=caller.now
    )
    waiting = [WaitingRows(id=one.id, state=one.concerns, rows=len(one.data)) for one in made.waiting]
    return Imported(rows=made.rows, waiting=waiting)


@router.read("/signing-keys", scope="")
async def list_signing_keys(
    caller: Caller,
    state: Annotated[str, Field(pattern="^[A-Z]{2}$", description="The State whose keys are asked for.")],
) -> KeyList:
    """The signing keys of a State's authorities, so that what they signed can be checked by anybody."""
    rows = await signing_keys.keys_of(caller.db, state=reference.jurisdiction(state).state)
    return KeyList(items=[ShownAuthorityKey.from_row(row) for row in rows])
