"""The reasons that the security log gives for what it notes, in this process."""

import contextlib
import json
import logging
from collections.abc import Iterator

from web import security_log


class _Reasons(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        if reason := json.loads(record.getMessage()).get("event.reason"):
            self.said.append(reason)


@contextlib.contextmanager
def reasons() -> Iterator[list[str]]:
    """The reasons given from now on, as they come."""
    said: list[str] = []
    handler = _Reasons(said)
    security_log.logger.addHandler(handler)
    try:
        yield said
    finally:
        security_log.logger.removeHandler(handler)
