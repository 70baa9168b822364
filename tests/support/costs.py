"""What tests cost: the processor time of each file, with the processes and browsers it starts, told after a long run.

Wall time says little on a machine that does other things too. What a test leaves running counts for the test at whose
end it is waited for: a browser shared by a module, for its last one. What nobody waits for is not counted.
"""

import os
from collections.abc import Generator, Mapping

import pytest

MOST = 20
"""Files that are told."""
WORTH_TELLING = 60.0
"""Seconds of a run: of a shorter one nothing is said."""


def spent() -> float:
    """Seconds of processor time of this process and of those it has waited for, and of theirs."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def told(costs: Mapping[str, float]) -> list[str]:
    """Lines for the end of a run: the whole, and the dearest files; none of a short run."""
    whole = sum(costs.values())
    if whole < WORTH_TELLING:
        return []
    dearest = sorted(costs.items(), key=lambda one: -one[1])[:MOST]
    lines = [f"{seconds:8.1f} s  {file}" for file, seconds in dearest]
    return [f"{whole:8.1f} s  altogether, {len(costs)} files", *lines]


class Costs:
    """Counts in the process that runs tests, and adds up in the one that reports them; with xdist, two."""

    def __init__(self) -> None:
        self.last = 0.0
        self.of_file: dict[str, float] = {}

    def pytest_runtestloop(self) -> None:
        self.last = spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        now = spent()
        report.cost, self.last = now - self.last, now  # type: ignore[attr-defined]  # goes along from worker to controller
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = report.nodeid.partition("::")[0]
        self.of_file[file] = self.of_file.get(file, 0.0) + getattr(report, "cost", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if lines := told(self.of_file):
            terminalreporter.section("processor time, by file")
            for line in lines:
                terminalreporter.write_line(line)
