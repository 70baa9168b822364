"""Each check finds what is wrong, says it in words, and changes nothing."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hearings.agreement import agreements
from hearings.db import Database
from hearings.documents import pdf_seals
from hearings.models import SiteProfile
from hearings.queries import get
from media.evidence.archive import status as archive_status
from media.evidence.archive.status import ArchiveStatus, CopyStatus, TargetStatus
from media.evidence.archive.store import Trouble
from tests.support.court import READY, Court
from tests.support.databases import Sqlite
from tests.support.installation import Installation, free_port
from tests.support.turn_server import turn_server
from web.operation import checks, network
from web.operation.findings import Finding, Inspected, Severity
from web.settings import Settings

NOW = datetime(2026, 11, 28, tzinfo=UTC)
COURT = "https://hearings.court.example"


def look(settings: Settings, *, outside: bool = False) -> dict[str, list[Finding]]:
    async def inner() -> list[tuple[checks.Check, Finding]]:
        database = Database(settings.database_url)
        try:
            return await checks.examine(Inspected(settings, database, NOW, outside))
        finally:
            await database.close()

    found: dict[str, list[Finding]] = {}
    for check, one in asyncio.run(inner()):
        found.setdefault(check.name, []).append(one)
    return found


@pytest.mark.parametrize(
    ("given", "severity", "words"),
    [
        ({"udp_host": "0.0.0.0"}, "failure", "which is nowhere"),
        ({"udp_host": "::"}, "failure", "which is nowhere"),
        ({"udp_host": "127.0.0.1", "trusted_proxies": "127.0.0.1"}, "failure", "their own machine"),
        ({"udp_host": "0.0.0.0", "udp_public_address": "127.0.0.1"}, "failure", "their own machine"),
        ({"udp_host": "0.0.0.0", "udp_public_address": "2606:4700::1111"}, "failure", "of two kinds"),
        ({"udp_host": "169.254.1.1"}, "failure", "No browser can"),
        ({"udp_host": "10.1.2.3"}, "note", "Only browsers in the network"),
        ({"udp_host": "198.41.0.4", "udp_ports": "47000-47004"}, "warning", "Only 5 hearings"),
        ({"udp_host": "0.0.0.0", "udp_public_address": "198.41.0.4"}, "ok", "to 198.41.0.4"),
        ({"public_url": "http://localhost:8000"}, "note", "stay on this machine"),
    ],
)
def test_the_media_address_is_judged_as_a_browser_would_reach_it(
    given: dict[str, Any], severity: str, words: str
) -> None:
    (found,) = network.media_address(Settings(**{"public_url": COURT, **given}))
    assert (found.severity.value, words in found.sentence()) == (severity, True), found.sentence()


def certificate(folder: Path, *, host: str, days: float) -> dict[str, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, NOW - timedelta(days=90), NOW + timedelta(days=days)
    )
    signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False).sign(
        key, hashes.SHA256()
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    kinds = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*kinds))
    return {"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"}


@pytest.mark.parametrize(
    ("host", "days", "severity", "words"),
    [
        ("hearings.court.example", 60, "ok", "is encrypted"),
        ("hearings.court.example", 20, "warning", "expires in 20 days"),
        ("hearings.court.example", 2, "failure", "expires in 2 days"),
        ("hearings.court.example", -1, "failure", "has expired"),
        ("other.example", 60, "failure", "not for hearings.court.example"),
    ],
)
def test_a_certificate_is_for_the_host_and_lasts(
    tmp_path: Path, host: str, days: float, severity: str, words: str
) -> None:
    settings = Settings(data=tmp_path, public_url=COURT, **certificate(tmp_path, host=host, days=days))
    (found,) = network.tls(Inspected(settings, Database(settings.database_url), NOW, outside=False))
    assert (found.severity.value, words in found.sentence()) == (severity, True), found.sentence()
    assert network.days_left(settings, NOW) == days


MAIL = {"smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_sender": "court@court.example"}
RELAY = {"turn_urls": "turns:127.0.0.1:9?transport=tcp", "turn_secret_file": "keys/cookie.key"}
STAMPS = {"tsa_urls": "http://127.0.0.1:9/", "tsa_anchors": "keys/document-seal.crt"}


def nearly_ended_seal(data: Path) -> None:
    """The seal on documents as it is a month before its certificate ends."""
    paths = data / "keys/document-seal.key", data / "keys/document-seal.crt"
    for path in paths:
        path.unlink()
    made = NOW - pdf_seals.LIFETIME + timedelta(days=30)
    pdf_seals.make_seal(key=paths[0], certificate=paths[1], name="court.example", now=made)


SPOILT: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "settings": (lambda _data: None, {"test_hooks": True}, "VIVAVOCE_TEST_HOOKS is on"),
    "database": (lambda data: (data / "vivavoce.db").chmod(0o644), {}, "Others can read"),
    "installation": (lambda data: (data / "vivavoce.db").unlink(), {}, "does not answer"),
    "keys": (lambda data: (data / "keys/cookie.key").chmod(0o640), {}, "chmod 600"),
    "document_seals": (nearly_ended_seal, {}, "ends on 2026-12-28. Move it and its key away"),
    "media": (lambda _data: None, {"udp_host": "192.0.2.1"}, "no address of this machine"),
    "relays": (lambda _data: None, RELAY, "does not answer"),
    "time_stamps": (lambda _data: None, STAMPS, "cannot be used"),
    "tls": (lambda _data: None, {"public_url": COURT, "tls_cert": "no", "tls_key": "no"}, "cannot be read"),
    "mail": (lambda _data: None, MAIL, "cannot be reached"),
    "webhooks": (lambda _data: None, {"webhook_hosts": "nowhere.invalid"}, "cannot reach nowhere.invalid"),
    "card_texts": (lambda data: (data / "texts.yaml").write_text("texts: no"), {"card_texts": "."}, "each a list"),
    "cosigners": (lambda data: (data / "list").write_text("quorum none"), {"cosigners": "list"}, "no witness is named"),
    "archives": (lambda _data: None, {"archives": "file:///srv/archive"}, "Nothing has looked at the archives"),
    "disk": (lambda data: (data / "recordings").rmdir(), {}, "is missing"),
}  # fmt: skip
"""By check, what it is to find: how the data folder is spoilt, other settings, words. Clock, fonts and anchor depend on
the machine and on what is built, the relays of agreements on hearings."""


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_spoilt_is_found_by_its_check_and_told(prepared: Path, tmp_path: Path, name: str) -> None:
    spoil, given, words = SPOILT[name]
    made = Installation.copy(prepared, tmp_path, **{"udp_host": "127.0.0.1", **given} | _paths(given, tmp_path))
    spoil(made.settings.data)
    found = look(made.settings, outside=name in ("mail", "webhooks", "relays", "time_stamps"))[name]
    wrong = [one.sentence() for one in found if one.severity in (Severity.warning, Severity.failure)]
    assert any(words in text for text in wrong), found


def _paths(given: dict[str, Any], folder: Path) -> dict[str, Path]:
    keys = ("tls_cert", "tls_key", "turn_secret_file", "tsa_anchors", "card_texts", "cosigners")
    return {key: folder / "data" / given[key] for key in keys if key in given}


def test_every_check_of_the_table_says_something_and_no_secret(prepared: Path, tmp_path: Path) -> None:
    made = Installation.copy(prepared, tmp_path)
    found = look(made.settings)
    assert list(found) == [check.name for check in checks.CHECKS]
    assert SPOILT.keys() | {"clock", "fonts", "anchor", "agreed_relays"} == set(found)
    secrets = [path.read_text().strip() for path in made.settings.keys.rglob("*.key")]
    text = " ".join(one.sentence() for each in found.values() for one in each)
    assert not [secret for secret in secrets if secret in text]


def test_a_seal_of_a_state_that_ends_soon_is_told_until_it_has_a_successor(prepared: Path, tmp_path: Path) -> None:
    made = Installation.copy(prepared, tmp_path)
    states = made.settings.keys / "state-seals"

    def said() -> list[tuple[str, str]]:
        return [(one.severity.value, one.sentence()) for one in look(made.settings)["document_seals"]]

    ((severity, words),) = said()
    assert (severity, "last until" in words) == ("ok", True), words
    pdf_seals.seal_of_state(states, state="RO", name="court.example", now=NOW - pdf_seals.LIFETIME)
    ((severity, words),) = said()
    assert (severity, f"{states / 'RO.crt'} ends on 2026-11-28" in words) == ("note", True), words
    pdf_seals.seal_of_state(states, state="RO", name="court.example", now=NOW)
    assert [severity for severity, _words in said()] == ["ok"]
    (states / "RO-2.crt").write_text("no certificate")
    ((severity, words),) = said()
    assert (severity, "RO-2.crt cannot be read" in words) == ("failure", True), words


def test_a_check_that_fails_itself_is_a_failure_and_stops_no_other(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_place: Inspected) -> list[Finding]:
        raise RuntimeError("inside")

    rows = (checks.Check("broken", "Broken", broken), checks.CHECKS[0])
    monkeypatch.setattr(checks, "CHECKS", rows)
    found = look(Installation.copy(prepared, tmp_path).settings)
    assert [one.sentence() for one in found["broken"]] == ["This could not be checked: RuntimeError"]
    assert found["settings"]


def test_the_command_ends_with_1_on_a_failure_only(prepared: Path, tmp_path: Path) -> None:
    made = Installation.copy(prepared, tmp_path)
    environment = {
        "VIVAVOCE_DATA": str(made.settings.data),
        "VIVAVOCE_UDP_HOST": "127.0.0.1",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    command = [sys.executable, "-m", "web.cli", "check", "--inside", "--json"]

    def run(**more: str) -> tuple[int, set[str]]:
        done = subprocess.run(command, env={**environment, **more}, capture_output=True, text=True, check=False)
        return done.returncode, {load["severity"] for load in json.loads(done.stdout)}

    code, severities = run()
    assert (code, "failure" in severities) == (0, False)
    code, severities = run(VIVAVOCE_PUBLIC_URL=COURT, VIVAVOCE_PORT=str(free_port()))
    assert (code, "failure" in severities) == (1, True)


def test_a_real_relay_is_asked_at_each_address_and_what_it_refuses_is_told(tmp_path: Path) -> None:
    with turn_server(tmp_path) as server:

        def said(**unlike: Any) -> list[str]:
            given = Settings(**{"data": tmp_path, "udp_host": "127.0.0.1", **server.settings, **unlike})
            place = Inspected(given, Database(given.database_url), datetime.now(UTC), outside=True)
            return [one.sentence() for one in asyncio.run(network.relays(place))]

        without_tls = {"turn_urls": f"{server.urls['udp']},{server.urls['tcp']}"}
        assert said(**without_tls) == ["No relay over TLS is set: courts that let only HTTPS through stay outside."]
        assert said(turn_urls=server.urls["tls"]) == [  # nobody but itself has signed its certificate
            f"The certificate of the relay {server.urls['tls']} is not trusted, or it speaks no TLS there."
        ]
        elsewhere = {"turn_urls": server.urls["udp"], "udp_public_address": "192.0.2.10"}
        assert "does not relay to the media address 192.0.2.10" in said(**elsewhere)[1]
        other = tmp_path / "other-secret"
        other.write_text("of another installation altogether")
        other.chmod(0o600)
        assert "refuses the credentials" in said(turn_urls=server.urls["tcp"], turn_secret_file=other)[1]
        other.chmod(0o640)
        assert said(turn_secret_file=other) == [
            "Others can read the file with the relay's secret. Run `chmod 600` on it."
        ]
        other.chmod(0o600)
        other.write_text("short")
        assert said(turn_secret_file=other) == ["The file with the relay's secret cannot be read, or is too short."]


async def by_relay_only(database: Database, hearing_id: str) -> None:
    """A new version of one site comes by a relay over TLS only, and the agreement is about that version."""
    async with database.transaction() as db:
        agreed = await agreements.running(db, hearing_id)
        assert agreed is not None
        before = await get(db, SiteProfile, agreed.requested_profile_id)
        after = SiteProfile(
            owner_state=before.owner_state, site_id=before.site_id, version=before.version + 1, created_at=NOW,
            created_by="system", created_label="system", abilities={**before.abilities, "transports": ["turn_tls"]},
        )  # fmt: skip
        db.add(after)
        await db.flush()
        agreed.requested_profile_id = after.id
        db.add(agreed)


async def test_a_relay_on_which_a_hearing_to_come_has_agreed_must_be_set(sqlite_server: Sqlite, tmp_path: Path) -> None:
    with sqlite_server.at(READY) as url:
        database = Database(url)
        hearing = (await Court.load(database)).hearing

        async def said(*urls: str) -> list[tuple[str, bool]]:
            given = {"turn_urls": ",".join(urls), "turn_secret_file": tmp_path / "secret"} if urls else {}
            place = Inspected(Settings(data=tmp_path, **given), database, NOW, outside=False)
            found = await network.agreed_relays(place)
            return [(one.severity.value, hearing.ref in one.sentence()) for one in found]

        tcp, tls = (f"{scheme}:relay.court.example:443?transport=tcp" for scheme in ("turn", "turns"))
        assert await said() == [("ok", False)]  # both sites come directly
        await by_relay_only(database, hearing.id)
        assert await said() == [("failure", True)]
        assert await said(tcp) == [("failure", True)]
        assert await said(tcp, tls) == [("ok", False)]
        await database.close()


@pytest.mark.parametrize(
    ("targets", "copies", "severity", "words"),
    [
        ([TargetStatus("near")], [], "ok", "Every closed recording is in the archive near"),
        ([TargetStatus("near")], [CopyStatus("1", "near", "pending")], "warning", "Not in the archive near yet: 1"),
        (
            [TargetStatus("near", "away", 1_795_824_000)],
            [CopyStatus("1", "near", "failed", "away", 1_795_824_000)],
            "failure",
            "near does not answer, or its disk is not there, since 2026-11-28 00:00 UTC. Not in it",
        ),
        (
            [TargetStatus("near")],
            [CopyStatus("1", "near", "lost", "missing", 1_795_824_000)],
            "failure",
            "near does not have a copy any more that it had",
        ),
    ],
)
def test_what_the_clock_has_found_of_an_archive_is_told(
    prepared: Path, tmp_path: Path, targets: list[TargetStatus], copies: list[CopyStatus], severity: str, words: str
) -> None:
    made = Installation.copy(prepared, tmp_path, archives=f"file://{tmp_path}/near")
    archive_status.write(made.settings.recordings, ArchiveStatus(int(NOW.timestamp()) - 60, targets, copies))
    (found,) = look(made.settings)["archives"]
    assert (found.severity.value, words in found.sentence()) == (severity, True), found.sentence()


def test_every_trouble_of_an_archive_has_words() -> None:
    assert set(checks.TROUBLES) == set(Trouble)
