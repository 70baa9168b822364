"""The directory of authorities: listed, searched, imported, exported as a table; and the authorities' signing keys."""

import hashlib
from datetime import date
from typing import Annotated

from fastapi import Path, Query, Response

from hearings import reference
from hearings.errors import Invalid, NotFound
from hearings.models import SigningKey
from hearings.models.directory import Network
from hearings.outward import joint_changes
from hearings.people import directory
from hearings.people.directory import Entry
from hearings.signatures import signing_keys
from web.api import examples, files, paging
from web.api.access import Calling
from web.api.fields import Moment, Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.server import joint_words

router = Resource("directory")

LARGEST = 2_000_000
"""Bytes of a table."""
EntryId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of the entry.", examples=["0" * 32])]
State = Annotated[str, Query(pattern="^([A-Z]{2})?$", description="Only this State's.", examples=["TH"])]
ENTRY = {
    "id": "5d41402abc4b2a76b9719d911017c592",
    "state": "TH",
    "kind": "central_authority",
    "name": "Office of the Attorney General",
    "contact": "International Affairs Department",
    "email": "inter@ago.example",
    "phone": "+66 2 000 0000",
    "address": "Bangkok",
    "languages": ["th", "en"],
    "networks": [],
    "source": "the authority itself",
    "as_of": "2027-01-15",
    "old": False,
    "confidence": "",
}
IMPORTED = {"rows": 12, "waiting": [{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "state": "TH", "rows": 2}]}
KEY = {
    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "state": "TH",
    "authority": "Office of the Attorney General",
    "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "demo": False,
    "created_at": examples.AT,
    "retired_at": None,
}


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

    @classmethod
    def of(cls, one: Entry, on: date) -> "ShownEntry":
        return cls(
            **(vars(one) | {"languages": list(one.languages), "networks": list(one.networks)}),
            id=_id(one),
            old=one.old(on),
        )


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
    state: str
    authority: str
    public_key: str
    demo: bool
    created_at: Moment
    retired_at: Moment | None

    @classmethod
    def of(cls, row: SigningKey) -> "ShownAuthorityKey":
        own = {name: getattr(row, name) for name in cls.model_fields if name not in ("state", "authority")}
        return cls(**own, state=row.owner_state, authority=row.authority_name)


class KeyList(Shown):
    """The keys a State has had, oldest first."""

    items: list[ShownAuthorityKey]


def _id(one: Entry) -> str:
    """What names an entry: State, kind and name, which a new import keeps."""
    return hashlib.sha256("\n".join((one.state, one.kind, one.name)).encode()).hexdigest()[:32]


@router.read(
    "/directory",
    scope="directory:read",
    example={"items": [ENTRY], "next": ""},
    paged=True,
    gives={"entry_id": "items/0/id"},
)
async def list_directory(
    caller: Calling,
    state: State = "",
    network: Annotated[Network | None, Query(description="Only contact points of this network.")] = None,
    words: Annotated[str, Query(max_length=100, description="Only entries that have these words in them.")] = "",
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> EntryList:
    """The directory of all States or one, of all networks or one, or what has some words in it."""
    rows = await directory.entries(caller.db, state=state, network=network.value if network else "")
    wanted = words.casefold().split()
    rows = [one for one in rows if all(word in "\n".join(one.cells()).casefold() for word in wanted)]
    ids = [_id(one) for one in rows]
    if after and after not in ids:
        raise Invalid("This is not the mark of a page", "after")
    begin = ids.index(after) + 1 if after else 0
    more = ids[begin + limit - 1] if len(rows) > begin + limit else ""
    shown = [ShownEntry.of(one, caller.now.date()) for one in rows[begin : begin + limit]]
    return EntryList(items=shown, next=paging.link(caller, more))


@router.read(
    "/directory/table.csv",
    scope="directory:read",
    example=",".join(directory.COLUMNS),
    **files.answers("text/csv"),
)
async def export_directory(caller: Calling, state: State = "") -> Response:
    """The directory as a table (RFC 4180) to be imported again; no cell is a formula to a spreadsheet.

    Rows of the data files do not say when they were last checked; that day is filled in before they are imported.
    """
    rows = await directory.entries(caller.db, state=state)
    return files.download(directory.write(rows).encode(), name="directory.csv", media_type="text/csv; charset=utf-8")


@router.read("/directory/{entry_id}", scope="directory:read", example=ENTRY, errors=(404,))
async def read_directory_entry(caller: Calling, entry_id: EntryId) -> ShownEntry:
    """One authority or contact point."""
    for one in await directory.entries(caller.db):
        if _id(one) == entry_id:
            return ShownEntry.of(one, caller.now.date())
    raise NotFound


@router.act("/directory/table.csv", scope="directory:write", body="table", limit=LARGEST, example=IMPORTED)
async def import_directory(caller: Calling, upload: files.Uploaded) -> Imported:
    """Import a table, whole or not at all (422 `rows_refused`, with every mistake by line and column).

    What it names by State, kind and name replaces what is there. Rows of the own State count at once; those of another
    State that differ from what is there wait until an administrator of that State confirms them on a page.
    """
    try:
        text = upload.data.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError("invalid_input", "The table is not in UTF-8") from None
    telling = joint_words.telling(caller.request)
    made = await joint_changes.import_directory(
        caller.db, text=text, actor=caller.actor, telling=telling, now=caller.now
    )
    waiting = [WaitingRows(id=one.id, state=one.concerns, rows=len(one.data)) for one in made.waiting]
    return Imported(rows=made.rows, waiting=waiting)


@router.read("/signing-keys", scope="", example={"items": [KEY]})
async def list_signing_keys(
    caller: Calling,
    state: Annotated[
        str, Query(pattern="^[A-Z]{2}$", description="The State whose keys are asked for.", examples=["TH"])
    ],
) -> KeyList:
    """The signing keys of a State's authorities, so that what they signed can be checked by anybody."""
    rows = await signing_keys.keys_of(caller.db, state=reference.jurisdiction(state).state)
    return KeyList(items=[ShownAuthorityKey.of(one) for one in rows])
