"""The security log: who came in, was refused, used a key or administered; one JSON object a line, nothing personal.

Names of fields are those of the Elastic Common Schema 8 where it has one (docs/security-log.md). People, links, keys
and rows are opaque ids; an address of the API or of a page is the template of its route. Whatever is not such a word is
replaced before it is written. Emission puts a line on a queue; a thread of its own writes it, and `stop` waits for it.
"""

import json
import logging
import os
import queue
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from pathlib import Path

logger = logging.getLogger("vivavoce.security")
logger.setLevel(logging.INFO)
logger.propagate = False
WORD = re.compile(r"[A-Za-z0-9_.,/{}:-]{1,120}")
"""What a field may hold: codes, ids, methods, templates of routes. No blank, no @, nothing outside ASCII."""
HIDDEN = "?"


class Code(StrEnum):
    """What happened. `CODES` says it in words."""

    started = "started"
    stopped = "stopped"
    sign_in = "sign_in"
    sign_out = "sign_out"
    joined = "joined"
    pin_wrong = "pin_wrong"
    login_ended = "login_ended"
    access_refused = "access_refused"
    link_made = "link_made"
    link_withdrawn = "link_withdrawn"
    join_link_changed = "join_link_changed"
    staff_changed = "staff_changed"
    token_issued = "token_issued"  # noqa: S105  a code
    client_changed = "client_changed"
    client_key_changed = "client_key_changed"
    signing_key_changed = "signing_key_changed"
    recipient_changed = "recipient_changed"
    webhook_changed = "webhook_changed"
    law_changed = "law_changed"
    directory_changed = "directory_changed"
    change_decided = "change_decided"
    authority_signed = "authority_signed"
    seal_used = "seal_used"
    document_sealed = "document_sealed"
    recording_taken = "recording_taken"
    installation_made = "installation_made"
    backup_made = "backup_made"
    restored = "restored"
    taken_over = "taken_over"
    loss_accepted = "loss_accepted"


CODES: dict[Code, str] = {
    Code.started: "`vivavoce serve` has started; `vivavoce.settings` names the settings that are not as shipped",
    Code.stopped: "it has ended in order; without this line before the next `started` it was killed",
    Code.sign_in: "a sign-in link was used, or refused (`used`, `old`, `unknown`)",
    Code.sign_out: "somebody signed out",
    Code.joined: "a join link was used with its PIN, or the link was refused",
    Code.pin_wrong: "a PIN was wrong",
    Code.login_ended: "a login has ended in another way (`idle`, `expired`, `deactivated`, …)",
    Code.access_refused: "an answer 401, 403 or 429",
    Code.link_made: "a sign-in link was made, by an administrator or by command",
    Code.link_withdrawn: "a sign-in link was withdrawn",
    Code.join_link_changed: "a join link was made, replaced or revoked",
    Code.staff_changed: "staff were added, changed, deactivated or reactivated",
    Code.token_issued: "a client of the API asked for a token: its key was used",
    Code.client_changed: "a client of the API was registered, changed, shut out or let in",
    Code.client_key_changed: "a client of the API added or ended a key of its own",
    Code.signing_key_changed: "the signing key of an authority was registered or retired",
    Code.recipient_changed: "a recipient of recordings was added or retired",
    Code.webhook_changed: "a webhook was made or switched off",
    Code.law_changed: "rows of the law were changed, or a change was left waiting",
    Code.directory_changed: "a table was imported into the directory",
    Code.change_decided: "a change that waited was confirmed, refused or withdrawn",
    Code.authority_signed: "a statement signed with an authority's key was taken in, or refused",
    Code.seal_used: "the seal was asked for: at the start, for a recording, for a copy",
    Code.document_sealed: "the document seal was put on a document",
    Code.recording_taken: "a recording was opened in the player, or a copy of it was taken",
    Code.installation_made: "`vivavoce init`",
    Code.backup_made: "`vivavoce backup`",
    Code.restored: "`vivavoce restore`",
    Code.taken_over: "`vivavoce takeover`",
    Code.loss_accepted: "`vivavoce accept-loss`",
}
"""Every code there is. docs/security-log.md is compared with it, and each is seen to be emitted."""


def page() -> str:
    """The table of codes, as it stands in docs/security-log.md."""
    lines = ["| `event.code` | what happened |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{code}` | {text} |" for code, text in CODES.items())]) + "\n"


def emit(
    code: Code,
    *,
    good: bool = True,
    reason: str = "",
    person: str = "",
    state: str = "",
    method: str = "",
    route: str = "",
    status: int = 0,
    about: str = "",
    settings: str = "",
) -> None:
    """Put an event on its way. `person`: id of who acts (of the staff, of a hearing, of a client; `operator`);
    `about`: id of what it is about. Never blocks.
    """
    fields = {
        "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ecs.version": "8.11.0",
        "event.code": code.value,
        "event.outcome": "success" if good else "failure",
        "event.reason": reason,
        "user.id": person,
        "organization.id": state,
        "http.request.method": method,
        "url.template": route,
        "http.response.status_code": str(status or ""),
        "vivavoce.about": about,
        "vivavoce.settings": settings,
    }
    told = {name: value if WORD.fullmatch(value) else HIDDEN for name, value in fields.items() if value}
    logger.info("%s", json.dumps(told))


class SecurityLog:
    """The log of one process, from `start` to `stop`."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._handler: QueueHandler | None = None
        self._listener: QueueListener | None = None

    def start(self) -> None:
        """Write from now on: to the file, else to standard error. Raises OSError where the file cannot be written.

        logrotate may move the file away: it is opened anew then.
        """
        target: logging.Handler = logging.StreamHandler(sys.stderr)
        if self._path is not None:
            os.close(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            target = WatchedFileHandler(self._path, encoding="ascii")
        target.setFormatter(logging.Formatter("%(message)s"))
        lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._listener = QueueListener(lines, target)
        self._listener.start()
        self._handler = QueueHandler(lines)
        logger.addHandler(self._handler)

    def stop(self) -> None:
        """Take no more, and come back when all that was emitted is written."""
        if self._handler is None or self._listener is None:
            return
        logger.removeHandler(self._handler)
        self._listener.stop()
        for handler in self._listener.handlers:
            handler.close()
        self._handler = self._listener = None
