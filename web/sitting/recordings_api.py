"""What is known of the recordings of a hearing: the roots the minutes name. To record and to play is for people."""

from typing import Any

from hearings import queries
from hearings.models import Hearing, Recording
from hearings.status import RecordingStatus
from web.api import examples
from web.api.access import Calling
from web.api.fields import Moment, Shown
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("recordings")

RECORDING: dict[str, Any] = {
    "hearing": "7F3K-22QD",
    "id": examples.ID,
    "sitting": "0193a1b2-9d3e-7a11-9b22-6c7d8e9f0a1b",
    "status": "sealed",
    "origin": "court.example/hearing/0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
    "opened_at": examples.AT,
    "closed_at": examples.AT,
    "sealed_segments": 3_600,
    "size": 734_003_200,
    "root": "ab" * 32,
}


class ShownRecording(Shown):
    """The recording of one sitting. `size` in bytes and `root`, of its log, are there once it is sealed."""

    hearing: str
    id: str
    sitting: str
    status: RecordingStatus
    origin: str
    opened_at: Moment | None
    closed_at: Moment | None
    sealed_segments: int
    size: int | None
    root: str

    @classmethod
    def of(cls, row: Recording, hearing: Hearing) -> "ShownRecording":
        own = {
            name: getattr(row, name) for name in ("id", "status", "origin", "opened_at", "closed_at", "size", "root")
        }
        return cls(**own, hearing=hearing.ref, sitting=row.sitting_id, sealed_segments=row.sealed_count)


class RecordingList(Shown):
    """The recordings of a hearing, oldest first."""

    items: list[ShownRecording]


@router.read("/hearings/{ref}/recordings", scope="hearings:read", example={"items": [RECORDING]}, errors=(404,))
async def list_recordings(caller: Calling, ref: Ref) -> RecordingList:
    """The recordings of a hearing's sittings: how far they are, and the root by which a copy is checked."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    found = await queries.recordings_of_hearing(caller.db, hearing.id)
    return RecordingList(items=[ShownRecording.of(row, hearing) for row in found])
