"""A hearing of courts whose networks let little out: one blocks UDP, one everything but TCP on port 443, and one person
has chosen the relay. Behind the relay is the one port of the hearing's worker, as for everybody.
"""

import asyncio
import contextlib
import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support.browsers import DEVICES, chromium
from tests.support.networks import ONLY_TCP_443, WITHOUT_UDP, network
from tests.support.process import serving
from tests.support.turn_server import own_certificate, turn_server

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.alone,
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

HEARD, SILENT = 0.05, 0.002
ROUTES = {"judge": "direct", "interpreter": "udp", "authority": "tcp", "witness": "tls"}
"""By role, the way of the line: by which the relay is reached, if it is needed."""


async def test_courts_that_block_udp_or_all_but_443_hold_a_recorded_hearing_by_the_relay(
    prepared: Path, tmp_path: Path, gathered: Any
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        without_udp = stack.enter_context(network(*WITHOUT_UDP, more=("2",)))
        only_443 = stack.enter_context(network(*ONLY_TCP_443))
        host, relay_host = without_udp.gateway, re.sub(r"1$", "2", without_udp.gateway)
        relay = stack.enter_context(turn_server(tmp_path, relay_host, port=3478, tls_port=443, peers=host))
        certificate, key = own_certificate(tmp_path, host)
        at_443 = {"host": host, "port": 443, "public_url": f"https://{host}", "tls_cert": certificate, "tls_key": key}
        at = stack.enter_context(serving(prepared, tmp_path, host, **at_443, **relay.settings))

        async def browser(**options: str) -> Any:
            return await stack.enter_async_context(chromium(*DEVICES, "--ignore-certificate-errors", **options))

        courts = {"authority": without_udp, "witness": only_443}
        elsewhere = {role: await browser(program=court.program(tmp_path)) for role, court in courts.items()}
        people = await stack.enter_async_context(gathered(await browser(), at))
        people.compares, people.elsewhere = False, elsewhere
        for role in ("clerk", "interpreter"):  # without a picture: there are browsers enough here
            (await people.person(role)).shows = False
        interpreter = people["interpreter"]
        await interpreter.context.add_init_script("localStorage.setItem('vivavoce-relay-only', 'yes')")
        await people.gather()
        for role in ("clerk", "interpreter"):  # who is known to have none: nobody waits for it
            tile = people["judge"].page.get_by_test_id(f"tile-{people.demo.words['seats'][role]}")
            await expect(tile.get_by_text("No picture", exact=True)).to_be_visible()
        await people.check_sound()
        judge, witness, authority = (people[role] for role in ("judge", "witness", "authority"))
        await judge.press("Start the sitting")
        await judge.page.get_by_label("Start anyway").check()
        await judge.give_reason("The telephone between the courts is down.", "Start now")
        await people.all_say("RECORDING")

        for role, route in ROUTES.items():
            await people[role].press("Devices", exact=True)
            await expect(people[role].page.locator("[data-route]")).to_have_attribute("data-route", route)
            await people[role].press("Done", exact=True)

        async def heard_and_seen() -> None:
            assert (await judge.hears("witness", "authority"))["witness"] > HEARD
            assert (await witness.hears("judge", "interpreter"))["judge"] > SILENT
            assert (await authority.hears("witness"))["witness"] > HEARD
            for one, other in ((judge, "witness"), (witness, "judge"), (authority, "witness")):
                assert await one.sees(people.demo.words["seats"][other]) is not None, (one.role, other)

        await people.until(heard_and_seen)
        tracks = {"witness_1_mic", "witness_1_cam", "interpreter_1_mic"}

        async def recorded() -> None:
            assert tracks - {line["track"] for line in at.journal("segment")} == set()

        await people.until(recorded)
        await people.close()
        checked = tmp_path / "checked"
        checked.mkdir()
        code, text = await asyncio.to_thread(at.verify, people.demo.words["policy"], checked)
        assert (code, "verified" in text) in ((0, True), (10, True)), text
