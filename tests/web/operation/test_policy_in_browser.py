"""A real browser says that a page broke its policy, and it is counted: so no page of the suite breaks one unnoticed."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

pytestmark = pytest.mark.timeout(120)


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
        await page.evaluate(
            "document.head.append(Object.assign(document.createElement('style'), {textContent: 'a{}'}))"
        )
        async with asyncio.timeout(30):
            while not counts["csp_reports"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await page.close()
        counts["csp_reports"] = 0  # this one was wanted
