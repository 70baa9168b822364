"""The files that tell others what this is: licence, publiccode.yml, security page, editor and commit settings."""

import configparser
import hashlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LICENCE = PROJECT["project"]["license"]
# Of the words of the EUPL 1.2 in English, one space between them: however its lines are broken.
EUPL_WORDS = "8a14e695861d7e6dc2158614896f2b9963941d46e4ed3c986639b51e9337294a"
# Of the vocabulary of the standard, what a program of this kind could choose; an unknown word is an error there.
CATEGORIES = {
    *("appointment-scheduling", "collaboration", "communications", "compliance-management", "document-management"),
    *("e-signature", "resource-management", "task-management", "time-management", "translation", "video-conferencing"),
    *("web-collaboration", "web-conferencing", "workflow-management"),
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def public() -> dict[str, Any]:
    return yaml.safe_load(read("publiccode.yml"))


def test_the_licence_is_the_whole_text_word_for_word() -> None:
    words = " ".join(re.findall(r"\w+", read("LICENSE")))
    assert hashlib.sha256(words.encode()).hexdigest() == EUPL_WORDS
    assert LICENCE == "EUPL-1.2"
    assert PROJECT["project"]["license-files"] == ["LICENSE"]


def test_reuse_finds_one_licence_for_every_file() -> None:
    reuse = tomllib.loads(read("REUSE.toml"))
    (annotation,) = reuse["annotations"]
    assert (reuse["version"], annotation["path"], annotation["SPDX-License-Identifier"]) == (1, "**", LICENCE)
    assert annotation["SPDX-FileCopyrightText"] == "Vivavoce contributors"
    assert [file.name for file in (ROOT / "LICENSES").iterdir()] == [f"{LICENCE}.txt"]
    assert read(f"LICENSES/{LICENCE}.txt") == read("LICENSE")


@pytest.mark.parametrize("file", ["package.json", "package-lock.json"])
def test_the_browser_code_has_the_same_licence_and_version(file: str) -> None:
    data = json.loads(read(f"web/frontend/{file}"))
    data = data.get("packages", {}).get("", data)
    assert (data["license"], data["version"]) == (LICENCE, PROJECT["project"]["version"])


def test_what_is_built_in_brings_its_licences() -> None:
    told = read("web/static/dist/licences.txt")
    locked = json.loads(read("web/frontend/package-lock.json"))["packages"]
    built_in = {
        f"{path.rpartition('node_modules/')[2]} {entry['version']} ({entry['license']})"
        for path, entry in locked.items()
        if path and not entry.get("dev")
    }
    assert built_in
    assert {line for line in told.splitlines() if re.fullmatch(r"\S+ [\d.]+ \(.*\)", line)} == built_in
    assert told.count("SIL OPEN FONT LICENSE Version 1.1") >= 7
    assert told.count("Permission is hereby granted, free of charge") >= 10


def test_publiccode_agrees_with_the_project(public: dict[str, Any]) -> None:
    assert public["name"].lower() == PROJECT["project"]["name"]
    assert public["softwareVersion"] == PROJECT["project"]["version"]
    assert public["legal"]["license"] == LICENCE
    assert public["description"]["en"]["shortDescription"] == PROJECT["project"]["description"]
    assert f"## {public['softwareVersion']} ({public['releaseDate']})" in read("CHANGELOG.md").splitlines()


def test_publiccode_names_the_languages_there_are(public: dict[str, Any]) -> None:
    catalogues = {file.parent.parent.name.partition("_")[0] for file in (ROOT / "web" / "locales").glob("*/*/*.po")}
    assert set(public["localisation"]["availableLanguages"]) == {"en", *catalogues}
    assert public["localisation"]["localisationReady"] is True


def test_publiccode_holds_what_the_standard_asks(public: dict[str, Any]) -> None:
    mandatory = {
        *("publiccodeYmlVersion", "name", "url", "platforms", "categories", "developmentStatus", "softwareType"),
        *("description", "legal", "maintenance", "localisation"),
    }
    optional = {"softwareVersion", "releaseDate", "intendedAudience", "dependsOn"}
    assert mandatory <= public.keys() <= mandatory | optional
    assert re.fullmatch(r"0\.[4-9]", public["publiccodeYmlVersion"])
    assert public["platforms"] == ["web"]
    assert set(public["categories"]) <= CATEGORIES
    assert public["developmentStatus"] in {"concept", "development", "beta", "stable", "obsolete"}
    assert public["softwareType"] == "standalone/web"
    text = public["description"]["en"]
    assert len(text["shortDescription"]) <= 150
    assert 150 <= len(text["longDescription"]) <= 10_000
    assert 5 <= len(text["features"]) <= 20
    assert [path for path in text["screenshots"] if not (ROOT / path).is_file()] == []
    assert public["maintenance"]["type"] == "community"
    assert all(contact["name"] for contact in public["maintenance"]["contacts"])


def test_publiccode_gives_no_address_that_somebody_could_own(public: dict[str, Any]) -> None:
    addresses = re.findall(r"https?://([^/\s\"]+)", json.dumps(public))
    assert addresses
    assert [host for host in addresses if not host.endswith(".example")] == []


def test_the_security_page_says_who_what_when_and_against_whom() -> None:
    page = read("SECURITY.md")
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings == ["Report a vulnerability", "What to expect", "Against whom Vivavoce protects"]
    assert "Not in scope" in page
    assert re.findall(r"\S+@\S+", page) == []


def test_editors_are_told_what_the_formatter_holds() -> None:
    editor = configparser.ConfigParser()
    editor.read_string("[top]\n" + read(".editorconfig"))
    assert editor["top"]["root"] == "true"
    assert editor["*.{py,md}"]["max_line_length"] == str(PROJECT["tool"]["ruff"]["line-length"])
    assert editor["*.{py,sh,toml}"]["indent_size"] == "4"
    assert (editor["*"]["charset"], editor["*"]["end_of_line"]) == ("utf-8", "lf")


def test_hooks_before_a_commit_are_what_the_tests_run() -> None:
    settings = yaml.safe_load(read(".pre-commit-config.yaml"))
    (repository,) = settings["repos"]
    assert repository["repo"] == "local"
    *checks, subject = repository["hooks"]
    run = re.search(r'parametrize\("command", (\[.*\])\)', read("tests/test_style.py"))
    assert run, "tests/test_style.py runs its commands by a parameter"
    assert [hook["entry"].removeprefix(".venv/bin/python -m ") for hook in checks] == json.loads(run[1])
    assert settings["default_stages"] == ["pre-commit"]
    assert (subject["entry"], subject["stages"]) == ("python3 deploy/commits.py", ["commit-msg"])
    assert all(hook["language"] == "system" for hook in repository["hooks"])
