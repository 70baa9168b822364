"""The simulated people of a run: one process each (`media.training.person`), started and told what to do from here."""

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import media
from hearings.roles import Role
from media.training.orders import Join, PersonOrder, encode

VOICES: dict[Role, tuple[int, tuple[int, int, int]]] = {
    Role.witness: (800, (90, 60, 60)),
    Role.interpreter: (1050, (120, 60, 150)),
}
"""Tone (Hz) and colour (Y, U, V) of each role that is simulated."""
OTHER = (650, (100, 128, 128))
STOP_SECONDS = 5.0


@dataclass
class Cast:
    """Everybody who is simulated. `folder`: where each one's log is written."""

    folder: Path
    people: dict[Role, asyncio.subprocess.Process] = field(default_factory=dict)

    def plays(self, role: Role) -> bool:
        """Whether somebody plays this role now."""
        process = self.people.get(role)
        return process is not None and process.returncode is None

    async def bring(self, role: Role, *, url: str, secret: str, pin: str, renders: str = "") -> None:
        """Start somebody, who joins by a link. Effects: a process, which ends with this one; its log."""
        tone, colour = VOICES.get(role, OTHER)
        log = os.open(
            self.folder / f"training-{role.value}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600
        )
        try:
            self.people[role] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "media.training.person"),
                cwd=self.folder,
                env={
                    **{name: value for name, value in os.environ.items() if name.startswith("SSL_CERT_")},
                    "PATH": os.environ.get("PATH", os.defpath),
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": str(Path(media.__file__).parent.parent),
                    "PYTHONSAFEPATH": "1",
                },
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        finally:
            os.close(log)
        await self.tell(role, Join(url=url, secret=secret, pin=pin, tone=tone, colour=colour, renders=renders))

    async def tell(self, role: Role, order: PersonOrder) -> None:
        """Give an order. Raises `ConnectionError` when nobody plays this role any more."""
        process = self.people.get(role)
        if process is None or process.returncode is not None or process.stdin is None:
            raise ConnectionError(f"nobody plays {role.value}")
        process.stdin.write(encode(order))
        await process.stdin.drain()

    async def stop(self) -> None:
        """Send everybody home: a person ends with its standard input."""
        for process in self.people.values():
            if process.returncode is None and process.stdin is not None:
                process.stdin.close()
        for process in self.people.values():
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self.people.clear()
