"""Whoever asks about States is answered by the law in force, not by the files, in whatever process and thread."""

import ast
import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hearings
import scheduler
import web
from hearings import reference
from hearings.actors import Actor
from hearings.db import Database
from hearings.law import law as laws, rows as law_rows
from hearings.law.law import LAW
from hearings.law.rows import Edit
from hearings.people import directory

ADMINISTRATOR = Actor(id="a", label="A", state="RO", functions=frozenset({"administrator"}))
SOURCED = {"source": "Depositary", "confidence": "knowledge-high"}
HOURS = {
    "iso2": "NZ",
    "tz": "Pacific/Auckland",
    "intervals": [{"weekdays": "1-5", "opens": "09:00", "closes": "16:00"}],
}
NEW_ZEALAND = [
    Edit(
        kind="jurisdiction",
        key="",
        data={
            "iso2": "NZ",
            "name": "New Zealand",
            "eu_member": "false",
            "central_authority": "Ministry of Justice",
            "central_authority_conf": "unknown",
            "languages_conf": "unknown",
            "default_tz": "Pacific/Auckland",
            "tz_ids": "Pacific/Auckland",
            "source": "Depositary",
        },
    ),
    Edit(kind="court_hours", key="", data=HOURS | SOURCED),
]


async def add_new_zealand(database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        await law_rows.save(db, edits=NEW_ZEALAND, reason="Asked for", seen=0, actor=ADMINISTRATOR, now=now)


async def test_within_the_law_in_force_a_new_state_is_known_and_outside_the_files_are(
    database: Database, now: datetime
) -> None:
    await add_new_zealand(database, now)
    assert "NZ" not in reference.jurisdictions()
    async with laws.reading(database):
        assert reference.jurisdiction("NZ").default_zone == "Pacific/Auckland"
        assert "NZ" in {one.state for one in directory.of_data()}
        assert any(row.state == "NZ" for row in reference.court_hours())
        assert "NZ" in await asyncio.to_thread(reference.jurisdictions)
        assert "NZ" in await asyncio.create_task(_states())
    assert "NZ" not in reference.jurisdictions()


async def _states() -> set[str]:
    return set(reference.jurisdictions())


async def test_another_process_counts_the_change_within_a_second_and_this_one_at_once(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("hearings.law.law.time.monotonic", lambda: clock[0])
    here, there = laws.LawWatch(database), laws.LawWatch(database)
    assert await here.newest() is await there.newest() is LAW
    await add_new_zealand(database, now)
    here.changed()
    assert "NZ" in (await here.newest()).jurisdictions
    assert "NZ" not in (await there.newest()).jurisdictions
    clock[0] += laws.SECONDS
    assert "NZ" in (await there.newest()).jurisdictions


async def test_while_the_database_is_away_the_law_read_last_goes_on(database: Database, now: datetime) -> None:
    await add_new_zealand(database, now)
    watch = laws.LawWatch(database)
    assert "NZ" in (await watch.newest()).jurisdictions
    watch.database, watch._until = Database("sqlite+aiosqlite:////nowhere/at/all.db"), 0.0
    try:
        assert "NZ" in (await watch.newest()).jurisdictions
    finally:
        await watch.database.close()


READS = {"jurisdictions", "jurisdiction", "instruments", "court_hours"}
ONCE = {
    ("web.words.i18n", "_zones"), ("hearings.statistics.request_measures", "_limits"),
    ("hearings.lint.place_names", "_cities"),
}  # fmt: skip
"""What may keep them for ever: the first zones known, beside which later ones are looked at; days that instruments set,
which statistics count by the data of the program; cities by which a text is taken to name a place."""


def _modules(*packages: ModuleType) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        root = Path(package.__file__ or "").parent
        for file in sorted(root.rglob("*.py")):
            name = ".".join([package.__name__, *file.relative_to(root).with_suffix("").parts])
            text = file.read_text(encoding="utf-8")
            if "reference." in text or "LAW" in text:
                yield name, ast.parse(text)


def _reads(node: ast.AST) -> bool:
    return any(
        isinstance(one, ast.Attribute)
        and one.attr in READS
        and isinstance(one.value, ast.Name)
        and one.value.id == "reference"
        for one in ast.walk(node)
    )


def _kept(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names: set[Any] = {
        getattr(one, "id", getattr(one, "attr", "")) for top in function.decorator_list for one in ast.walk(top)
    }
    return bool(names & {"cache", "lru_cache", "cached_property"})


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when a module is imported: its body and that of its classes, without the bodies of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (*node.args.defaults, *(one for one in node.args.kw_defaults if one), *node.decorator_list)
        elif isinstance(node, ast.ClassDef):
            yield from _at_import(ast.Module(body=node.body, type_ignores=[]))
        else:
            yield node


def test_no_module_keeps_states_when_it_is_imported_or_in_a_cache() -> None:
    kept = [
        (name, getattr(node, "lineno", 0))
        for name, tree in _modules(hearings, scheduler, web)
        for node in _at_import(tree)
        if _reads(node)
    ]
    kept += [
        (name, node.name)
        for name, tree in _modules(hearings, scheduler, web)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _kept(node) and _reads(node)
        if (name, node.name) not in ONCE
    ]
    assert kept == []


FILES_ALONE = {
    "hearings.law.law", "web.law.row_pages", "web.words.catalogues",
    "hearings.law.handling.contents", "hearings.law.handling.procedures", "hearings.law.rows", "hearings.lint.table",
}  # fmt: skip
"""Modules that ask for the files as they are: where the law is made of them, where a row is compared with them, and
where files that only name its rows are read."""


def test_the_files_alone_are_asked_only_as_a_default() -> None:
    found = set()
    for name, tree in _modules(hearings, scheduler, web):
        defaults = {
            id(one)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for one in (*node.args.defaults, *node.args.kw_defaults)
        }
        for node in ast.walk(tree):
            named = isinstance(node, ast.Name) and node.id == "LAW"
            named = named or (isinstance(node, ast.Attribute) and node.attr == "LAW")
            if named and id(node) not in defaults:
                found.add(name)
    assert found - FILES_ALONE == set()
