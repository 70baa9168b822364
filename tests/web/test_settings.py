"""Settings: read once, frozen, and refused by name when they cannot be used."""

import dataclasses
from pathlib import Path

import pytest

from web.settings import Settings, SettingsError


def test_settings_have_usable_defaults_and_cannot_be_changed():
    settings = Settings.from_environment({"HOME": "/root", "PATH": "/bin"})
    assert settings.origin == "http://localhost:8000"
    assert settings.database_url == f"sqlite+aiosqlite:///{Path('.data').absolute() / 'vivavoce.db'}"
    assert settings.udp_range == (47000, 47999)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


def test_every_setting_is_read_from_its_variable(tmp_path):
    given = {
        "VIVAVOCE_DATA": str(tmp_path),
        "VIVAVOCE_DATABASE_URL": "postgresql+psycopg://db/v",
        "VIVAVOCE_HOST": "0.0.0.0",
        "VIVAVOCE_PORT": "443",
        "VIVAVOCE_PUBLIC_URL": "https://Court.example/",
        "VIVAVOCE_COURT_NAME": "court.example",
        "VIVAVOCE_UDP_HOST": "192.0.2.1",
        "VIVAVOCE_UDP_PORTS": "50000-50009",
        "VIVAVOCE_UDP_PUBLIC_ADDRESS": "198.51.100.7",
        "VIVAVOCE_TURN_URLS": "turn:relay.court.example?transport=udp, turns:relay.court.example:443?transport=tcp",
        "VIVAVOCE_TURN_SECRET_FILE": "/turn-secret",
        "VIVAVOCE_TSA_URLS": "https://tsa.example/tsr, http://other.example/",
        "VIVAVOCE_TSA_ANCHORS": "/tsa.pem",
        "VIVAVOCE_SEAL_SOCKET": "/run/vivavoce-seal/seal.sock",
        "VIVAVOCE_SEAL_TOKEN": "",
        "VIVAVOCE_ANCHOR": "/mnt/anchor",
        "VIVAVOCE_COSIGNERS": "/etc/vivavoce/cosigners",
        "VIVAVOCE_COSIGN_SECONDS": "10",
        "VIVAVOCE_ARCHIVES": "file:///srv/archive, s3://evidence/court?endpoint=https://s3.court.example",
        "VIVAVOCE_ARCHIVE_CREDENTIALS": "/etc/vivavoce-archive",
        "VIVAVOCE_SECOND_TARGET": "/mnt/second",
        "VIVAVOCE_TLS_CERT": "/c.pem",
        "VIVAVOCE_TLS_KEY": "/k.pem",
        "VIVAVOCE_TRUSTED_PROXIES": "10.0.0.1",
        "VIVAVOCE_TEST_HOOKS": "yes",
        "VIVAVOCE_SCHEDULER": "no",
        "VIVAVOCE_PASSKEYS_REQUIRED": "yes",
        "VIVAVOCE_ISSUERS": "/etc/vivavoce/issuers.toml",
        "VIVAVOCE_CARD_TEXTS": "/etc/vivavoce/cards",
        "VIVAVOCE_CODE_COMMAND": "/bin/true",
        "VIVAVOCE_RECOVERY_WAIT_MINUTES": "60",
        "VIVAVOCE_SMTP_HOST": "mail.court.example",
        "VIVAVOCE_SMTP_PORT": "465",
        "VIVAVOCE_SMTP_TLS": "tls",
        "VIVAVOCE_SMTP_SENDER": "court@court.example",
        "VIVAVOCE_SMTP_USER": "court",
        "VIVAVOCE_SMTP_PASSWORD_FILE": "/password",
        "VIVAVOCE_WEBHOOK_HOSTS": "hooks.authority.example, other.example:8443",
        "VIVAVOCE_STATISTICS_PUBLIC": "RO,TH",
        "VIVAVOCE_SANDBOX_DATABASE_URL": "postgresql+psycopg://db/sandbox",
        "VIVAVOCE_API_PER_MINUTE": "600",
        "VIVAVOCE_API_BURST": "100",
        "VIVAVOCE_CONNECTIONS": "4000",
        "VIVAVOCE_CONNECTIONS_PER_ADDRESS": "300",
        "VIVAVOCE_SECURITY_LOG": "/var/log/vivavoce/security.log",
    }
    settings = Settings.from_environment(given)
    assert {f"VIVAVOCE_{item.name.upper()}" for item in dataclasses.fields(Settings) if item.init} == set(given)
    assert settings.origin == "https://court.example"
    assert (settings.port, settings.test_hooks, settings.tls_cert) == (443, True, Path("/c.pem"))
    assert (settings.scheduler, settings.smtp_port, settings.smtp_password_file) == (False, 465, Path("/password"))
    assert [store.name for store in settings.archive_stores] == ["archive", "evidence"]
    assert settings.allowed_webhook_hosts == {"hooks.authority.example", "other.example:8443"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"), ("PORT", "0"), ("PORT", "70000"), ("TEST_HOOKS", "maybe"), ("NO_SUCH_THING", "1"),
        ("PUBLIC_URL", "http://court.example"), ("PUBLIC_URL", "ftp://x"), ("PUBLIC_URL", "https://x/path"),
        ("UDP_PORTS", "9-1"), ("UDP_PORTS", "all"), ("COURT_NAME", "Court Of Law"), ("UDP_HOST", "somewhere"),
        ("UDP_PUBLIC_ADDRESS", "host.example"), ("TLS_CERT", "/c.pem"), ("HOST", "0.0.0.0"),
        ("SCHEDULER", "perhaps"), ("SMTP_PORT", "0"), ("SMTP_TLS", "ssl"), ("WEBHOOK_HOSTS", "127.0.0.1"),
        ("API_PER_MINUTE", "0"), ("API_BURST", "many"), ("ANCHOR", "anchor"), ("ANCHOR", "/mnt/../etc"),
        ("SECOND_TARGET", "second"), ("STATISTICS_PUBLIC", "Romania"),
        ("COSIGN_SECONDS", "9"), ("COSIGN_SECONDS", "61"), ("COSIGN_SECONDS", "often"),
        ("ARCHIVES", "/srv/archive"), ("ARCHIVES", "file:///a/x,file:///b/x"),
        ("CODE_COMMAND", "send-code"), ("CODE_COMMAND", "/no/such"),
        ("TSA_URLS", "tsa.example"), ("TSA_URLS", "https://me@tsa.example/"), ("TSA_URLS", "https://tsa.example/"),
        ("TURN_URLS", "stun:relay.example"), ("TURN_URLS", "turn:relay.example"),
        ("TURN_URLS", "turns:relay.example.transport=udp"), ("TURN_URLS", "turn:user@relay.example"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_refused_naming_key_and_value(name, value):
    with pytest.raises(SettingsError, match=f"VIVAVOCE_{name}=.*{value}"):
        Settings.from_environment({f"VIVAVOCE_{name}": value})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SMTP_HOST": "mail.court.example", "SMTP_SENDER": "a@b.example", "SMTP_TLS": "none"}, "SMTP_TLS"),
        ({"SMTP_HOST": "mail.court.example"}, "SMTP_SENDER"),
        ({"SMTP_HOST": "mail.court.example", "SMTP_SENDER": "a@b.example\r\nBcc: c@d.example"}, "SMTP_SENDER"),
        ({"SMTP_HOST": "mail.court.example", "SMTP_SENDER": "a@b.example", "SMTP_USER": "a"}, "SMTP_USER"),
    ],
)
def test_half_a_mail_server_is_refused(given, named):
    with pytest.raises(SettingsError, match=f"VIVAVOCE_{named}="):
        Settings.from_environment({f"VIVAVOCE_{name}": value for name, value in given.items()})


RELAYS = [
    "turn:relay.court.example:3478?transport=udp", "turn:192.0.2.1?transport=tcp", "turns:[2001:db8::1]?transport=tcp",
]  # fmt: skip


def test_a_relay_is_named_by_its_address_and_transport():
    given = {"VIVAVOCE_TURN_URLS": ", ".join(RELAYS), "VIVAVOCE_TURN_SECRET_FILE": "/turn-secret"}
    found = [(url.host, url.port, url.kind) for url in Settings.from_environment(given).relays]
    assert found == [("relay.court.example", 3478, "udp"), ("192.0.2.1", 3478, "tcp"), ("2001:db8::1", 5349, "tls")]
    with pytest.raises(SettingsError, match=r"VIVAVOCE_TURN_URLS=.*together, or neither"):
        Settings.from_environment({"VIVAVOCE_TURN_URLS": RELAYS[0]})
    with pytest.raises(SettingsError, match=r"VIVAVOCE_TURN_URLS=.*together, or neither"):
        Settings.from_environment({"VIVAVOCE_TURN_SECRET_FILE": "/turn-secret"})


TOKEN = "pkcs11:token=Court;object=seal?module-path=/m.so&pin-source=/pin"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SEAL_TOKEN": TOKEN, "SEAL_SOCKET": "/run/seal.sock"}, "no seal_socket beside it"),
        ({"SEAL_TOKEN": TOKEN.replace("object=seal", "")}, "is not known here"),
        ({"SEAL_TOKEN": f"{TOKEN}&pin-value=4711"}, "pin-value is refused"),
    ],
)
def test_a_token_is_for_the_seal_process_of_this_account_and_its_pin_is_no_setting(given, said):
    assert Settings.from_environment({"VIVAVOCE_SEAL_TOKEN": TOKEN}).seal_token == TOKEN
    with pytest.raises(SettingsError, match=f"VIVAVOCE_SEAL_TOKEN=.*{said}") as refused:
        Settings.from_environment({f"VIVAVOCE_{name}": value for name, value in given.items()})
    assert "4711" not in str(refused.value)


def test_the_sandbox_is_a_second_file_beside_the_database_and_never_the_docket(tmp_path):
    beside = Settings(data=tmp_path, database_url=f"sqlite+aiosqlite:///{tmp_path}/docket.db")
    assert beside.sandbox_database_url == f"sqlite+aiosqlite:///{tmp_path}/sandbox.db"
    assert Settings(data=tmp_path, database_url="postgresql+psycopg://db/v").sandbox_database_url == ""
    with pytest.raises(SettingsError, match="VIVAVOCE_SANDBOX_DATABASE_URL"):
        Settings(
            data=tmp_path, database_url="postgresql+psycopg://db/v", sandbox_database_url="postgresql+psycopg://db/v"
        )
