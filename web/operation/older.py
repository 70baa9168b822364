"""Whether the data are older than they were: asked by every command that would go on from them.

The anchor, the heads of the seal and what clients of the API have shown are held against the database. What does not
fit is told by reference, number and time; `vivavoce accept-loss` takes it on record.
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
from web.words import i18n

logger = logging.getLogger("vivavoce.web.operation.older")

MOST_TOLD = 20
"""Cases named in a refusal; `vivavoce check` counts them all."""


class OlderData(Exception):
    """The data are older than they were. Nothing was changed; the text says what is missing and what to do."""


async def troubles(settings: Settings, database: Database, signed: dict[str, tuple[int, str]] | None) -> list[Trouble]:
    """Everything that says that newer data were there. `signed`: by the seal; None where it cannot be asked."""
    async with database.reading() as db:
        known = await losses.accepted(db)
        secret = await heads.genesis(db)
        found = []
        if settings.anchor is None:
            if known.anchored:
                text = "an anchor was kept before, and VIVAVOCE_ANCHOR does not name its folder now"
                found.append(Trouble("anchor_unset", text))
        else:
            kept = await _kept(settings, secret, known)
            if isinstance(kept, Trouble):
                found.append(kept)
            elif kept is not None:
                found += await losses.against_anchor(db, kept, known)
        found += await losses.against_clients(db, known)
        if signed is not None:
            found += await losses.against_seal(db, signed, known)
    return found


async def _kept(settings: Settings, secret: str, known: Accepted) -> anchors.Kept | Trouble | None:
    assert settings.anchor is not None
    try:
        text = await asyncio.to_thread(AnchorFile(settings.anchor).read)
    except OSError as error:
        return Trouble("anchor_missing", f"the anchor in {settings.anchor} cannot be read: {error.strerror}")
    if text is None:
        if known.anchored:
            told = f"there is no anchor in {settings.anchor}, where one was kept: is the folder mounted?"
            return Trouble("anchor_missing", told)
        if not settings.anchor.is_dir():
            raise AnchorAway(f"The folder {settings.anchor} of VIVAVOCE_ANCHOR is missing: make it or mount it first")
        return None
    try:
        return anchors.decode(text, secret)
    except AnchorForeign:
        return Trouble("anchor_foreign", f"the anchor in {settings.anchor} is that of another installation")
    except AnchorUnreadable as error:
        return Trouble("anchor_unreadable", f"the anchor in {settings.anchor} is no good: it is {error}")


async def kept(settings: Settings, database: Database) -> anchors.Kept | None:
    """What the anchor says; None where there is none, or none that is good."""
    async with database.reading() as db:
        known, secret = await losses.accepted(db), await heads.genesis(db)
    if settings.anchor is None:
        return None
    found = await _kept(settings, secret, known)
    return None if isinstance(found, Trouble) else found


def signed(settings: Settings) -> dict[str, tuple[int, str]] | None:
    """The heads of recordings the seal signed last, by origin: size and root. None when it cannot be asked. Blocks."""
    keeper = SealKeeper(settings)
    try:
        found = keeper.seal.heads()
    except (SealSilentError, SealRefusedError):
        if (found := keeper.kept()) is None:  # type: ignore[assignment]
            logger.warning("the heads of the seal could not be read")
            return None
    return {
        head.origin: (head.size, head.root.hex())
        for head in found
        if "/hearing/" in head.origin and not head.origin.endswith(tlog.CUSTODY)
    }


async def require_newest(settings: Settings, database: Database) -> None:
    """Refuse to go on from older data. Raises `OlderData`."""
    if found := await troubles(settings, database, await asyncio.to_thread(signed, settings)):
        raise OlderData(refusal(found))


def refusal(found: Sequence[Trouble]) -> str:
    """In plain words: what is missing, and both ways on."""
    lines = ["The data are older than they were, or cannot be compared with what was there. Nothing was changed."]
    for one in found:
        lines.append(f"- {one.text[0].upper()}{one.text[1:]}.")
        lines += [f"    missing: {lost.told()}" for lost in one.lost[:MOST_TOLD]]
        if len(one.lost) > MOST_TOLD:
            lines.append(f"    and {len(one.lost) - MOST_TOLD} more")
    lines.append("Put back the newer data (docs/operation.md). Where they are gone for good, take the loss on record;")
    lines.append("both States are told: vivavoce accept-loss --by NAME --why TEXT")
    return "\n".join(lines)


async def accept(settings: Settings, database: Database, *, actor: str, reason: str, now: datetime) -> list[Trouble]:
    """Take on record what is missing. Raises `NotReady` where nothing is, `Invalid`, `AnchorAway`.

    Effects: those of `losses.accept`; an anchor that is no good gets another name, and a new one is begun.
    """
    found = await troubles(settings, database, await asyncio.to_thread(signed, settings))
    if settings.anchor is not None and not settings.anchor.is_dir():
        raise AnchorAway(f"{settings.anchor} is missing: mount it, or take VIVAVOCE_ANCHOR out of the settings")
    async with database.transaction() as db:
        words = {"origin": settings.origin, "say": i18n.say, "now": now}
        await losses.accept(db, troubles=found, actor=actor, reason=reason, **words)  # type: ignore[arg-type]
    if settings.anchor is not None:
        if {one.code for one in found} & losses.NO_ANCHOR:
            await asyncio.to_thread(AnchorFile(settings.anchor).set_aside)
        keeper = AnchorKeeper(settings.anchor, database)
        try:
            await keeper.begin()
        finally:
            await keeper.stop()
    return found
