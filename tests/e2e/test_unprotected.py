"""A browser with none of the agreed ways of protecting media: its page says what to do, the court sees why."""

import asyncio
import re
from typing import Any

import pytest
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceCandidate, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, SRTPProtectionProfile
from aiortc.rtcicetransport import RTCIceParameters
from playwright.async_api import Route, expect

pytestmark = pytest.mark.timeout(180)
OLD = SRTPProtectionProfile(libsrtp_profile=2, openssl_profile=b"SRTP_AES128_CM_SHA1_32", key_length=16, salt_length=14)
"""What no media worker takes."""
TOLD = "This browser cannot protect your line as agreed"
WHY = "Not connected: the browser cannot protect sound and picture as agreed."


class OldStack:
    """ICE and DTLS as in a browser that knows `OLD` only, put in the place of the page's own."""

    def __init__(self) -> None:
        self.offers = 0

    async def answer(self, route: Route) -> None:
        """The page's offer goes to the server with this stack's identity, and this stack takes the answer."""
        self.offers += 1
        gatherer = RTCIceGatherer(iceServers=[])
        await gatherer.gather()
        ice = RTCIceTransport(gatherer)
        ice._connection.ice_controlling = True
        dtls = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
        dtls._set_role("client")
        dtls._srtp_profiles = [OLD]
        own, prints = gatherer.getLocalParameters(), dtls.getLocalParameters().fingerprints
        digest = next(one.value for one in prints if one.algorithm == "sha-256")
        offer = str(route.request.post_data)
        for name, value in (
            ("ice-ufrag", own.usernameFragment),
            ("ice-pwd", own.password),
            ("fingerprint", f"sha-256 {digest}"),
        ):
            offer = re.sub(rf"a={name}:[^\r]+", f"a={name}:{value}", offer)
        answer = await route.fetch(post_data=offer)
        text = await answer.text()
        await route.fulfill(response=answer, body=text)
        found = {
            name: re.search(rf"a={name}:([^\r]+)", text)[1]
            for name in ("ice-ufrag", "ice-pwd", "candidate", "fingerprint")
        }  # type: ignore[index]
        bits = found["candidate"].split()
        await ice.addRemoteCandidate(
            RTCIceCandidate(int(bits[1]), bits[0], bits[4], int(bits[5]), int(bits[3]), bits[2], bits[7])
        )
        await ice.addRemoteCandidate(None)
        await ice.start(RTCIceParameters(found["ice-ufrag"], found["ice-pwd"]))
        algorithm, value = found["fingerprint"].split()
        await dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, value)]))
        assert dtls.state == "failed"
        await ice.stop()


async def test_a_browser_without_an_agreed_profile_says_what_to_do_and_the_judge_sees_why(people: Any) -> None:
    clerk, judge = await people.person("clerk"), await people.person("judge")
    await clerk.sign_in()
    await judge.sign_in()
    await people.open_lobby()
    await judge.prepare()
    await expect(judge.page.get_by_role("button", name="Begin the roll call")).to_be_visible()

    old = OldStack()
    await clerk.page.route("**/media?generation=*", old.answer)
    await clerk.prepare()
    panel = clerk.page.get_by_role("region", name="Connection lost")
    await expect(panel.get_by_role("heading", name=TOLD)).to_be_visible()
    await expect(panel).to_contain_text("Use another browser or another device.")
    await expect(panel).not_to_contain_text("trying to connect you again")
    await expect(judge.page.get_by_role("complementary").get_by_text(WHY)).to_be_visible()
    await clerk.accessible()
    await judge.accessible()

    # Asking again would not help: the page does not, and goes on saying so.
    offers = old.offers
    await asyncio.sleep(10)
    assert old.offers == offers
    await expect(panel.get_by_role("heading", name=TOLD)).to_be_visible()

    # Another browser at the same seat is connected.
    await clerk.page.unroute("**/media?generation=*")
    await clerk.page.reload()
    await expect(clerk.page.get_by_role("button", name="Turn on my microphone")).to_be_visible()
    await expect(judge.page.get_by_role("complementary").get_by_text(WHY)).to_have_count(0)
    await expect(clerk.page.get_by_role("group", name="Code of the server’s certificate")).to_be_visible()
