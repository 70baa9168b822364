"""One operating-system process in a folder of its own: started detached, found again by its pid file, watched.

A pid alone may come to stand for another process, so the file also has the start time, and signals go through a
pidfd. The process gets no environment of ours but the path of this code.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import media


class Child:
    """A running process. `gone` is set when it ends; call `forget` when done with it."""

    def __init__(self, pid: int, pidfd: int, popen: subprocess.Popen[bytes] | None) -> None:
        self.pid = pid
        self.since = time.monotonic()
        self.gone = asyncio.Event()
        self._pidfd = pidfd
        self._popen = popen

    @classmethod
    def start(cls, name: str, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "Child":
        """Start a process that outlives this one; what it prints goes to `<name>.log` in the folder."""
        log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        own = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(media.__file__).parent.parent),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }
        try:
            popen = subprocess.Popen(
                list(argv),
                cwd=folder,
                env={**own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=True,
            )
        finally:
            os.close(log)
        _write_pid(folder / f"{name}.pid", popen.pid)
        return cls(popen.pid, os.pidfd_open(popen.pid), popen)

    @classmethod
    def find(cls, name: str, folder: Path) -> "Child | None":
        """The process that the pid file names, if start time and working folder are the same; else None."""
        try:
            pid, started = (folder / f"{name}.pid").read_text().split()
            pidfd = os.pidfd_open(int(pid))
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):
            if _start_time(int(pid)) == started and Path(f"/proc/{pid}/cwd").samefile(folder):
                return cls(int(pid), pidfd, None)
        os.close(pidfd)
        return None

    @property
    def status(self) -> int | None:
        """Exit status, as `subprocess` gives it; None while it runs, or when another process started it."""
        return self._popen.returncode if self._popen is not None else None

    def watch(self, on_exit: Callable[[], None]) -> None:
        """Call `on_exit` and set `gone` the moment it ends."""
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(self._pidfd)
            if self._popen is not None:
                self._popen.poll()
            else:
                with contextlib.suppress(ChildProcessError):
                    os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG)
            on_exit()
            self.gone.set()

        loop.add_reader(self._pidfd, ended)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process and no other."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    def forget(self) -> None:
        """Stop watching; a running process continues."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        if self._popen is not None and self._popen.returncode is None:
            self._popen.returncode = 0  # the process continues: no warning when the object is collected


def _write_pid(path: Path, pid: int) -> None:
    draft = path.with_suffix(".pid.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, f"{pid} {_start_time(pid)}\n".encode())
    finally:
        os.close(descriptor)
    draft.replace(path)


def _start_time(pid: int) -> str:
    """When a process started, in clock ticks since boot (proc_pid_stat(5), field 22); empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
