"""kill -9 of the clock where it hurts, while its wall clock jumps by an hour: exactly once, or recognisably again."""

from pathlib import Path

from tests.scheduler import kills
from tests.support.databases import UPGRADED, Sqlite


async def test_what_leaves_the_database_leaves_once_whoever_is_killed_and_however_clocks_jump(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    lines: list[str] = []
    with sqlite_server.at(UPGRADED) as url, kills.started() as starter:
        wrong, counted = await kills.run(url, tmp_path, starter, seed=3, times=4, told=lines.append)
    assert wrong == [], lines
    assert counted["mails taken"] > 0
    assert counted["webhooks taken"] > 0
    # The seed chooses all points but the random instant, and a jump either way.
    for point in set(kills.POINTS) - {"instant"}:
        assert any(f" {point}" in line for line in lines), lines
    assert all(any(jump in line for line in lines) for jump in ("+3600", "-3600")), lines
