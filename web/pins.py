"""What whoever verifies a recording of this installation pins: the certificates of its time-stamping authorities."""

from cryptography import x509

from media.evidence.stamping.timestamps import Authorities
from web.settings import Settings, SettingsError


def authorities_of(settings: Settings) -> Authorities | None:
    """The time-stamping authorities of the settings, None without any. SettingsError when the file of certificates
    cannot be read."""
    path = settings.tsa_anchors
    if path is None:
        return None
    try:
        anchors = path.read_bytes()
        x509.load_pem_x509_certificates(anchors)
    except (OSError, ValueError) as error:
        raise SettingsError("tsa_anchors", str(path), f"a file of certificates in PEM ({error})") from None
    return Authorities(settings.stamping_urls, anchors)
