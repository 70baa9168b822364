"""Files shared in coordination rooms: no exhibits and no evidence, of a closed list of types, for those invited."""

import hashlib
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.coordination import rooms
from hearings.documents.file_types import checked_name, sniff
from hearings.errors import Invalid, NotFound
from hearings.models import CoordinationRoom, RoomDocument, RoomDocumentBytes
from hearings.moves import administered
from hearings.sentences import tell, tell_n
from hearings.texts import clean

MOST = 40
"""Files of one room."""
ALTOGETHER = 200 * 1024 * 1024
"""Bytes of all files of one room."""


async def share(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    title: str,
    name: str,
    data: bytes,
    conditions: str = "",
    actor: Actor,
    now: datetime,
) -> RoomDocument:
    """Share a file with all States of the room, for good. `conditions` as of a text (`rooms.share_document`).

    Raises as `rooms.take_part`, and `Invalid` naming the field: `file` for one that is not taken. Effects: the row, its
    bytes, a line of the log.
    """
    await rooms.take_part(db, room, actor)
    title = clean(title, "title", most=200, least=2)
    conditions = clean(conditions, "conditions", most=2000, lines=True)
    name = checked_name(name)
    media_type = sniff(name, data)
    files = select(func.count(), func.coalesce(func.sum(RoomDocument.size), 0))
    count, size = (await db.exec(files.where(RoomDocument.room_id == room.id, col(RoomDocument.name) != ""))).one()
    if size + len(data) > ALTOGETHER:
        raise Invalid(tell("The files of a room take at most {most} MiB", most=ALTOGETHER // 1024 // 1024), "file")
    if count >= MOST:
        raise Invalid(tell_n("A room takes at most {n} file", "A room takes at most {n} files", MOST), "file")
    made = RoomDocument(
        owner_state=actor.state,
        room_id=room.id,
        title=title,
        text="",
        conditions=conditions,
        shared_label=actor.label,
        shared_at=now,
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    db.add(made)
    await db.flush()
    db.add(RoomDocumentBytes(owner_state=actor.state, document_id=made.id, data=data))
    administered(db, room, "document_shared", actor=actor, now=now, reason=actor.state)
    await db.flush()
    return made


async def read(db: AsyncSession, ref: str, document_id: str, *, state: str) -> tuple[RoomDocument, bytes]:
    """A file of a room and its bytes, for a State that is invited. Raises `NotFound`, alike for a room that there is
    not, one of other States, and a document that is a text."""
    room = await rooms.room(db, ref, state=state)
    query = (
        select(RoomDocument, RoomDocumentBytes)
        .join(RoomDocumentBytes, col(RoomDocumentBytes.document_id) == col(RoomDocument.id))
        .where(RoomDocument.room_id == room.id, RoomDocument.id == document_id[:36])
    )
    found = (await db.exec(query)).first()
    if found is None:
        raise NotFound
    document, content = found
    return document, content.data
