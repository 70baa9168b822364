"""Checks of what others reach, and of what is reached from here: media, TLS, mail, webhooks, the seal."""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from media.evidence.log import tlog
from media.evidence.seal.client import SealSilentError
from web.operation.findings import Findings, Place, failure, note, ok, warning
from web.seal_keeper import SealKeeper
from web.settings import Settings, is_loopback
from web.words.i18n import N_

SOON, AT_ONCE = 21, 3
"""Days before its end at which a certificate is to be renewed, and at which it is high time."""
PATIENCE = 5.0


def media(place: Place) -> Findings:
    """Where browsers send sound and picture, as they would reach it."""
    return media_address(place.settings) + _listening(place.settings)


def media_address(settings: Settings) -> Findings:
    """From the settings alone."""
    told = settings.udp_public_address or settings.udp_host
    address, host = ipaddress.ip_address(told), urlsplit(settings.public_url).hostname or ""
    found: Findings = []
    if address.is_unspecified:
        text = N_(
            "Browsers would send sound and picture to {address}, which is nowhere. Set VIVAVOCE_UDP_PUBLIC_ADDRESS."
        )
        found.append(failure(text, address=told))
    elif address.is_loopback and not is_loopback(host):
        text = N_("Browsers would send sound and picture to {address}, their own machine. Set VIVAVOCE_UDP_HOST.")
        found.append(failure(text, address=told))
    elif address.is_loopback:
        found.append(
            note(N_("Sound and picture stay on this machine, and Firefox sends none to {address}."), address=told)
        )
    elif address.is_link_local or address.is_multicast:
        found.append(failure(N_("No browser can send sound and picture to {address}."), address=told))
    elif address.is_private and not is_loopback(host):
        found.append(
            note(N_("Only browsers in the network of {address} can send sound and picture there."), address=told)
        )
    if address.version != ipaddress.ip_address(settings.udp_host).version:
        found.append(failure(N_("VIVAVOCE_UDP_HOST and VIVAVOCE_UDP_PUBLIC_ADDRESS are of two kinds, IPv4 and IPv6.")))
    first, last = settings.udp_range
    if last - first < 9:
        found.append(
            warning(N_("Only {n} hearings can be live at once: widen VIVAVOCE_UDP_PORTS."), n=last - first + 1)
        )
    return found or [ok(N_("Browsers send sound and picture to {address}."), address=told)]


def _listening(settings: Settings) -> Findings:
    family = socket.AF_INET6 if ":" in settings.udp_host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((settings.udp_host, 0))
    except OSError:
        return [failure(N_("VIVAVOCE_UDP_HOST {address} is no address of this machine."), address=settings.udp_host)]
    return []


def certificate(path: Path) -> x509.Certificate:
    """The first of a chain. OSError, ValueError."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def days_left(settings: Settings, now: datetime) -> float | None:
    """Until the certificate given to us ends; None when it is given to somebody else, or cannot be read."""
    if settings.tls_cert is None:
        return None
    try:
        return (certificate(settings.tls_cert).not_valid_after_utc - now).total_seconds() / 86_400
    except (OSError, ValueError):
        return None


def tls(place: Place) -> Findings:
    """The certificate, or the proxy that has it."""
    settings = place.settings
    if not settings.secure:
        return [note(N_("Without TLS: browsers on this machine only."))]
    found: Findings = []
    if settings.tls_cert is not None and settings.tls_key is not None:
        found += _certificate(settings, place.now)
    elif not settings.trusted_proxies:
        text = N_("A proxy ends TLS but is not named in VIVAVOCE_TRUSTED_PROXIES: all visitors count as one address.")
        found.append(warning(text))
    if place.outside and not found:
        found += _as_a_browser(settings, place.now)
    return found or [ok(N_("The connection is encrypted."))]


def _certificate(settings: Settings, now: datetime) -> Findings:
    assert settings.tls_cert is not None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
        found = certificate(settings.tls_cert)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return [failure(N_("Certificate and key cannot be read, or do not belong together."))]
    host = urlsplit(settings.public_url).hostname or ""
    return [*_named(found, host), *_until((found.not_valid_after_utc - now).total_seconds() / 86_400)]


def _named(found: x509.Certificate, host: str) -> Findings:
    try:
        names = found.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        assert isinstance(names, x509.SubjectAlternativeName)
        given = {one.lower() for one in names.get_values_for_type(x509.DNSName)}
        given |= {str(one) for one in names.get_values_for_type(x509.IPAddress)}
    except x509.ExtensionNotFound:
        given = set()
    if host in given or f"*.{host.partition('.')[2]}" in given:
        return []
    return [failure(N_("The certificate is not for {host}: browsers will refuse it."), host=host)]


def _until(days: float) -> Findings:
    if days < 0:
        return [failure(N_("The certificate has ended: no browser comes in. Renew it and start again."))]
    if days < SOON:
        kind = failure if days < AT_ONCE else warning
        return [kind(N_("The certificate ends in {n} days. Renew it."), n=int(days))]
    return []


def _as_a_browser(settings: Settings, now: datetime) -> Findings:
    """Ask the public address for its certificate, and believe it by the machine's own trust."""
    url = urlsplit(settings.public_url)
    host, port = url.hostname or "", url.port or 443
    try:
        context = ssl.create_default_context()
        with (
            socket.create_connection((host, port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as link,
        ):
            told = link.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return [failure(N_("The certificate at {host} is not believed: {why}"), host=host, why=error.verify_message)]
    except OSError:
        return [warning(N_("{host} port {port} cannot be reached from here."), host=host, port=port)]
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    return _until((ends - now).total_seconds() / 86_400)


def mail(place: Place) -> Findings:
    """Whether mails can leave."""
    settings = place.settings
    if not settings.smtp_host:
        return [note(N_("No mail server is set: mails stay in the outbox, and nobody is reminded."))]
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


def hooks(place: Place) -> Findings:
    """Whether the hosts of webhooks are there."""
    hosts = sorted(place.settings.allowed_webhook_hosts)
    if not hosts:
        return [ok(N_("No webhooks are allowed."))]
    gone = [one for one in hosts if place.outside and not reached(*_host_and_port(one))]
    if gone:
        return [warning(N_("Webhooks cannot reach {hosts}."), hosts=", ".join(gone))]
    return [ok(N_("Webhooks may go to {hosts}."), hosts=", ".join(hosts))]


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port or 443)


def reached(host: str, port: int) -> bool:
    """Whether something there takes a connection."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError:
        return False
    return True


def signs(keeper: SealKeeper, pinned: str) -> bool:
    """Whether the seal that runs signs with the pinned key; a seal that does not run is not asked."""
    try:
        return keeper.seal.keys()[0] == tlog.parse_vkey(pinned).key
    except SealSilentError:
        return True
