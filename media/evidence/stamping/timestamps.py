"""Time-stamps over the signed head of a closed recording, from authorities over HTTP (RFC 3161 §3.4).

A token says that the head was there at a time, by the clock of somebody who is not the court. It lies beside the
checkpoint as `checkpoint.tsr` (docs/recording-format.md §5) and is checked before it is kept: granted, over exactly
these bytes, with the number that was sent, by a certificate of the trust anchors, at a time close to now.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from media.evidence.check.stamp_check import StampError, check_token, end_of, imprint_of, require_token_over
from media.evidence.log import custody
from media.evidence.log.store import sync_folder, write_durably

if TYPE_CHECKING:
    import httpx  # slow to load, and the clock names authorities before it is elected

FILE = custody.TOKEN
REPLY_LIMIT = 64 * 1024
"""Most bytes of an answer that are read."""
SECONDS = 15.0
"""How long an authority has for its answer."""
APART = timedelta(minutes=5)
"""How far the time of a new token may be from this machine's clock."""


class NoStampError(Exception):
    """No authority gave a token that holds. `reasons`: by address, in English."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("; ".join(f"{url}: {why}" for url, why in reasons.items()) or "no authority is configured")
        self.reasons = reasons


class HeadChangedError(Exception):
    """The checkpoint is no longer the one that was stamped: the token is of no use."""


@dataclass(frozen=True)
class Authorities:
    """Where time-stamps come from: addresses, tried in this order, and the certificates that are trusted (PEM)."""

    urls: Sequence[str]
    anchors: bytes


@dataclass(frozen=True)
class Stamp:
    """A token that holds: the whole answer (DER), its time (UTC), and the host of the authority."""

    tsr: bytes
    at: datetime
    by: str


def query(data: bytes, nonce: int) -> bytes:
    """The request for a token over the SHA-256 of these bytes, or over a `Imprint`, with the authority's certificate
    (§2.4.1)."""
    from asn1crypto import tsp  # slow to load

    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint_of(data)}
    asked: bytes = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": nonce, "cert_req": True}).dump()
    return asked


def check(tsr: bytes, data: bytes, nonce: int | None, anchors: bytes, now: datetime | None) -> datetime:
    """The time of a token over these bytes. Raises `StampError` when it does not hold, StampUnavailable without the
    `openssl` command. Blocks. `nonce`: what was sent; `now`: when it came; None where it came long ago."""
    require_token_over(tsr, data)
    if nonce is not None and _nonce(tsr) != nonce:
        raise StampError("it answers another request")
    at = datetime.fromtimestamp(check_token(tsr, data, anchors) / 10**9, UTC)
    if now is not None and abs(at - now) > APART:
        raise StampError(f"its time, {at:%Y-%m-%dT%H:%M:%SZ}, is not that of this machine")
    return at


def _nonce(tsr: bytes) -> int | None:
    from asn1crypto import tsp

    info = tsp.TimeStampResp.load(tsr)["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    found: int | None = info["nonce"].native
    return found


async def obtain(
    authorities: Authorities,
    data: bytes,
    *,
    client: "httpx.AsyncClient",
    clock: Callable[[], datetime],
    outlasting: datetime | None = None,
) -> Stamp:
    """A token over these bytes, from the first authority that gives one that holds, and longer than `outlasting`.

    Raises `NoStampError`.
    """
    import httpx

    reasons: dict[str, str] = {}
    for url in authorities.urls:
        nonce = secrets.randbits(63)
        try:
            tsr = await _ask(client, url, query(data, nonce))
            at = await asyncio.to_thread(check, tsr, data, nonce, authorities.anchors, clock())
            _require_outlasting(tsr, outlasting)
        except (StampError, httpx.HTTPError, TimeoutError) as error:
            reasons[url] = str(error) or type(error).__name__
            continue
        return Stamp(tsr, at, urlsplit(url).netloc)
    raise NoStampError(reasons)


def _require_outlasting(tsr: bytes, than: datetime | None) -> None:
    end = end_of(tsr) if than is not None else None
    if than is not None and end is not None and end <= than.timestamp() * 10**9:
        raise StampError("its certificate ends no later than that of the token it would renew")


async def _ask(client: "httpx.AsyncClient", url: str, asked: bytes) -> bytes:
    headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
    async with (
        asyncio.timeout(SECONDS),
        client.stream("POST", url, content=asked, headers=headers, follow_redirects=False) as answer,
    ):
        if answer.status_code != 200:
            raise StampError(f"HTTP {answer.status_code}")
        if answer.headers.get("content-type", "").partition(";")[0].strip() != "application/timestamp-reply":
            raise StampError("the answer is no time-stamp reply")
        got = b""
        async for part in answer.aiter_bytes():
            got += part
            if len(got) > REPLY_LIMIT:
                raise StampError("the answer is too long")
        return got


def stamped_at(folder: Path, anchors: bytes) -> datetime | None:
    """The time of the token beside a recording's checkpoint, if there is one over it that holds; blocks."""
    try:
        data, tsr = (folder / custody.CHECKPOINT).read_bytes(), (folder / FILE).read_bytes()
        return check(tsr, data, None, anchors, None)
    except (OSError, StampError):
        return None


def keep(folder: Path, data: bytes, stamp: Stamp) -> None:
    """Put a token over the checkpoint `data` beside it, in place of an older one; durable on return. Blocks.

    Raises `HeadChangedError` when the checkpoint is another by now, `CustodyError` when the folder is missing, OSError.
    """
    with custody.locked(folder):
        if (folder / custody.CHECKPOINT).read_bytes() != data:
            raise HeadChangedError
        part = folder / f".{FILE}.{secrets.token_hex(4)}"
        try:
            write_durably(part, stamp.tsr)
            part.rename(folder / FILE)
        finally:
            if os.path.lexists(part):
                part.unlink()
        sync_folder(folder)
