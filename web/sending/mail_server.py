"""The mail server of this installation, as its settings name it."""

import stat

from scheduler.delivery_ways import MailServer
from web.parts import NotInitialised
from web.settings import Settings


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server of the settings; None without one. Raises `NotInitialised` for a password that cannot be read."""
    if not settings.smtp_host:
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        sender=settings.smtp_sender,
        user=settings.smtp_user,
        password=_password(settings),
    )


def _password(settings: Settings) -> str:
    path = settings.smtp_password_file
    if path is None:
        return ""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotInitialised(f"The password file {path} cannot be read: {error.strerror}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotInitialised(f"The password file {path} can be read by others: run `chmod 600 {path}`")
    return text.strip()
