"""A consent is withdrawn while people are in the room: the floor closes, and the judge says why it opens without it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import expect
from sqlmodel import select

from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.law.answer import ConsentNeed
from hearings.law.legal_bases import GateResult
from hearings.models import HearingRequest
from hearings.requests import consent_answers, person_consents

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
WHY = "The witness stays as the law of the court allows."


async def given(installation: Any) -> str:
    """A rule asks the witness of the demonstration, who has consented; the request's reference."""
    need = ConsentNeed(
        who="witness", layer="national", state="TH", provision="s. 1", text="The person must consent", source="-",
        confidence="fixture", revocable=True,
    )  # fmt: skip
    now = datetime.now(UTC)
    database = Database(f"sqlite+aiosqlite:///{installation.data}/vivavoce.db")
    async with database.transaction() as db:
        row = (await db.exec(select(HearingRequest))).one()
        result = GateResult(on=now.date(), verdicts=(), consents=(need,))
        await person_consents.prepare(db, request=row, result=result, actor=SYSTEM, now=now)
        for one in await consent_answers.of_request(db, row.id):
            words = {"consent_id": one.id, "answer": "given", "actor": SYSTEM}
            await person_consents.record(db, request=row, now=now, **words)
        reference = row.reference
    await database.close()
    return reference


async def test_the_sitting_goes_on_without_the_consent_only_when_the_judge_ticks_that_it_does(
    people: Any, installation: Any
) -> None:
    clerk, judge = await people.person("clerk"), await people.person("judge")
    await clerk.sign_in()
    await judge.sign_in()
    reference = await given(installation)
    await people.open_lobby()
    await judge.prepare()
    await judge.press("Start the roll call")
    await expect(judge.hold_bar).to_have_count(0)

    await clerk.page.goto(f"{installation.url}/requests/{reference}/consents")
    await clerk.page.get_by_text("The person withdraws the consent").click()
    await clerk.press("Record the withdrawal")
    await expect(judge.hold_bar).to_contain_text("The floor is closed.")
    await judge.accessible()

    # Not by the way: without the tick the floor stays closed, and the page says what is missing.
    await judge.press("Resume")
    tick = judge.page.get_by_label("The consent has not been given again.")
    await expect(tick).not_to_be_checked()
    await judge.page.get_by_role("textbox", name="Reason").fill(WHY)
    await judge.press("Resume the hearing", exact=True)
    question = judge.page.get_by_role("dialog")
    missing = question.get_by_text("The person’s consent is missing: Witness, s. 1: Consent withdrawn")
    await expect(missing).to_be_visible()
    # Once, in the question that was asked, and where the keyboard is.
    await expect(judge.page.locator(".refusal")).to_have_count(1)
    await expect(question.locator(":focus")).to_contain_text("The person’s consent is missing")
    await expect(judge.hold_bar).to_be_visible()
    assert [kind for kind, _at, _data in installation.events()].count("resumed") == 0

    await judge.accessible()
    await tick.check()
    await judge.press("Resume the hearing", exact=True)
    await expect(judge.hold_bar).to_have_count(0)
    await expect(judge.page.locator(".refusal")).to_have_count(0)
    (data,) = [data for kind, _at, data in installation.events() if kind == "resumed"]
    assert (data["reason"], [one["who"] for one in data["without_consent"]]) == (WHY, ["witness"])
