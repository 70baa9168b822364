"""The verification page says of each cosigner when it signed, since when it is waited for, or that it refuses."""

from datetime import UTC, datetime

import pytest

from media.evidence.cosigning import cosigners
from media.evidence.cosigning.cosigner_key import CosignerKey
from media.evidence.cosigning.waiting import Waiting, WaitingHead
from media.evidence.log import tlog
from media.evidence.seal.seal_key import SealKey
from web.operation.health import cosigned
from web.sitting.cosignatures import Cosignature, of_head

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
RO, TH = CosignerKey("ro.example", b"r" * 32), CosignerKey("th.example", b"t" * 32)
LISTED = cosigners.read(
    f"witness RO {RO.vkey} https://ro.example\nwitness TH {TH.vkey} https://th.example\nquorum RO\n"
)
TEXT = tlog.checkpoint_text(ORIGIN, 4, bytes(32))
NOTE = SealKey(bytes(32)).sign(TEXT, ORIGIN)
SIGNED, SINCE = 1_790_000_000, 1_790_000_600


def waits(why: str, origin: str = ORIGIN) -> Waiting:
    return Waiting(SINCE, [WaitingHead(origin, "TH", SINCE, why)])


def test_each_cosigner_is_listed_with_what_it_has_done() -> None:
    note = tlog.with_signatures(NOTE, [RO.cosign(TEXT, SIGNED)])
    signed = Cosignature("RO", datetime.fromtimestamp(SIGNED, UTC))
    since = datetime.fromtimestamp(SINCE, UTC)
    assert of_head(note, LISTED, None) == [signed, Cosignature("TH", None)]
    assert of_head(note, LISTED, waits("away")) == [signed, Cosignature("TH", None, since)]
    assert of_head(note, LISTED, waits("fork")) == [signed, Cosignature("TH", None, since, refused=True)]
    assert of_head(note, LISTED, waits("away", ORIGIN + tlog.CUSTODY)) == [signed, Cosignature("TH", None)]


def test_a_false_cosignature_is_none() -> None:
    false = tlog.with_signatures(NOTE, [RO.cosign(b"another\n", SIGNED)])
    assert of_head(false, LISTED, None)[0] == Cosignature("RO", None)


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (None, "ok"),
        (Waiting(SINCE, []), "ok"),
        (waits("away"), "waiting since 2026-09-21T14:23:20Z, 1 heads"),
        (waits("ahead"), "REFUSED, 1 heads: another past was seen"),
    ],
)
def test_health_says_for_programs_what_waits(waiting: Waiting | None, words: str) -> None:
    assert cosigned(waiting) == words
