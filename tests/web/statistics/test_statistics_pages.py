"""The statistics on their pages and as tables: who sees which, what stands beside a figure, and what is in none."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hearings.statistics import counting
from hearings.statistics.measures import MEASURES
from tests.support.page_client import Client, Service
from tests.support.random_past import kept, random_past
from tests.support.rows import NAME

PAST = "since=2025-01-01&until=2025-12-31&as_of=2025-12-31"


@pytest.fixture(scope="module")
def filled(running: Service) -> Service:
    """Requests of the years 2025 and 2026, made at random, beside those of the demonstration."""
    made = random_past(4, 140, ("RO", "TH", "FR"))
    running.run(lambda database: kept(database, made))
    return running


@pytest.fixture
def service(filled: Service, service: Service) -> Service:
    return service


@pytest.fixture
def public(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    parts = service.app.state.parts
    monkeypatch.setattr(parts, "settings", replace(parts.settings, statistics_public="TH,RO"))
    yield service.client()


def table(client: Client, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_authority_sees_each_measure_with_its_definition_chart_and_table(service: Service) -> None:
    client = service.signed_in("authority")
    assert 'href="/statistics"' in client.get("/docket").text
    page = client.get(f"/statistics?{PAST}")
    words = client.words(page)
    assert page.status_code == 200
    for measure in ("submitted", "open", "outcome", "time", "hearings", "consent", "workload"):
        assert MEASURES[measure].title in words and MEASURES[measure].definition in words, measure
        assert f"/statistics/{measure}.csv?since=2025-01-01" in page.text
    assert page.text.count('role="img"') > 8 and "(definition 1)" in words
    assert "style=" not in page.text.split("<main", 1)[1] and "holds a demonstration" in words


def test_the_table_and_the_page_have_the_same_figures_and_those_of_a_past_day_do_not_change(service: Service) -> None:
    client = service.signed_in("authority")
    rows = table(client, f"/statistics/submitted.csv?{PAST}")
    total = {row["direction"]: row["value"] for row in rows if not row["cut"]}
    assert int(total["received"]) > 5
    assert {(row["measure"], row["version"], row["as_of"]) for row in rows} == {("submitted", "1", "2025-12-31")}
    assert {row["definition"] for row in rows} == {MEASURES["submitted"].definition}
    assert f"{total['received']} requests" in client.words(client.get(f"/statistics?{PAST}"))
    assert table(client, f"/statistics/submitted.csv?{PAST}") == rows
    earlier = table(client, "/statistics/submitted.csv?since=2025-01-01&as_of=2025-06-30")
    assert {row["direction"]: row["value"] for row in earlier if not row["cut"]} != total


def test_filters_by_state_and_instrument_narrow_the_figures_and_a_wrong_one_says_so_at_its_field(
    service: Service,
) -> None:
    client = service.signed_in("authority")
    rows = table(client, f"/statistics/submitted.csv?{PAST}&other=FR")
    assert {row["group"] for row in rows if row["cut"] == "state"} == {"FR"}
    rows = table(client, f"/statistics/submitted.csv?{PAST}&instrument=uncac")
    assert "uncac" in {row["group"] for row in rows if row["cut"] == "instrument"}
    for query, field in (
        ("as_of=x", "as_of"),
        ("as_of=2999-01-01", "as_of"),
        ("other=TH", "other"),
        ("other=!", "other"),
    ):
        page = client.get(f"/statistics?{query}")
        assert page.status_code == 422 and f'id="{field}-error"' in page.text, query
        assert client.get(f"/statistics/submitted.csv?{query}").status_code == 422
    assert client.get("/statistics/nonsense.csv").status_code == 404


def test_where_nothing_was_asked_by_then_the_page_says_so(service: Service) -> None:
    client = service.signed_in("authority")
    page = client.get("/statistics?as_of=2020-01-01")
    assert "There is nothing to count." in client.words(page) and '<svg class="chart"' not in page.text


def test_the_yearly_table_has_the_columns_of_the_questionnaire(service: Service) -> None:
    client = service.signed_in("authority")
    rows = table(client, "/statistics/yearly.csv?year=2025")
    assert ",".join(rows[0]) == (
        "year,reporting_state,other_state,instrument,direction,received_or_sent,executed,refused,withdrawn,pending_end,"
        "median_days_decision,p90_days_decision,hearings_held"
    )
    assert {(row["year"], row["reporting_state"]) for row in rows} == {("2025", "TH")}
    assert {row["direction"] for row in rows} == {"received", "sent"}
    for year in ("2999", "x", "1999"):
        assert client.get(f"/statistics/yearly.csv?year={year}").status_code == 422


@pytest.mark.parametrize("who", ["clerk", "administrator"])
def test_others_of_the_court_have_no_statistics_of_their_state(service: Service, who: str) -> None:
    client = service.signed_in(who)
    assert 'href="/statistics"' not in client.get("/docket").text
    for path in ("/statistics", "/statistics/open.csv", "/statistics/yearly.csv"):
        assert client.get(path).status_code == 403, path


def test_an_administrator_sees_the_installation_without_states_and_small_numbers(service: Service) -> None:
    client = service.signed_in("administrator")
    assert "/admin/statistics" in client.get("/admin").text
    page = client.get("/admin/statistics?year=2025")
    assert page.status_code == 200 and "Statistics of the installation" in client.words(page)
    rows = table(client, "/admin/statistics.csv?year=2025")
    assert {row["direction"] for row in rows} == {""} and not {row["cut"] for row in rows} & {"state", "ground"}
    assert "workload" not in {row["measure"] for row in rows}
    hidden = [row for row in rows if row["value"] == "< 5"]
    assert hidden and all(row["cases"] == "" for row in hidden) and "&lt; 5" in page.text
    assert all(row["cases"] in ("", "0") or int(row["cases"]) >= 5 for row in rows)
    assert client.get("/admin/statistics?year=2999").status_code == 422
    for who in ("authority", "clerk"):
        assert service.signed_in(who).get("/admin/statistics").status_code == 403


def test_everybody_sees_the_figures_of_states_that_let_them_and_of_no_other(service: Service, public: Client) -> None:
    page = public.get("/public/statistics?year=2025&state=RO")
    assert page.status_code == 200 and "Statistics of Romania" in public.words(page)
    assert "Thailand" in public.words(page)  # the other State that everybody may see
    assert public.get("/public/statistics").status_code == 200
    rows = table(public, "/public/statistics.csv?year=2025&state=RO")
    assert {row["direction"] for row in rows} == {"received", "sent"}
    assert not {row["cut"] for row in rows} & {"state", "ground"}
    for state in ("FR", "XX", ""):
        assert public.get(f"/public/statistics?state={state}").status_code == 404


def test_only_years_from_the_first_request_on_are_offered(service: Service, public: Client) -> None:
    for client, path in ((service.signed_in("administrator"), "/admin/statistics"), (public, "/public/statistics")):
        years = re.findall(r"\?year=(\d{4})", client.get(path).text)
        assert "2025" in years and min(years) == "2025"


def test_in_its_first_year_an_installation_says_when_its_figures_appear(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "last_year", lambda now: 2024)
    page = service.signed_in("administrator").get("/admin/statistics")
    assert page.status_code == 200 and "The figures of 2025 appear after its end." in page.text
    assert "?year=" not in page.text and ".csv" not in page.text


def test_help_leads_to_the_figures_while_a_state_lets_everybody_see_them(service: Service, public: Client) -> None:
    assert '<a href="/public/statistics">' in public.get("/help").text


def test_while_no_state_lets_them_there_is_no_such_page(service: Service) -> None:
    for path in ("/public/statistics", "/public/statistics?state=RO", "/public/statistics.csv"):
        assert service.client().get(path).status_code == 404
    assert "/public/statistics" not in service.client().get("/help").text


def test_no_personal_datum_no_case_number_and_no_reference_is_on_a_page_or_in_a_table(
    service: Service, public: Client
) -> None:
    authority, administrator = service.signed_in("authority"), service.signed_in("administrator")
    texts = [authority.get(f"/statistics?side={side}&{PAST}").text for side in ("received", "sent")]
    texts += [authority.get(f"/statistics/{measure}.csv").text for measure in MEASURES]
    texts += [authority.get("/statistics/yearly.csv?year=2025").text]
    texts += [administrator.get(f"/admin/statistics{end}?year=2025").text for end in ("", ".csv")]
    texts += [public.get(f"/public/statistics{end}?year=2025&state=RO").text for end in ("", ".csv")]
    for text in texts:
        assert len(text) > 100
        for datum in (NAME, "Somchai", "Wongsa", "1234/P/2026", "RO-2026-", "RO-00", "officer 1", service.ref):
            assert datum not in text
