"""ICE and DTLS as in a browser that knows only an SRTP profile no media worker takes."""

import contextlib
import re

from aiortc.rtcdtlstransport import SRTPProtectionProfile

from tests.support.live_pages import Page

OLD = SRTPProtectionProfile(libsrtp_profile=2, openssl_profile=b"SRTP_AES128_CM_SHA1_32", key_length=16, salt_length=14)
IDENTITY = ("ice-ufrag", "ice-pwd", "fingerprint")


class OldStack:
    """For one offer."""

    def __init__(self) -> None:
        self._page = Page("old")
        self._page.profiles = [OLD]

    async def offer(self, browsers: str = "") -> str:
        """An offer of its own, or a browser's with this stack's identity."""
        own = str(await self._page.prepare())
        if not browsers:
            return own
        for name in IDENTITY:
            line = re.search(rf"a={name}:[^\r]+", own)
            assert line is not None
            browsers = re.sub(rf"a={name}:[^\r]+", line[0], browsers)
        return browsers

    async def connect(self, answer: str) -> None:
        """Take the answer: the worker is found, and the handshake fails."""
        with contextlib.suppress(AssertionError):
            await self._page.connect(answer)
        assert self._page.ice.state == "completed"
        assert self._page.dtls.state == "failed"
        await self._page.ice.stop()
