"""From starting `vivavoce serve` to the first 200 of /healthz, five times; the median counts.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_start`.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

RUNS = 5
LIMIT = 60.0  # seconds until a start counts as failed
COMMAND = str(Path(sys.executable).parent / "vivavoce")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def one_start(env: dict[str, str], port: int, log: Path) -> float:
    """Seconds from the start of the process to its first healthy answer."""
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen([COMMAND, "serve"], env=env, stdout=output, stderr=output)
    try:
        while time.monotonic() - began < LIMIT:
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return time.monotonic() - began
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.01)
        raise SystemExit(f"no healthy answer:\n{log.read_text(errors='replace')}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    """Make a data folder, start five times on it, print."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        env = {key: value for key, value in os.environ.items() if not key.startswith("VIVAVOCE_")}
        env |= {"VIVAVOCE_DATA": f"{folder}/data", "VIVAVOCE_PORT": str(port)}
        env["VIVAVOCE_PUBLIC_URL"] = f"http://localhost:{port}"
        subprocess.run([COMMAND, "init"], env=env, check=True, stdout=subprocess.DEVNULL)
        times = [one_start(env, port, Path(folder) / "serve.log") for _ in range(RUNS)]
    print("starts:", " ".join(f"{seconds:.2f}" for seconds in times), "s")
    print(f"median of {RUNS}: {statistics.median(times):.2f} s")


if __name__ == "__main__":
    main()
