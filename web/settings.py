"""Settings: read once from `VIVAVOCE_*` into a frozen object. Every one is described in docs/settings.md.

A value that cannot be used raises `SettingsError`, whose text names the key, the value and what was expected.
There is no default secret: keys are files made by `vivavoce init`.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from media.evidence.archive.store import ArchiveStore
from media.evidence.archive.targets import TargetError, stores_of
from media.evidence.log import tlog
from media.evidence.seal.token_uri import parse_token_uri

PREFIX = "VIVAVOCE_"
MOST_WAIT = 7 * 24 * 60


class SettingsError(Exception):
    """A setting has a value that cannot be used."""

    def __init__(self, key: str, value: str, expected: str) -> None:
        super().__init__(f"{PREFIX}{key.upper()}={value!r}: expected {expected}")
        self.key = key


RelayKind = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True)
class RelayUrl:
    """The address of a relay (RFC 7065). `kind`: how a browser reaches it, `udp`, `tcp` or `tls`."""

    text: str
    host: str
    port: int
    kind: RelayKind


RELAY_KINDS: dict[tuple[str, str], RelayKind] = {
    ("turn", "udp"): "udp",
    ("turn", "tcp"): "tcp",
    ("turns", "tcp"): "tls",
}
"""Kind of a relay, by scheme and transport. Browsers speak no TURN over DTLS (turns over udp)."""


def relay_url(text: str) -> RelayUrl | None:
    """A `turn:` or `turns:` address with its transport; None for any other text."""
    match = re.fullmatch(r"(turns?):([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?\?transport=(udp|tcp)", text)
    if match is None or (match[1], match[4]) not in RELAY_KINDS:
        return None
    port = int(match[3] or (5349 if match[1] == "turns" else 3478))
    host = match[2].strip("[]")
    return RelayUrl(text, host, port, RELAY_KINDS[match[1], match[4]]) if 0 < port < 65_536 else None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation decides. One field is one environment variable: `udp_host` is VIVAVOCE_UDP_HOST."""

    data: Path = Path(".data")
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"
    court_name: str = "demo.vivavoce.example"
    udp_host: str = "127.0.0.1"
    udp_ports: str = "47000-47999"
    udp_public_address: str = ""
    turn_urls: str = ""
    turn_secret_file: Path | None = None
    tsa_urls: str = ""
    tsa_anchors: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: str = ""
    seal_socket: Path | None = None
    seal_token: str = ""
    anchor: Path | None = None
    cosigners: Path | None = None
    cosign_seconds: int = 30
    archives: str = ""
    archive_credentials: Path | None = None
    second_target: Path | None = None
    test_hooks: bool = False
    scheduler: bool = True
    passkeys_required: bool = False
    issuers: Path | None = None
    code_command: Path | None = None
    card_texts: Path | None = None
    recovery_wait_minutes: int = 1440
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_sender: str = ""
    smtp_user: str = ""
    smtp_password_file: Path | None = None
    webhook_hosts: str = ""
    statistics_public: str = ""
    sandbox_database_url: str = ""
    api_per_minute: int = 100
    api_burst: int = 50
    security_log: Path | None = None
    connections: int = 2000
    connections_per_address: int = 200
    origin: str = field(init=False, default="")

    def __post_init__(self) -> None:
        data = self.data.expanduser().absolute()
        object.__setattr__(self, "data", data)
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite+aiosqlite:///{data / 'vivavoce.db'}")
        if not self.sandbox_database_url and self.database_url.startswith("sqlite"):
            beside = f"{self.database_url.partition('?')[0].rpartition('/')[0]}/sandbox.db"
            object.__setattr__(self, "sandbox_database_url", beside)
        url = urlsplit(self.public_url)
        object.__setattr__(self, "origin", f"{url.scheme}://{url.netloc}".lower())
        for key, check in CHECKS.items():
            check(self, key)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read every `VIVAVOCE_*` variable that names a setting; an unknown one is an error, not a surprise."""
        known = {item.name for item in fields(cls) if item.init}
        values: dict[str, object] = {}
        for name, text in environ.items():
            if not name.startswith(PREFIX):
                continue
            key = name.removeprefix(PREFIX).lower()
            if key not in known:
                raise SettingsError(key, text, "no such setting (see docs/settings.md)")
            if text != "":
                values[key] = READERS.get(key, str)(text)
        return cls(**values)  # type: ignore[arg-type]

    def changed(self) -> str:
        """The names of the settings that are not as shipped, none of their values."""
        own = [item for item in fields(self) if item.init and item.name not in ("database_url", "sandbox_database_url")]
        return ",".join(item.name for item in own if getattr(self, item.name) != item.default)[:120]

    @property
    def training(self) -> bool:
        """Whether this is a rehearsal: the name of the court says so, and with it all that is sealed here."""
        return tlog.is_training(self.court_name)

    @property
    def secure(self) -> bool:
        """Whether browsers reach this installation over TLS."""
        return self.public_url.startswith("https://")

    @property
    def keys(self) -> Path:
        """Folder of the keys, mode 0700."""
        return self.data / "keys"

    @property
    def seal_folder(self) -> Path:
        """Folder of the seal key and of the heads it has signed, which only the seal process reads."""
        return self.keys / "seal"

    @property
    def recordings(self) -> Path:
        """Folder of the sealed recordings."""
        return self.data / "recordings"

    @property
    def run(self) -> Path:
        """Folder of sockets, process ids and logs, mode 0700."""
        return self.data / "run"

    @property
    def allowed_webhook_hosts(self) -> frozenset[str]:
        """The hosts events may be posted to."""
        return frozenset(_listed(self.webhook_hosts))

    @property
    def statistics_public_states(self) -> tuple[str, ...]:
        """The States whose statistics everybody may see, in the order they are named."""
        return tuple(dict.fromkeys(_listed(self.statistics_public)))

    @property
    def stamping_urls(self) -> tuple[str, ...]:
        """The time-stamping authorities, in the order they are asked."""
        return tuple(_listed(self.tsa_urls))

    @property
    def archive_stores(self) -> list[ArchiveStore]:
        """The archives of closed recordings, in the order they are named; none is opened yet."""
        return stores_of(_listed(self.archives), self.archive_credentials)

    @property
    def relays(self) -> tuple[RelayUrl, ...]:
        """The relays that browsers may use, in the order they are named."""
        return tuple(url for text in _listed(self.turn_urls) if (url := relay_url(text)) is not None)

    @property
    def udp_range(self) -> tuple[int, int]:
        """First and last media port."""
        first, last = self.udp_ports.split("-")
        return int(first), int(last)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _port(key: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        if not text.isdecimal() or not 0 < int(text) < 65_536:
            raise SettingsError(key, text, "a number from 1 to 65535")
        return int(text)

    return read


def _count(key: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
            raise SettingsError(key, text, "a number from 1 to 1000000")
        return int(text)

    return read


def _flag(key: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if text.lower() not in words:
            raise SettingsError(key, text, "yes or no")
        return words[text.lower()]

    return read


READERS: dict[str, Callable[[str], object]] = {
    "data": Path,
    "seal_socket": Path,
    "anchor": Path,
    "cosigners": Path,
    "cosign_seconds": _count("cosign_seconds"),
    "archive_credentials": Path,
    "second_target": Path,
    "tls_cert": Path,
    "tls_key": Path,
    "security_log": Path,
    "issuers": Path,
    "code_command": Path,
    "card_texts": Path,
    "recovery_wait_minutes": _count("recovery_wait_minutes"),
    "port": _port("port"),
    "test_hooks": _flag("test_hooks"),
    "scheduler": _flag("scheduler"),
    "passkeys_required": _flag("passkeys_required"),
    "smtp_port": _port("smtp_port"),
    "smtp_password_file": Path,
    "turn_secret_file": Path,
    "tsa_anchors": Path,
    "api_per_minute": _count("api_per_minute"),
    "api_burst": _count("api_burst"),
    "connections": _count("connections"),
    "connections_per_address": _count("connections_per_address"),
}


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_public_url(settings: Settings, key: str) -> None:
    url = urlsplit(settings.public_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/") or url.query:
        raise SettingsError(key, settings.public_url, "an address like https://court.example, without a path")
    if url.scheme == "http" and not is_loopback(url.hostname):
        # Browsers give no camera and keep no Secure cookie there.
        raise SettingsError(key, settings.public_url, "https:// (http:// only for localhost and 127.0.0.1)")


def _check_ports(settings: Settings, key: str) -> None:
    found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", settings.udp_ports)
    if not found or not 1024 <= int(found[1]) <= int(found[2]) <= 65_535:
        raise SettingsError(key, settings.udp_ports, "FIRST-LAST, both from 1024 to 65535")


def _check_court_name(settings: Settings, key: str) -> None:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]{0,100}[a-z0-9])?", settings.court_name):
        raise SettingsError(key, settings.court_name, "a name like court.example: lower-case letters, digits, . and -")
    for other in OUTSIDE if settings.training else ():
        if getattr(settings, other):
            raise SettingsError(other, "…", "nothing: a rehearsal (court_name training.…) reaches nobody outside")


OUTSIDE = (
    *("smtp_host", "webhook_hosts", "cosigners", "archives", "statistics_public", "second_target", "anchor"),
    *("tsa_urls", "issuers", "code_command", "seal_socket", "seal_token"),
)
"""Settings by which something leaves an installation, or by which keys of others are used: a rehearsal has none."""


def _check_address(settings: Settings, key: str) -> None:
    value = getattr(settings, key)
    if value == "" and key == "udp_public_address":
        return
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise SettingsError(key, value, "an IP address") from None


def _check_tls(settings: Settings, key: str) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingsError(key, str(getattr(settings, key) or ""), "tls_cert and tls_key together, or neither")
    if settings.tls_cert is not None and not settings.secure:
        raise SettingsError("public_url", settings.public_url, "https:// because a certificate is set")


def _check_seal_token(settings: Settings, key: str) -> None:
    if not settings.seal_token:
        return
    if settings.seal_socket is not None:
        raise SettingsError(key, "…", "no seal_socket beside it: that process has its own option --token")
    try:
        parse_token_uri(settings.seal_token)
    except ValueError as error:  # the value itself is not repeated: there may be a PIN in it
        raise SettingsError(key, "…", f"a PKCS#11 URI ({error})") from None


def _check_outside(settings: Settings, key: str) -> None:
    folder: Path | None = getattr(settings, key)
    if folder is None:
        return
    if not folder.is_absolute() or ".." in folder.parts:
        raise SettingsError(key, str(folder), "a folder by its whole path")
    if folder == settings.data or settings.data in folder.parents:
        raise SettingsError(key, str(folder), "a folder outside the data folder, best on another machine")


def _check_host(settings: Settings, key: str) -> None:
    if not is_loopback(settings.host) and not settings.secure:
        raise SettingsError(key, settings.host, "a loopback address while public_url is http://")


def _check_mail(settings: Settings, key: str) -> None:
    if settings.smtp_tls not in ("starttls", "tls", "none"):
        raise SettingsError("smtp_tls", settings.smtp_tls, "starttls, tls or none")
    if not settings.smtp_host:
        return
    if settings.smtp_tls == "none" and not is_loopback(settings.smtp_host):
        raise SettingsError("smtp_tls", settings.smtp_tls, "starttls or tls (none only to this machine)")
    if not re.fullmatch(r"[\x21-\x3f\x41-\x7e]{1,64}@[A-Za-z0-9.-]{1,190}", settings.smtp_sender):
        raise SettingsError("smtp_sender", settings.smtp_sender, "the address mails come from: court@court.example")
    if bool(settings.smtp_user) != (settings.smtp_password_file is not None):
        raise SettingsError("smtp_user", settings.smtp_user, "smtp_user and smtp_password_file together, or neither")


def _check_turn(settings: Settings, key: str) -> None:
    for text in _listed(settings.turn_urls):
        if relay_url(text) is None:
            expected = "addresses like turn:relay.court.example:3478?transport=udp (or tcp) and"
            expected += " turns:relay.court.example:443?transport=tcp, with commas between them"
            raise SettingsError(key, text, expected)
    if bool(settings.turn_urls) != (settings.turn_secret_file is not None):
        raise SettingsError(key, settings.turn_urls, "turn_urls and turn_secret_file together, or neither")


def _check_tsa(settings: Settings, key: str) -> None:
    for text in _listed(settings.tsa_urls):
        url = urlsplit(text)
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.fragment:
            expected = "addresses of time-stamping authorities like https://tsa.example/tsr, with commas between them"
            raise SettingsError(key, text, expected)
    if bool(settings.tsa_urls) != (settings.tsa_anchors is not None):
        raise SettingsError(key, settings.tsa_urls, "tsa_urls and tsa_anchors together, or neither")


def _check_archives(settings: Settings, key: str) -> None:
    for text in _listed(settings.archives):
        try:
            stores_of([text])
        except TargetError as error:
            raise SettingsError(key, text, f"addresses with commas between them: {error}") from None
    try:
        stores_of(_listed(settings.archives))
    except TargetError as error:
        raise SettingsError(key, settings.archives, str(error)) from None
    path = settings.archive_credentials
    if path is not None and path.exists() and path.stat().st_mode & 0o077:
        raise SettingsError("archive_credentials", str(path), "a file that this account alone may read (mode 0600)")


def _check_code_command(settings: Settings, key: str) -> None:
    path = settings.code_command
    if path is not None and not (path.is_absolute() and os.access(path, os.X_OK)):
        raise SettingsError(key, str(path), "a program by its whole path, which this account may run")


def _check_webhook_hosts(settings: Settings, key: str) -> None:
    for host in settings.allowed_webhook_hosts:
        if not re.fullmatch(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?", host):
            raise SettingsError(key, settings.webhook_hosts, "host names with commas between them, in lower case")


def _check_statistics_public(settings: Settings, key: str) -> None:
    for state in settings.statistics_public_states:
        if not re.fullmatch("[A-Z]{2}", state):
            raise SettingsError(key, state, "codes of States with commas between them, like RO,TH")


def _check_sandbox(settings: Settings, key: str) -> None:
    if settings.sandbox_database_url == settings.database_url:
        raise SettingsError(key, "…", "another database than database_url: the sandbox never touches the docket")


def _check_recovery_wait(settings: Settings, key: str) -> None:
    if not 1 <= settings.recovery_wait_minutes <= MOST_WAIT:
        raise SettingsError(key, str(settings.recovery_wait_minutes), f"minutes, from 1 to {MOST_WAIT} (a week)")


def _check_cosign_seconds(settings: Settings, key: str) -> None:
    if not 10 <= settings.cosign_seconds <= 60:
        raise SettingsError(key, str(settings.cosign_seconds), "seconds, from 10 to 60")


CHECKS: dict[str, Callable[[Settings, str], None]] = {
    "sandbox_database_url": _check_sandbox,
    "public_url": _check_public_url,
    "udp_ports": _check_ports,
    "court_name": _check_court_name,
    "udp_host": _check_address,
    "udp_public_address": _check_address,
    "turn_urls": _check_turn,
    "tsa_urls": _check_tsa,
    "tls_cert": _check_tls,
    "seal_token": _check_seal_token,
    "anchor": _check_outside,
    "second_target": _check_outside,
    "cosign_seconds": _check_cosign_seconds,
    "archives": _check_archives,
    "smtp_host": _check_mail,
    "webhook_hosts": _check_webhook_hosts,
    "statistics_public": _check_statistics_public,
    "host": _check_host,
    "code_command": _check_code_command,
    "recovery_wait_minutes": _check_recovery_wait,
}
