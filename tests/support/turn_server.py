"""A real TURN relay for tests: coturn, set up as docs/operation.md sets it up, with its ports moved."""

import contextlib
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.installation import free_port

TURNSERVER = "/usr/bin/turnserver"


def own_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate for an address that nobody has signed but itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / f"{host}.crt", folder / f"{host}.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kinds = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*kinds))
    private.chmod(0o600)
    return cert, private


@dataclass
class TurnServer:
    """A running relay. `urls`: by kind, `udp`, `tcp`, `tls`."""

    host: str
    port: int
    tls_port: int
    secret_file: Path
    certificate: Path
    process: "subprocess.Popen[bytes]"

    @property
    def urls(self) -> dict[str, str]:
        return {
            "udp": f"turn:{self.host}:{self.port}?transport=udp",
            "tcp": f"turn:{self.host}:{self.port}?transport=tcp",
            "tls": f"turns:{self.host}:{self.tls_port}?transport=tcp",
        }

    @property
    def settings(self) -> dict[str, object]:
        """Settings of an installation that uses it."""
        return {"turn_urls": ",".join(self.urls.values()), "turn_secret_file": self.secret_file}


@contextlib.contextmanager
def turn_server(
    folder: Path, host: str = "127.0.0.1", *, port: int = 0, tls_port: int = 0, peers: str = "127.0.0.1", most: int = 0
) -> Iterator[TurnServer]:
    """coturn, which relays to `peers` only; `most`: allocations that one user may have, 0: any number."""
    port, tls_port = port or free_port(), tls_port or free_port()
    secret = folder / "turn-secret"
    secret.write_text(secrets.token_hex(32))
    secret.chmod(0o600)
    cert, key = own_certificate(folder, host)
    conf = folder / "turnserver.conf"
    conf.write_text(
        f"""realm=relay.court.example
use-auth-secret
static-auth-secret={secret.read_text()}
listening-ip={host}
relay-ip={host}
listening-port={port}
tls-listening-port={tls_port}
cert={cert}
pkey={key}
min-port=50000
max-port=59999
fingerprint
no-cli
no-multicast-peers
no-tcp-relay
no-dtls
user-quota={most}
stale-nonce=600
simple-log
log-file={folder / "turn.log"}
pidfile={folder / "turn.pid"}
userdb={folder / "turn.db"}
allow-loopback-peers
denied-peer-ip=0.0.0.0-255.255.255.255
allowed-peer-ip={peers}
"""
    )
    with (folder / "turn.out").open("wb") as out:
        process = subprocess.Popen([TURNSERVER, "-c", str(conf)], stdout=out, stderr=out)
    try:
        for _ in range(200):
            assert process.poll() is None, (folder / "turn.out").read_text()[-2000:]
            with contextlib.suppress(OSError), socket.create_connection((host, tls_port), 1):
                break
            time.sleep(0.05)
        yield TurnServer(host, port, tls_port, secret, cert, process)
    finally:
        process.terminate()
        process.wait(10)
