"""What the security log notes in this process, and the reasons that it gives."""

import contextlib
import json
import logging
from collections.abc import Iterator

from web import security_log


class _Events(logging.Handler):
    def __init__(self, noted: list[dict[str, str]], said: list[str]) -> None:
        super().__init__()
        self.noted, self.said = noted, said

    def emit(self, record: logging.LogRecord) -> None:
        self.noted.append(json.loads(record.getMessage()))
        if reason := self.noted[-1].get("event.reason"):
            self.said.append(reason)


@contextlib.contextmanager
def _listening() -> Iterator[_Events]:
    handler = _Events([], [])
    security_log.logger.addHandler(handler)
    try:
        yield handler
    finally:
        security_log.logger.removeHandler(handler)


@contextlib.contextmanager
def events() -> Iterator[list[dict[str, str]]]:
    """The events noted from now on, as they come."""
    with _listening() as handler:
        yield handler.noted


@contextlib.contextmanager
def reasons() -> Iterator[list[str]]:
    """The reasons given from now on, as they come."""
    with _listening() as handler:
        yield handler.said
