"""The statistics through the API: the figures and definitions of the pages, of the own State only."""

from typing import Any

import pytest

from hearings.statistics.measures import MEASURES
from tests.support.api_client import ApiInstallation, Client
from tests.support.random_past import kept, random_past
from tests.support.rows import NAME

PAST = "since=2025-01-01&until=2025-12-31&as_of=2025-12-31"


@pytest.fixture
async def filled(installation: ApiInstallation) -> None:
    await kept(installation.database, random_past(4, 60))


async def every(client: Client, path: str) -> list[dict[str, Any]]:
    """The items of all pages."""
    found, after = [], ""
    while True:
        answer = await client.get(f"{path}&limit=20{f'&after={after}' if after else ''}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        after = answer.json()["next"]
        assert bool(after) == ("Link" in answer.headers)
        if not after:
            return found


@pytest.mark.usefixtures("filled")
async def test_a_system_reads_the_measures_and_pages_through_their_figures(ro: Client, th: Client) -> None:
    measures = (await ro.get("/statistics/measures")).json()["items"]
    assert [one["id"] for one in measures] == list(MEASURES)
    assert all(one["definition"] == MEASURES[one["id"]].definition and one["version"] >= 1 for one in measures)
    figures = await every(ro, f"/statistics/measures/submitted?{PAST}")
    assert len(figures) > 40 and len({tuple(one[key] for key in one) for one in figures}) == len(figures)
    totals = {one["direction"]: one["value"] for one in figures if not one["cut"]}
    months = [one["value"] for one in figures if one["cut"] == "month" and one["direction"] == "sent"]
    assert sum(months) == totals["sent"] > 0
    theirs = await every(th, f"/statistics/measures/submitted?{PAST}&other=RO")
    ours = await every(ro, f"/statistics/measures/submitted?{PAST}&other=TH")
    pair = {(one["direction"], one["cut"]): one["value"] for one in ours if not one["cut"]}
    assert pair == {
        ({"sent": "received", "received": "sent"}[one["direction"]], ""): one["value"]
        for one in theirs
        if not one["cut"]
    }


@pytest.mark.usefixtures("filled")
async def test_the_yearly_table_is_of_the_own_state_and_in_pages(ro: Client) -> None:
    lines = await every(ro, "/statistics/yearly?year=2025")
    assert {line["reporting_state"] for line in lines} == {"RO"} and "RO" not in {line["other_state"] for line in lines}
    figures = await every(ro, f"/statistics/measures/open?{PAST}")
    opened = sum(one["value"] for one in figures if one["what"] == "open" and not one["cut"])
    assert sum(line["pending_end"] for line in lines if line["instrument"] == "") <= opened


@pytest.mark.usefixtures("filled")
async def test_no_personal_datum_is_in_any_answer(ro: Client) -> None:
    for measure in MEASURES:
        text = (await ro.get(f"/statistics/measures/{measure}?{PAST}")).text
        assert len(text) > 100 and NAME not in text and "RO-00" not in text and "officer 1" not in text


async def test_what_cannot_be_asked_is_refused_and_other_scopes_do_not_reach_it(
    installation: ApiInstallation, ro: Client
) -> None:
    for query in ("as_of=2999-01-01", "other=RO", "since=2026-02-02&until=2026-02-01", "since=x"):
        answer = await ro.get(f"/statistics/measures/open?{query}")
        assert answer.status_code == 422, answer.text
    assert (await ro.get("/statistics/measures/nonsense")).status_code == 404
    assert (await ro.get("/statistics/yearly?year=2999")).status_code == 422
    bare = await installation.client("RO", scopes=("requests:read",))
    for path in ("/statistics/measures", "/statistics/measures/open", "/statistics/yearly?year=2025"):
        assert (await bare.get(path)).json()["code"] == "scope_missing"


async def test_a_sandbox_client_sees_the_figures_of_the_sandbox(installation: ApiInstallation) -> None:
    await kept(installation.database, random_past(4, 20))
    client = await installation.client("RO", sandbox=True)
    figures = await every(client, f"/statistics/measures/submitted?{PAST}")
    assert [one["value"] for one in figures] == [0, 0]
