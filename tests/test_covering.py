"""The tests that cover a change lie where its files lie."""

from pathlib import Path

import pytest

from tests.covering import ALWAYS, covering

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("hearings/times/slots.py", "tests/hearings/times"),
        ("hearings/status.py", "tests/hearings"),
        ("hearings/migrations/versions/0001_baseline.py", "tests/hearings"),
        ("web/requests/templates/request.html", "tests/web/requests"),
        ("media/evidence/check/standalone/tree.py", "tests/media/evidence/check"),
        ("web/frontend/src/live/page.tsx", "tests/web/frontend"),
        ("tests/hearings/times/test_slots.py", "tests/hearings/times/test_slots.py"),
        ("tests/hearings/conftest.py", "tests/hearings"),
        ("docs/law.md", None),
        ("LICENSE", None),
    ],
)
def test_a_file_is_covered_by_the_folder_of_its_name(changed: str, tests: str | None) -> None:
    assert covering([changed]) == sorted({*ALWAYS, *([tests] if tests else [])})
    assert all((ROOT / one).exists() for one in covering([changed]))


def test_a_folder_within_another_is_run_once() -> None:
    assert covering(["hearings/status.py", "hearings/times/slots.py"]) == sorted({*ALWAYS, "tests/hearings"})
