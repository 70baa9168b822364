"""Nothing that is locked is known to be vulnerable, and what is known is compared rightly."""

import json
import zipfile
from pathlib import Path

import pytest

from deploy import advisories


def entry(*events: dict[str, str], kind: str = "ECOSYSTEM", **more: object) -> dict[str, object]:
    return {"package": {"ecosystem": "PyPI", "name": "H11"}, "ranges": [{"type": kind, "events": [*events]}], **more}


@pytest.mark.parametrize(
    ("affected", "version", "expected"),
    [
        (entry({"introduced": "0"}, {"fixed": "0.16.0"}), "0.14.0", True),
        (entry({"introduced": "0"}, {"fixed": "0.16.0"}), "0.16.0", False),
        (entry({"introduced": "0"}, {"fixed": "0.16.0"}), "0.16.0rc1", True),
        (entry({"introduced": "0"}, {"last_affected": "0.16.0"}), "0.16.0", True),
        (entry({"introduced": "0"}, {"last_affected": "0.16.0"}), "0.16.1", False),
        (entry({"introduced": "2"}, {"fixed": "3"}, {"introduced": "5"}), "4.1", False),
        (entry({"introduced": "2"}, {"fixed": "3"}, {"introduced": "5"}), "5.0", True),
        (entry({"introduced": "1"}, kind="SEMVER"), "10.0.0", True),
        (entry({"introduced": "abcdef"}, kind="GIT", versions=["1.0"]), "1.1", False),
        (entry({"introduced": "abcdef"}, kind="GIT", versions=["1.0"]), "1.0", True),
        (entry({"introduced": "abcdef"}, kind="GIT"), "1.0", True),  # nothing to compare with: unknown counts
        (entry({"introduced": "odd.one"}), "1.0", True),
    ],
)
def test_a_version_is_affected_by_its_ranges_and_by_what_cannot_be_compared(affected, version, expected) -> None:
    assert advisories.is_affected(version, affected) is expected


def test_nothing_locked_is_affected_by_what_is_kept_and_an_older_lock_would_be(capsys) -> None:
    assert advisories.main([]) == 0, capsys.readouterr().out
    records = list(advisories.read(advisories.KEPT))
    assert len(records) >= 9
    before = {("PyPI", "h11"): {"0.14.0"}, ("PyPI", "starlette"): {"0.49.0"}}
    assert [line.split(":")[0] for line in advisories.affecting(records, before)] == [
        "h11 0.14.0 (PyPI)", "starlette 0.49.0 (PyPI)",
    ]  # fmt: skip


def test_exports_are_kept_as_far_as_they_concern_a_lock(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(advisories, "KEPT", tmp_path / "kept.json")
    locked = advisories.locked()
    (version,) = locked["PyPI", "h11"]
    name, npm = next((name, sorted(versions)[0]) for (kind, name), versions in locked.items() if kind == "npm")
    records = [
        {"id": "A-1", "summary": "of ours", "details": "long", "affected": [entry({"introduced": version})]},
        {"id": "A-2", "affected": [{"package": {"ecosystem": "PyPI", "name": "of-nobody-here"}, "versions": ["1"]}]},
        {"id": "A-3", "affected": [{"package": {"ecosystem": "npm", "name": name}, "versions": [npm]}]},
        {"id": "A-4", "withdrawn": "2026-01-01T00:00:00Z", "affected": [entry({"introduced": "0"})]},
    ]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for record in records[:2]:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    (tmp_path / "more").mkdir()
    for record in records[2:]:
        (tmp_path / "more" / f"{record['id']}.json").write_text(json.dumps(record))
    assert advisories.main(["--keep", str(tmp_path / "all.zip"), str(tmp_path / "more")]) == 1
    said = capsys.readouterr().out
    assert f"! h11 {version} (PyPI): A-1 of ours\n" in said
    assert f"! {name} {npm} (npm): A-3\n" in said
    assert "A-2" not in said
    assert "A-4" not in said
    assert [record["id"] for record in advisories.read(advisories.KEPT)] == ["A-1", "A-3", "A-4"]
    assert "long" not in advisories.KEPT.read_text()


def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(advisories, "KEPT", tmp_path / "kept.json")
    (tmp_path / "kept.json").write_text("[]")
    (tmp_path / "bad.json").write_text("{")
    assert advisories.main(["--keep", str(tmp_path / "bad.json")]) == 2
    assert "nothing was changed" in capsys.readouterr().err
    assert (tmp_path / "kept.json").read_text() == "[]"
