"""A custodian's way in a browser: the list, the custody of a recording, a copy of it, and the check of that copy."""

import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, FilePayload, expect

from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, viewing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(served_archive: Archive, browser: Browser) -> AsyncIterator[Viewer]:
    async with viewing(served_archive, browser) as found:
        yield found


async def test_a_custodian_takes_a_copy_checks_it_and_finds_it_in_the_custody_log(viewer: Viewer, tmp_path: Path):
    page, archive = viewer.page, viewer.installation

    async def follow(ending: str) -> None:
        await page.locator(f'main a[href$="{archive.path}{ending}"]').first.click()
        await page.wait_for_url(f"**{archive.path}{ending}")
        found = await Axe().run(page)
        assert found.violations_count == 0, (page.url, found.generate_report())

    await page.goto(f"http://localhost:{archive.settings.port}/recordings")
    await follow("")
    await follow("/custody")
    await expect(page.get_by_role("main")).not_to_contain_text("Ana Popa")
    await page.go_back()
    await follow("/verify")
    await expect(page.get_by_role("main")).to_contain_text(archive.sealed.origin)
    await page.locator('form[action$="/export"] select[name=why]').select_option("copy")
    async with page.expect_download() as download:
        await page.locator('form[action$="/export"] button').click()
    copy = tmp_path / "copy.tar"
    await (await download.value).save_as(copy)
    with tarfile.open(copy) as tar:
        tar.extractall(tmp_path, filter="data")

    await page.goto(f"http://localhost:{archive.settings.port}{archive.path}/custody")
    await expect(page.get_by_role("main")).to_contain_text("Ana Popa")

    await page.goto(f"http://localhost:{archive.settings.port}/verify")
    await page.get_by_label("Folder of the bag").set_input_files(tmp_path / archive.sealed.recording)
    policy = FilePayload(name="policy.txt", mimeType="text/plain", buffer=archive.sealed.key_file().encode())
    await page.get_by_label("Policy or key file").set_input_files(policy)
    await page.get_by_role("button", name="Check the bag").click()
    await expect(page.get_by_test_id("verdict")).to_have_attribute("data-word", "gaps", timeout=60_000)
