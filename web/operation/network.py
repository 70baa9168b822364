"""Network checks, inbound and outbound: media, TLS, mail, webhooks, the seal."""

import ipaddress
import secrets
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from hearings.agreement import agreements
from media.evidence.check.stamp_check import StampUnavailable
from media.evidence.log import tlog
from media.evidence.seal.client import SealSilentError
from media.evidence.stamping.timestamps import Authorities, NoStampError, obtain
from web.live.relays import WAYS, Relays, missing_relays
from web.operation.findings import Findings, Inspected, failure, note, ok, warning
from web.seal_keeper import SealKeeper, authorities_of
from web.settings import RelayUrl, Settings, SettingsError, is_loopback
from web.words.i18n import N_

SOON, AT_ONCE = 21, 3
"""Days before its expiry from which a certificate causes a warning, and a failure."""
PATIENCE = 5.0
WITHOUT_TLS = N_("Without TLS: browsers on this machine only.")
WITHOUT_RELAYS = N_("No relay is set: a court whose network blocks UDP has no sound and picture.")
NO_AGREED_RELAY = N_(
    "A site of the hearing {hearing} is agreed to come by a relay ({kinds}), and none of that kind is set: it will "
    "have no sound and picture. Set one (docs/operation.md), or have the site agree to another way."
)
RELAY_FAULTS = {
    "silent": N_("The relay {url} does not answer."),
    "credentials": N_("The relay {url} refuses the credentials: its secret is another one, or its clock is wrong."),
    "untrusted": N_("The certificate of the relay {url} is not trusted, or it speaks no TLS there."),
    "full": N_("The relay {url} has reached its quota."),
    "refused": N_("The relay {url} refuses to relay."),
}
"""By `media.relay.RelayFault`."""
WITHOUT_MAIL = N_("No mail server is set: mails stay in the outbox, and nobody is reminded.")


def media(place: Inspected) -> Findings:
    """Whether browsers can reach the address and ports for sound and picture."""
    return media_address(place.settings) + _listening(place.settings)


def media_address(settings: Settings) -> Findings:
    """Check of the media address, from the settings alone."""
    configured = settings.udp_public_address or settings.udp_host
    address, host = ipaddress.ip_address(configured), urlsplit(settings.public_url).hostname or ""
    findings: Findings = []
    if address.is_unspecified:
        text = N_(
            "Browsers would send sound and picture to {address}, which is nowhere. Set VIVAVOCE_UDP_PUBLIC_ADDRESS."
        )
        findings.append(failure(text, address=configured))
    elif address.is_loopback and not is_loopback(host):
        text = N_("Browsers would send sound and picture to {address}, their own machine. Set VIVAVOCE_UDP_HOST.")
        findings.append(failure(text, address=configured))
    elif address.is_loopback:
        findings.append(
            note(N_("Sound and picture stay on this machine, and Firefox sends none to {address}."), address=configured)
        )
    elif address.is_link_local or address.is_multicast:
        findings.append(failure(N_("No browser can send sound and picture to {address}."), address=configured))
    elif address.is_private and not is_loopback(host):
        findings.append(
            note(N_("Only browsers in the network of {address} can send sound and picture there."), address=configured)
        )
    if address.version != ipaddress.ip_address(settings.udp_host).version:
        findings.append(
            failure(N_("VIVAVOCE_UDP_HOST and VIVAVOCE_UDP_PUBLIC_ADDRESS are of two kinds, IPv4 and IPv6."))
        )
    first, last = settings.udp_range
    if last - first < 9:
        findings.append(
            warning(N_("Only {n} hearings can be live at once: widen VIVAVOCE_UDP_PORTS."), n=last - first + 1)
        )
    return findings or [ok(N_("Browsers send sound and picture to {address}."), address=configured)]


def _listening(settings: Settings) -> Findings:
    family = socket.AF_INET6 if ":" in settings.udp_host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((settings.udp_host, 0))
    except OSError:
        return [failure(N_("VIVAVOCE_UDP_HOST {address} is no address of this machine."), address=settings.udp_host)]
    return []


def certificate(path: Path) -> x509.Certificate:
    """The first certificate of a PEM chain. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def days_left(settings: Settings, now: datetime) -> float | None:
    """Days until the configured certificate expires; None when none is configured (a proxy has it) or unreadable."""
    if settings.tls_cert is None:
        return None
    try:
        return (certificate(settings.tls_cert).not_valid_after_utc - now).total_seconds() / 86_400
    except (OSError, ValueError):
        return None


def tls(place: Inspected) -> Findings:
    """Check of the certificate, or of the proxy that has it."""
    settings = place.settings
    if not settings.secure:
        return [note(WITHOUT_TLS)]
    findings: Findings = []
    if settings.tls_cert is not None and settings.tls_key is not None:
        findings += _certificate(settings, place.now)
    elif not settings.trusted_proxies:
        text = N_("A proxy ends TLS but is not named in VIVAVOCE_TRUSTED_PROXIES: all visitors count as one address.")
        findings.append(warning(text))
    if place.outside and not findings:
        findings += _as_a_browser(settings, place.now)
    return findings or [ok(N_("The connection is encrypted."))]


def _certificate(settings: Settings, now: datetime) -> Findings:
    assert settings.tls_cert is not None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
        leaf = certificate(settings.tls_cert)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return [failure(N_("Certificate and key cannot be read, or do not belong together."))]
    host = urlsplit(settings.public_url).hostname or ""
    return [*_named(leaf, host), *_until((leaf.not_valid_after_utc - now).total_seconds() / 86_400)]


def _named(leaf: x509.Certificate, host: str) -> Findings:
    try:
        names = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        assert isinstance(names, x509.SubjectAlternativeName)
        given = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
        given |= {str(name) for name in names.get_values_for_type(x509.IPAddress)}
    except x509.ExtensionNotFound:
        given = set()
    if host in given or f"*.{host.partition('.')[2]}" in given:
        return []
    return [failure(N_("The certificate is not for {host}: browsers will refuse it."), host=host)]


def _until(days: float) -> Findings:
    if days < 0:
        return [failure(N_("The certificate has expired: no browser can connect. Renew it and restart."))]
    if days < SOON:
        kind = failure if days < AT_ONCE else warning
        return [kind(N_("The certificate expires in {n} days. Renew it."), n=int(days))]
    return []


def _as_a_browser(settings: Settings, now: datetime) -> Findings:
    """Connect to the public address and verify its certificate with the machine's trust store."""
    url = urlsplit(settings.public_url)
    host, port = url.hostname or "", url.port or 443
    try:
        context = ssl.create_default_context()
        with (
            socket.create_connection((host, port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as link,
        ):
            leaf = link.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return [failure(N_("The certificate at {host} is not trusted: {why}"), host=host, why=error.verify_message)]
    except OSError:
        return [warning(N_("{host} port {port} cannot be reached from here."), host=host, port=port)]
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(leaf["notAfter"])), UTC)
    return _until((ends - now).total_seconds() / 86_400)


async def relays(place: Inspected) -> Findings:
    """Whether the relays for networks that block UDP answer, and relay to nothing but the media ports."""
    settings = place.settings
    if not settings.relays:
        return [note(WITHOUT_RELAYS)]
    path = settings.turn_secret_file
    assert path is not None
    try:
        if path.stat().st_mode & 0o077:
            return [failure(N_("Others can read the file with the relay's secret. Run `chmod 600` on it."))]
        configured = Relays.read(settings)
    except (OSError, SettingsError):
        return [failure(N_("The file with the relay's secret cannot be read, or is too short."))]
    findings: Findings = []
    if "tls" not in {url.kind for url in configured.urls}:
        findings.append(warning(N_("No relay over TLS is set: courts that let only HTTPS through stay outside.")))
    if place.outside:
        credentials = configured.credentials("check", place.now.timestamp())
        for url in configured.urls:
            findings += await _relay(url, credentials, settings)
    kinds = ", ".join(url.kind.upper() for url in configured.urls)
    return findings or [ok(N_("Browsers that cannot send UDP use a relay ({kinds})."), kinds=kinds)]


async def agreed_relays(place: Inspected) -> Findings:
    """Whether every site of a hearing to come reaches the room as agreed: directly, or by a relay that is set."""
    async with place.database.reading() as db:
        ahead = await agreements.ways_ahead(db)
    findings = [
        failure(NO_AGREED_RELAY, hearing=hearing.ref, kinds=", ".join(WAYS[way].upper() for way in missing))
        for hearing, transports in ahead
        if (missing := missing_relays(transports, place.settings.relays))
    ]
    return findings or [ok(N_("Every site of a hearing to come reaches the room in a way that is set up."))]


async def time_stamps(place: Inspected) -> Findings:
    """Whether each time-stamping authority gives a token that holds; asks only `outside`, since each asks for money or
    patience."""
    try:
        configured = authorities_of(place.settings)
    except SettingsError as error:
        return [failure(N_("The time-stamping authorities cannot be used: {why}"), why=str(error))]
    if configured is None:
        return [note(N_("No time-stamps: only the court's own clock says when a recording was made."))]
    import httpx  # slow to load, and needed for this alone

    findings: Findings = []
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        for url in configured.urls if place.outside else ():
            alone = Authorities([url], configured.anchors)
            try:
                await obtain(alone, secrets.token_bytes(32), client=client, clock=lambda: datetime.now(UTC))
            except (NoStampError, StampUnavailable) as error:
                findings.append(warning(N_("The time-stamping authority cannot be used: {why}"), why=str(error)))
    count = len(configured.urls)
    return findings or [ok(N_("Recordings are time-stamped (authorities: {count})."), count=count)]


async def _relay(url: RelayUrl, credentials: tuple[str, str], settings: Settings) -> Findings:
    from media.relay import RelayClient  # loads a media library, which only this check needs

    context = ssl.create_default_context() if url.kind == "tls" else None
    client = RelayClient(url.kind, url.host, url.port, *credentials, context=context)
    if trouble := await client.fault():
        return [failure(RELAY_FAULTS[trouble], url=url.text)]
    media = settings.udp_public_address or settings.udp_host
    if not await client.relays_to((media, settings.udp_range[0])):
        return [failure(N_("The relay {url} does not relay to the media address {media}."), url=url.text, media=media)]
    own = "::1" if ":" in media else "127.0.0.1"
    if not is_loopback(media) and await client.relays_to((own, 9)):
        text = N_("The relay {url} relays to its own machine: deny it what docs/operation.md denies.")
        return [failure(text, url=url.text)]
    return []


def mail(place: Inspected) -> Findings:
    """Whether mails can be sent."""
    settings = place.settings
    if not settings.smtp_host:
        return [note(WITHOUT_MAIL)]
    if settings.smtp_password_file is not None:
        try:
            if settings.smtp_password_file.stat().st_mode & 0o077:
                return [failure(N_("Others can read the password file of the mail server. Run `chmod 600` on it."))]
        except OSError:
            return [failure(N_("The password file of the mail server cannot be read."))]
    if place.outside and not reached(settings.smtp_host, settings.smtp_port):
        words = {"host": settings.smtp_host, "port": settings.smtp_port}
        return [failure(N_("The mail server {host} port {port} cannot be reached."), **words)]
    return [ok(N_("Mails go to {host}."), host=settings.smtp_host)]


def hooks(place: Inspected) -> Findings:
    """Whether the hosts of webhooks accept connections."""
    hosts = sorted(place.settings.allowed_webhook_hosts)
    if not hosts:
        return [ok(N_("No webhooks are allowed."))]
    gone = [host for host in hosts if place.outside and not reached(*_host_and_port(host))]
    if gone:
        return [warning(N_("Webhooks cannot reach {hosts}."), hosts=", ".join(gone))]
    return [ok(N_("Webhooks may go to {hosts}."), hosts=", ".join(hosts))]


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port or 443)


def reached(host: str, port: int) -> bool:
    """Whether a TCP connection to the address can be made."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError:
        return False
    return True


def signs(keeper: SealKeeper, pinned: str) -> bool:
    """Whether the running seal signs with the pinned key; call it only while the seal runs."""
    try:
        return keeper.seal.keys()[0] == tlog.parse_vkey(pinned).key
    except SealSilentError:
        return True
