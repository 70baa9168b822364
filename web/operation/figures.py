"""`/metrics`: what monitoring reads, in the text format of Prometheus. Numbers only; no names, no addresses, no labels
that grow.
"""

import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hearings.errors import DatabaseRefused
from hearings.outward import figures
from web.operation import network
from web.operation.health import Health
from web.parts import Parts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Figure:
    """One metric: a row of the table `FIGURES`."""

    name: str
    kind: str
    help: str


FIGURES: tuple[Figure, ...] = (
    Figure("vivavoce_ready", "gauge", "1 when hearings can be held."),
    Figure("vivavoce_writable", "gauge", "1 when database and disk take what is written."),
    Figure("vivavoce_sittings_open", "gauge", "Sittings that are not closed."),
    Figure("vivavoce_sittings_without_media", "gauge", "Open sittings whose media worker does not run."),
    Figure("vivavoce_seats_connected", "gauge", "Live pages connected to this process."),
    Figure("vivavoce_sealed_age_seconds", "gauge", "Since the last seal, of the running recording that is worst off."),
    Figure("vivavoce_outbox_waiting", "gauge", "Messages that are still to be sent."),
    Figure("vivavoce_jobs_overdue", "gauge", "What a clock should have sent or followed five minutes ago."),
    Figure("vivavoce_loop_lag_seconds", "gauge", "By how much the event loop was late at worst, in the last minute."),
    Figure("vivavoce_disk_free_bytes", "gauge", "Free space where the data lie, the least of them."),
    Figure("vivavoce_database_seconds", "gauge", "How long the database took to answer."),
    Figure("vivavoce_certificate_days_left", "gauge", "Until the certificate of VIVAVOCE_TLS_CERT ends."),
    Figure("vivavoce_refused_logins_total", "counter", "Sign-in links and PINs that were refused by this process."),
    Figure("vivavoce_csp_reports_total", "counter", "Reports by browsers that a page broke its policy."),
)  # fmt: skip
"""All metrics. One whose value is unknown is omitted."""


async def read(parts: Parts, health: Health, now: datetime) -> dict[str, float]:
    """The present values, by name."""
    values: dict[str, float] = {
        "vivavoce_ready": not health.ready,
        "vivavoce_writable": not health.write,
        "vivavoce_sittings_without_media": len(parts.conductors.silent()),
        "vivavoce_seats_connected": parts.conductors.seats(),
        "vivavoce_loop_lag_seconds": parts.pulse.lag,
        "vivavoce_disk_free_bytes": least_room(parts),
        "vivavoce_database_seconds": health.database_seconds,
        "vivavoce_refused_logins_total": parts.pulse.counts["refused_logins"],
        "vivavoce_csp_reports_total": parts.pulse.counts["csp_reports"],
    }
    sealed = parts.conductors.last_seals()
    if sealed:
        values["vivavoce_sealed_age_seconds"] = (time.time_ns() - min(sealed)) / 1e9
    if (days := network.days_left(parts.settings, now)) is not None:
        values["vivavoce_certificate_days_left"] = days
    try:
        async with parts.database.reading() as db:
            counted = await figures.count(db, now=now)
    except DatabaseRefused:
        return values
    return values | {
        "vivavoce_sittings_open": counted.sittings_open,
        "vivavoce_outbox_waiting": counted.outbox_waiting,
        "vivavoce_jobs_overdue": counted.jobs_overdue,
    }


def least_room(parts: Parts) -> int:
    """Least free disk space in bytes, of the folders that exist."""
    places = (parts.settings.data, parts.settings.recordings)
    return min(shutil.disk_usage(place).free for place in places if place.is_dir())


def text(values: Mapping[str, float], table: Iterable[Figure] = FIGURES) -> str:
    """The metrics in Prometheus' text format (prometheus.io, Exposition formats, text-based)."""
    lines: list[str] = []
    for figure in table:
        if figure.name in values:
            lines += [f"# HELP {figure.name} {figure.help}", f"# TYPE {figure.name} {figure.kind}"]
            lines.append(f"{figure.name} {float(values[figure.name]):.10g}")
    return "\n".join(lines) + "\n"
