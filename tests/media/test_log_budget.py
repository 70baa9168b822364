"""The limit to what is logged."""

import logging

from media.log_budget import PER_MINUTE, LogBudget


def test_each_place_is_logged_a_few_times_a_minute_and_says_how_often_it_was_not() -> None:
    now = 0.0
    logger, heard = logging.Logger("test"), list[str]()

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    handler = Keeping()
    handler.addFilter(LogBudget(lambda: now))
    logger.addHandler(handler)
    for turn in range(3):
        for number in range(1_000):
            logger.warning("packet %d", number)
            now += 0.01
        logger.warning("another place")
        now = 60.0 * (turn + 1)
    for first in (0, PER_MINUTE + 1, 2 * PER_MINUTE + 2):
        assert heard[first].startswith("packet 0")
        assert heard[first + 1 : first + PER_MINUTE] == [f"packet {number}" for number in range(1, PER_MINUTE)]
        assert heard[first + PER_MINUTE] == "another place"
    assert heard[PER_MINUTE + 1] == f"packet 0 [and {1_000 - PER_MINUTE} more like it, left out]"
    assert len(heard) == 3 * (PER_MINUTE + 1)
