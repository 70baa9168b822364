"""The table of measures, and the page of the documentation that is made from it."""

from pathlib import Path

from hearings.statistics import measures
from hearings.statistics.cells import CUTS, OWN_CUTS
from hearings.statistics.measures import CUT_LABELS, MEASURES
from hearings.statistics.request_measures import deadlines

PAGE = Path(__file__).parents[3] / "docs" / "statistics.md"


def test_the_page_has_the_table_of_the_code() -> None:
    assert measures.table() in PAGE.read_text(encoding="utf-8")


def test_every_name_of_a_figure_is_in_the_table_and_every_chart_draws_one() -> None:
    for measure in MEASURES.values():
        names = measure.names()
        assert measure.version >= 1 and measure.definition and measure.title
        assert {what for whats, _cut in measure.charts for what in whats} <= names.keys(), measure.id
        assert {cut for _whats, cut in measure.charts} <= {"", *CUTS, *OWN_CUTS}
        assert measure.spread <= measure.whats.keys()
    assert CUT_LABELS.keys() == {*CUTS, *OWN_CUTS}


def test_the_shortest_time_of_several_instruments_counts_and_of_most_there_is_none() -> None:
    assert deadlines(["eio"]) == {"acknowledgement": 7, "recognition": 30, "execution": 90}
    assert deadlines(["eu_uk_tca"]) == {"recognition": 45, "execution": 90}
    assert deadlines(["eu_uk_tca", "eio"])["recognition"] == 30
    assert deadlines(["untoc"]) == deadlines([]) == {}
