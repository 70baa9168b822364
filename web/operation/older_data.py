"""Detection of data older than a known state (rollback): checked by every command that would continue from them.

The anchor, the heads of the seal and the heads shown by clients of the API are compared with the database. Missing data
are listed by reference, number and time; `vivavoce accept-loss` records their loss.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from hearings.db import Database
from hearings.errors import AnchorAway
from hearings.outward import anchors, heads, losses
from hearings.outward.anchors import AnchorForeign, AnchorUnreadable
from hearings.outward.losses import Accepted, Trouble
from media.evidence.log import tlog
from media.evidence.seal.client import SealSilentError
from media.evidence.seal.heads import SealRefusedError
from web.anchor import AnchorFile, AnchorKeeper
from web.seal_keeper import SealKeeper
from web.settings import Settings
from web.words import sentences

logger = logging.getLogger("vivavoce.web.operation.older")

MOST_TOLD = 20
"""Cases named in a refusal; `vivavoce check` counts them all."""


class OlderData(Exception):
    """The data are older than a known state. Nothing was changed; the text lists the missing data and next steps."""


async def troubles(settings: Settings, database: Database, signed: dict[str, tuple[int, str]] | None) -> list[Trouble]:
    """All evidence that newer data existed. `signed`: the heads of the seal; None where they cannot be read."""
    async with database.reading() as db:
        known = await losses.accepted(db)
        secret = await heads.genesis(db)
        collected = []
        if settings.anchor is None:
            if known.anchored:
                text = "an anchor was kept before, and VIVAVOCE_ANCHOR does not name its folder now"
                collected.append(Trouble("anchor_unset", text))
        else:
            anchor_record = await _read_anchor(settings, secret, known)
            if isinstance(anchor_record, Trouble):
                collected.append(anchor_record)
            elif anchor_record is not None:
                collected += await losses.against_anchor(db, anchor_record, known)
        collected += await losses.against_clients(db, known)
        if signed is not None:
            collected += await losses.against_seal(db, signed, known)
    return collected


async def _read_anchor(settings: Settings, secret: str, known: Accepted) -> anchors.AnchorRecord | Trouble | None:
    assert settings.anchor is not None
    try:
        text = await asyncio.to_thread(AnchorFile(settings.anchor).read)
    except OSError as error:
        return Trouble("anchor_missing", f"the anchor in {settings.anchor} cannot be read: {error.strerror}")
    if text is None:
        if known.anchored:
            missing = f"there is no anchor in {settings.anchor}, where one was kept: is the folder mounted?"
            return Trouble("anchor_missing", missing)
        if not settings.anchor.is_dir():
            raise AnchorAway(f"The folder {settings.anchor} of VIVAVOCE_ANCHOR is missing: make it or mount it first")
        return None
    try:
        return anchors.decode(text, secret)
    except AnchorForeign:
        return Trouble("anchor_foreign", f"the anchor in {settings.anchor} is that of another installation")
    except AnchorUnreadable as error:
        return Trouble("anchor_unreadable", f"the anchor in {settings.anchor} is no good: it is {error}")


async def anchor_record(settings: Settings, database: Database) -> anchors.AnchorRecord | None:
    """The record of the anchor; None where there is none, or no valid one."""
    async with database.reading() as db:
        known, secret = await losses.accepted(db), await heads.genesis(db)
    if settings.anchor is None:
        return None
    record = await _read_anchor(settings, secret, known)
    return None if isinstance(record, Trouble) else record


def signed(settings: Settings) -> dict[str, tuple[int, str]] | None:
    """The heads of recordings the seal signed last, by origin: size and root. None when they cannot be read. Blocks."""
    keeper = SealKeeper(settings)
    try:
        heads = keeper.seal.heads()
    except (SealSilentError, SealRefusedError):
        if (heads := keeper.heads()) is None:  # type: ignore[assignment]
            logger.warning("the heads of the seal could not be read")
            return None
    return {
        head.origin: (head.size, head.root.hex())
        for head in heads
        if "/hearing/" in head.origin and not head.origin.endswith(tlog.CUSTODY)
    }


async def require_newest(settings: Settings, database: Database) -> None:
    """Check that no newer data are known. Raises `OlderData`."""
    if open_troubles := await troubles(settings, database, await asyncio.to_thread(signed, settings)):
        raise OlderData(refusal(open_troubles))


def refusal(open_troubles: Sequence[Trouble]) -> str:
    """The text of the refusal: the missing data, and the two ways to continue."""
    lines = ["The data are older than they were, or cannot be compared with what was there. Nothing was changed."]
    for trouble in open_troubles:
        lines.append(f"- {trouble.text[0].upper()}{trouble.text[1:]}.")
        lines += [f"    missing: {lost.line()}" for lost in trouble.lost[:MOST_TOLD]]
        if len(trouble.lost) > MOST_TOLD:
            lines.append(f"    and {len(trouble.lost) - MOST_TOLD} more")
    lines.append("Put back the newer data (docs/operation.md). Where they are gone for good, take the loss on record;")
    lines.append("both States are told: vivavoce accept-loss --by NAME --why TEXT")
    return "\n".join(lines)


async def accept(settings: Settings, database: Database, *, actor: str, reason: str, now: datetime) -> list[Trouble]:
    """Record the loss of the missing data. Raises `NotReady` where none are missing, `Invalid`, `AnchorAway`.

    Effects: those of `losses.accept`; an invalid anchor is renamed, and a new one is begun.
    """
    open_troubles = await troubles(settings, database, await asyncio.to_thread(signed, settings))
    if settings.anchor is not None and not settings.anchor.is_dir():
        raise AnchorAway(f"{settings.anchor} is missing: mount it, or take VIVAVOCE_ANCHOR out of the settings")
    async with database.transaction() as db:
        words = {"origin": settings.origin, "say": sentences.say, "now": now}
        await losses.accept(db, troubles=open_troubles, actor=actor, reason=reason, **words)  # type: ignore[arg-type]
    if settings.anchor is not None:
        if {trouble.code for trouble in open_troubles} & losses.NO_ANCHOR:
            await asyncio.to_thread(AnchorFile(settings.anchor).set_aside)
        keeper = AnchorKeeper(settings.anchor, database)
        try:
            await keeper.begin()
        finally:
            await keeper.stop()
    return open_troubles
