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
"""Pattern of a field's value: codes, ids, methods, templates of routes. No blank, no @, nothing outside ASCII."""
HIDDEN = "?"


class EventCode(StrEnum):
    """The kinds of events; `CODES` describes each."""

    started = "started"
    stopped = "stopped"
    sign_in = "sign_in"
    sign_out = "sign_out"
    joined = "joined"
    pin_wrong = "pin_wrong"
    code_sent = "code_sent"
    passkey_changed = "passkey_changed"
    recovery = "recovery"
    step_up = "step_up"
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


CODES: dict[EventCode, str] = {
    EventCode.started: "`vivavoce serve` has started; `vivavoce.settings` names the settings that are not as shipped",
    EventCode.stopped: "it has ended in order; without this line before the next `started` it was killed",
    EventCode.sign_in: "staff signed in, or were refused: by link, or `passkey:`, `issuer:` and the failed check",
    EventCode.sign_out: "somebody signed out",
    EventCode.joined: "a join link was used with its PIN (`test_link`: for a test before the lobby), or was refused",
    EventCode.pin_wrong: "a PIN or a code was wrong",
    EventCode.code_sent: "a code to join was handed over (`mail`, `sms`), or could not be",
    EventCode.passkey_changed: "a passkey, or an identity at an issuer, was added, renamed or removed, or refused",
    EventCode.recovery: "a new way in was asked for, confirmed, refused or stopped, or given by command",
    EventCode.step_up: "somebody was asked to prove again who they are (`asked`), did so, or failed to",
    EventCode.login_ended: "a login has ended in another way (`idle`, `expired`, `deactivated`, …)",
    EventCode.access_refused: "an answer 401, 403 or 429",
    EventCode.link_made: "a sign-in link was made, by an administrator or by command",
    EventCode.link_withdrawn: "a sign-in link was withdrawn",
    EventCode.join_link_changed: "a join link was made, replaced or revoked",
    EventCode.staff_changed: "staff were added, changed, deactivated or reactivated",
    EventCode.token_issued: "a client of the API asked for a token: its key was used",
    EventCode.client_changed: "a client of the API was registered, changed, shut out or let in",
    EventCode.client_key_changed: "a client of the API added or ended a key of its own",
    EventCode.signing_key_changed: "the signing key of an authority was registered or retired",
    EventCode.recipient_changed: "a recipient was added or retired, or those of one recording are changed",
    EventCode.webhook_changed: "a webhook was made or switched off",
    EventCode.law_changed: "rows of the law were changed, or a change was left waiting",
    EventCode.directory_changed: "a table was imported into the directory",
    EventCode.change_decided: "a change that waited was confirmed, refused or withdrawn",
    EventCode.authority_signed: "a statement signed with an authority's key was taken in, or refused",
    EventCode.seal_used: "the seal has signed a head, refused it or did not answer (`silent`): see below",
    EventCode.document_sealed: "the document seal was put on a document",
    EventCode.recording_taken: "a recording was opened in the player, or a copy of it was taken",
    EventCode.installation_made: "`vivavoce init`",
    EventCode.backup_made: "`vivavoce backup`",
    EventCode.restored: "`vivavoce restore`",
    EventCode.taken_over: "`vivavoce takeover`",
    EventCode.loss_accepted: "`vivavoce accept-loss`",
}
"""Every code with its description. Tests compare docs/security-log.md with it and see each code emitted."""


def page() -> str:
    """The table of codes in docs/security-log.md."""
    lines = ["| `event.code` | what happened |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{code}` | {text} |" for code, text in CODES.items())]) + "\n"


def emit(
    code: EventCode,
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
    """Queues an event; never blocks. `person`: id of the actor (of staff, of a participant, of a client, or
    `operator`); `about`: id of the object of the event."""
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
    """The security log of one process, from `start` to `stop`."""

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
        """Accepts no more events, and returns when all emitted ones are written."""
        if self._handler is None or self._listener is None:
            return
        logger.removeHandler(self._handler)
        self._listener.stop()
        for handler in self._listener.handlers:
            handler.close()
        self._handler = self._listener = None
