"""A browser with none of the agreed ways of protecting media: its page says what to do, the court sees why."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
TOLD = "This browser cannot protect your line as agreed"
WHY = "Not connected: the browser cannot protect sound and picture as agreed."


async def test_a_browser_without_an_agreed_profile_says_what_to_do_and_the_judge_sees_why(
    people: Any, old_stack: Any
) -> None:
    offers = 0

    async def answer(route: Route) -> None:
        nonlocal offers
        offers += 1
        old = old_stack()
        answered = await route.fetch(post_data=await old.offer(str(route.request.post_data)))
        text = await answered.text()
        await route.fulfill(response=answered, body=text)
        await old.connect(text)

    clerk, judge = await people.person("clerk"), await people.person("judge")
    await clerk.sign_in()
    await judge.sign_in()
    await people.open_lobby()
    await judge.prepare()
    await expect(judge.page.get_by_role("button", name="Start the roll call")).to_be_visible()

    await clerk.page.route("**/media?generation=*", answer)
    await clerk.prepare()
    panel = clerk.page.get_by_role("region", name="Connection lost")
    await expect(panel.get_by_role("heading", name=TOLD)).to_be_visible()
    await expect(panel).to_contain_text("Use another browser or another device.")
    await expect(panel).not_to_contain_text("trying to connect you again")
    await expect(judge.page.get_by_role("complementary").get_by_text(WHY)).to_be_visible()
    await clerk.accessible()
    await judge.accessible()

    # Asking again would not help: the page does not, and goes on saying so.
    before = offers
    await asyncio.sleep(10)
    assert offers == before
    await expect(panel.get_by_role("heading", name=TOLD)).to_be_visible()

    # Another browser at the same seat is connected.
    await clerk.page.unroute("**/media?generation=*")
    await clerk.page.reload()
    await expect(clerk.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    await expect(judge.page.get_by_role("complementary").get_by_text(WHY)).to_have_count(0)
    await expect(clerk.page.get_by_role("group", name="Code of the server’s certificate")).to_be_visible()
