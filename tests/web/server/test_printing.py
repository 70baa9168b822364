"""Documents given out and looked at: how many signatures are checked at a time."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hearings.documents import pdf_seals
from web.parts import PDF_CHECKS
from web.server import printing


async def test_only_a_few_files_are_checked_at_the_same_time_and_the_others_wait(monkeypatch: Any, tmp_path: Path):
    real, now, most = pdf_seals.check, 0, 0

    async def counted(data: bytes, **options: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await real(data, **options)
        finally:
            now -= 1

    monkeypatch.setattr(pdf_seals, "check", counted)
    parts = SimpleNamespace(settings=SimpleNamespace(keys=tmp_path), pdf_checks=asyncio.Semaphore(PDF_CHECKS))
    request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(parts=parts)))
    found = await asyncio.gather(*(printing.check(request, b"%PDF-1.7 not one") for _ in range(PDF_CHECKS + 2)))
    assert (most, {one.problem for one in found}) == (PDF_CHECKS, {"unreadable"})
