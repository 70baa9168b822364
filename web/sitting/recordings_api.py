"""What is known of the recordings of a hearing: the roots the minutes name. To record and to play is for people."""

from typing import Annotated

from hearings import queries
from hearings.status import RecordingStatus
from web.api.access import Caller
from web.api.fields import Column, Moment, Shown
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("recordings")


class ShownRecording(Shown):
    """The recording of one sitting. `size` in bytes and `root`, of its log, are there once it is sealed."""

    hearing: str
    id: str
    sitting: Annotated[str, Column("sitting_id")]
    status: RecordingStatus
    origin: str
    opened_at: Moment | None
    closed_at: Moment | None
    sealed_segments: Annotated[int, Column("sealed_count")]
    size: int | None
    root: str


class RecordingList(Shown):
    """The recordings of a hearing, oldest first."""

    items: list[ShownRecording]


@router.read("/hearings/{ref}/recordings", scope="hearings:read", errors=(404,), gives={"recording": "items/0/id"})
async def list_recordings(caller: Caller, ref: Ref) -> RecordingList:
    """The recordings of a hearing's sittings: how far they are, and the root by which a copy is checked."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    found = await queries.recordings_of_hearing(caller.db, hearing.id)
    return RecordingList(items=[ShownRecording.from_row(row, hearing=hearing.ref) for row in found])
