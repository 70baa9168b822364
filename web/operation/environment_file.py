"""The file of settings that systemd and the shell read (`EnvironmentFile=`), as `vivavoce setup` adds to it."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from web.settings import PREFIX


def read(path: Path | None) -> dict[str, str]:
    """The `VIVAVOCE_*` variables of the file; none where there is no file. Raises OSError, and ValueError for a line
    with an open quote.
    """
    if path is None or not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, mark, value = line.strip().partition("=")
        if mark and name.startswith(PREFIX):
            found[name] = "".join(shlex.split(value))
    return found


def line(name: str, value: str) -> str:
    """One setting as the shell and systemd both read it. Raises ValueError for what they read in two ways."""
    if not value.isprintable() or set(value) & set("'\\"):
        raise ValueError(f"{name}: neither quotes, backslashes nor line breaks")
    return f"{name}={shlex.quote(value)}"


def add(path: Path, values: Mapping[str, str]) -> None:
    """Add settings that the file does not have; what it has stays as it is. Effects: the file, replaced as a whole, so
    that an interruption leaves the old or the new one. A new file is for its owner only. Raises OSError, ValueError.
    """
    have = read(path)
    lines = [line(name, value) for name, value in values.items() if name not in have]
    if not lines:
        return
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    text = before + ("\n" if before and not before.endswith("\n") else "") + "\n".join(lines) + "\n"
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if path.exists():
            status = path.stat()
            os.fchmod(descriptor, status.st_mode & 0o777)
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, status.st_uid, status.st_gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    new.replace(path)
