"""Reads a file from outside in a process of its own, with bounded memory and time: such a file may be anything."""

import asyncio
import json
import logging
import resource
import sys
from typing import Any

MEMORY = 1 << 30
SECONDS = 20
"""Of processor time."""
PATIENCE = 30.0
"""Time limit of an answer, in seconds."""


def limit() -> None:
    """Limit memory and time of this process, keep it from writing files, and have it log nothing."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)


async def ask(program: str, data: bytes) -> Any:
    """The JSON that a module writes when it is run with this input; None if it ends without any, or not in time."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        out, _nothing = await asyncio.wait_for(process.communicate(data), PATIENCE)
        return json.loads(out)
    except (TimeoutError, ValueError):
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
