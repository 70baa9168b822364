"""Runs ffmpeg with inputs from memory: each goes through a pipe of its own, written by a thread of its own.

ffmpeg reads its inputs as it likes, so no input may wait for another. Nothing of what goes in is ever in a file.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO

PIPE_BYTES = 1 << 20
"""How much a pipe holds, where the system lets it."""
STDERR_LINES = 12
"""How many of ffmpeg's last lines an error repeats."""
MOST_ARGUMENT = 128 * 1024 - 1
"""Bytes of one argument that Linux accepts."""


class RenderError(Exception):
    """ffmpeg did not make the file; the text has its last words."""


@dataclass(frozen=True)
class FfmpegCommand:
    """A command of ffmpeg behind its name; `feeds` has by their names in it the bytes of the inputs from memory."""

    arguments: Sequence[str]
    feeds: Mapping[str, Iterable[bytes]]


def run(ffmpeg: str, command: FfmpegCommand, progress: Callable[[int], None] = lambda _done: None) -> None:
    """Run ffmpeg to its end; `progress` gets the number of pictures that are done, about twice a second.

    Raises RenderError, and what an input raises while it is read: then, as after KeyboardInterrupt, ffmpeg is stopped.
    ffmpeg-python wrote the command; its own ways to run one know a single pipe, and no progress.
    """
    if any(len(argument.encode()) > MOST_ARGUMENT for argument in command.arguments):
        raise RenderError("the recording has too many gaps for one command: render less of it at a time")
    with contextlib.ExitStack() as pipes:
        ends = {name: _pipe(pipes) for name in command.feeds}
        heard, told = _pipe(pipes)
        handed = [told, *(reader for reader, _writer in ends.values())]
        general = [
            *_until_we_end(),
            ffmpeg,
            "-hide_banner",
            "-nostdin",
            "-v",
            "error",
            "-nostats",
            "-progress",
            f"pipe:{told.fileno()}",
        ]
        names = {name: f"pipe:{reader.fileno()}" for name, (reader, _writer) in ends.items()}
        running = _FedProcess(
            subprocess.Popen(
                [*general, *(names.get(argument, argument) for argument in command.arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[end.fileno() for end in handed],
                process_group=0,  # Ctrl-C reaches us alone, and we stop it
            )
        )
        try:
            for end in handed:
                end.close()
            for name, (_reader, writer) in ends.items():
                running.start(running.feed, command.feeds[name], writer)
            running.start(running.listen)
            for done in _pictures(heard):
                progress(done)
            running.process.wait()
        finally:
            running.stop()
        running.judge()


class _FedProcess:
    """An ffmpeg that runs, with the threads that feed it and what went wrong."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.threads: list[threading.Thread] = []
        self.said: deque[str] = deque(maxlen=STDERR_LINES)
        self.error: BaseException | None = None

    def start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        self.threads.append(thread)

    def feed(self, content: Iterable[bytes], writer: FileIO) -> None:
        """Write an input. ffmpeg may close it early: it has all it wants."""
        try:
            for piece in content:
                rest = memoryview(piece)
                while rest:
                    rest = rest[writer.write(rest) :]
        except BrokenPipeError:
            pass
        except BaseException as error:
            self.error = self.error or error
            self.process.kill()
        finally:
            writer.close()

    def listen(self) -> None:
        """Keep the last lines that it says."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.decode(errors="replace").rstrip())

    def stop(self) -> None:
        """No process and no thread is left, whatever happened."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def judge(self) -> None:
        """Raise what an input raised, or RenderError when ffmpeg failed."""
        if self.error is not None:
            raise self.error
        if self.process.returncode != 0:
            raise RenderError("ffmpeg failed: " + "\n".join(self.said or ["it said nothing"]))


def _until_we_end() -> list[str]:
    """What goes before a command that is to end with this process, even by SIGKILL, where the system has it."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def _pipe(pipes: contextlib.ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe's two ends, to read from and to write to."""
    reading, writing = os.pipe()
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return pipes.enter_context(FileIO(reading, "r")), pipes.enter_context(FileIO(writing, "w"))


def _pictures(report: FileIO) -> Iterator[int]:
    """The numbers of pictures that ffmpeg reports, until it ends. (Its times begin at its first report.)"""
    for line in report:
        name, _, value = line.decode(errors="replace").partition("=")
        if name == "frame" and value.strip().isdigit():
            yield int(value)
