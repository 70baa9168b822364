"""A real browser says that a page broke its policy, and it is counted: so no page of the suite breaks one unnoticed."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


BREACHES = {
    "a style in the page": "document.head.append(Object.assign(document.createElement('style'), {textContent: 'a{}'}))",
    "markup from text": "document.createElement('div').innerHTML = '<b>x</b>'",
    "code from text": "document.createElement('a').setAttribute('onclick', 'x()')",
    "a script that is named": "new Worker('/static/js/page.js')",
    "a policy of its own": "trustedTypes.createPolicy('player', {})",
}


@pytest.mark.parametrize("path", ["/sign-in", "/s"])
async def test_a_page_that_breaks_its_policy_is_counted(
    serving: Callable[[Path], AbstractContextManager[Any]], tmp_path: Path, browser: Browser, path: str
) -> None:
    with serving(tmp_path) as service:
        counts = service.app.state.parts.pulse.counts
        page = await browser.new_page()
        await page.goto(f"{service.base}{path}")
        await page.evaluate("fetch('/healthz')")
        assert counts["csp_reports"] == 0
        for number, breach in enumerate(BREACHES.values(), 1):
            await page.evaluate(f"() => {{ try {{ {breach} }} catch {{}} }}")
            async with asyncio.timeout(30):
                while counts["csp_reports"] < number:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        await page.close()
        counts["csp_reports"] = 0  # these were wanted
