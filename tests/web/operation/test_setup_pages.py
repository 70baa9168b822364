"""The set-up: one table of steps, what each finds, and the page that says what is still missing."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.routing import Match, Route

from hearings.db import Database
from hearings.people import staff
from hearings.roles import StaffFunction
from tests.support.installation import Installation
from web.app import _routes
from web.operation import backup, setup_steps
from web.operation.findings import Inspected, Severity
from web.operation.setup_steps import STEPS, StepResult, StepState
from web.settings import Settings

NOW = datetime(2026, 11, 28, tzinfo=UTC)
S = StepState


def survey(settings: Settings, now: datetime = NOW) -> dict[str, StepResult]:
    async def inner() -> list[StepResult]:
        database = Database(settings.database_url)
        try:
            return await setup_steps.survey(Inspected(settings, database, now, outside=False))
        finally:
            await database.close()

    return {result.step.name: result for result in asyncio.run(inner())}


def test_a_new_installation_lacks_people_keys_sites_tls_and_a_backup(prepared: Path, tmp_path: Path) -> None:
    states = {name: result.state for name, result in survey(Installation.copy(prepared, tmp_path).settings).items()}
    assert states["database"] is not S.missing
    assert {name for name, state in states.items() if state is S.missing} == {
        *("administrator", "tls", "keys", "staff", "sites")
    }
    assert {"court", "mail", "backup"} <= {name for name, state in states.items() if state is S.advised}


def test_before_there_is_a_database_every_step_still_says_something(tmp_path: Path) -> None:
    results = survey(Settings(data=tmp_path / "none"))
    assert list(results) == [step.name for step in STEPS]
    assert all(result.findings for result in results.values())
    assert {results[name].state for name in ("database", "administrator", "keys", "staff", "sites")} == {S.missing}
    assert not (tmp_path / "none").exists()


def test_a_second_administrator_is_advised_in_each_state(prepared: Path, tmp_path: Path) -> None:
    settings = Installation.copy(prepared, tmp_path).settings

    async def add(email: str) -> None:
        database = Database(settings.database_url)
        async with database.transaction() as db:
            functions = [function.value for function in StaffFunction]
            words: dict[str, Any] = {"state": "RO", "city": "Cluj", "authority_name": "Tribunal", "name": "A B"}
            await staff.add(db, email=email, functions=functions, **words)
        await database.close()

    asyncio.run(add("a@ro.example"))
    assert survey(settings)["administrator"].state is S.advised
    asyncio.run(add("b@ro.example"))
    found = survey(settings)
    assert (found["administrator"].state, found["staff"].state) == (S.done, S.done)


def test_a_backup_counts_for_a_week(prepared: Path, tmp_path: Path) -> None:
    settings = Installation.copy(prepared, tmp_path).settings
    assert "No backup has been made yet." in survey(settings)["backup"].findings[0].sentence()
    backup.remember(settings, NOW - timedelta(days=6))
    assert survey(settings)["backup"].findings[0].severity is Severity.ok
    assert survey(settings, NOW + timedelta(days=2))["backup"].findings[0].severity is Severity.warning


def test_every_step_leads_to_a_page_or_a_command_that_there_is() -> None:
    routes = [route for route in _routes() if isinstance(route, Route)]
    for step in STEPS:
        assert step.page or step.command, step.name
        scope = {"type": "http", "path": step.page, "method": "GET", "root_path": "", "headers": []}
        assert not step.page or any(route.matches(scope)[0] is Match.FULL for route in routes), step.page


def test_an_administrator_sees_every_step_with_its_count_and_nobody_else_any(service: Any) -> None:
    answer = service.signed_in("administrator").get("/admin/setup")
    assert answer.status_code == 200
    words = service.client().words(answer).replace("'", "’")
    assert all(step.label.replace("'", "’") in words for step in STEPS)
    numbers = [int(text) for text in re.findall(r'class="count">(\d+)<', answer.text)]
    assert sum(numbers) == len(STEPS) == answer.text.count('<li id="step-')
    assert "missing before hearings can be held" in words
    assert service.signed_in("clerk").get("/admin/setup").status_code == 403
    assert service.client().get("/admin/setup").status_code == 401
