"""What stands outside a court: two cosigners of two States, and a time-stamping authority, all of them real."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.installation import free_port
from web.demo import time_authority
from web.demo.time_authority import Authority

STATES = ("RO", "TH")
VIVAVOCE = [sys.executable, "-m", "web.cli"]


@contextlib.contextmanager
def witnesses(seal: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Settings of a court whose heads two cosigners sign and an authority stamps; they run meanwhile. `seal`: its
    key."""
    lines, started = [], []
    for state in STATES:
        own, port = folder / state, free_port()
        words = (("make", str(own), "--name", f"{state.lower()}.cosigner.example"), ("trust", str(own), seal))
        for word in words:
            subprocess.run([*VIVAVOCE, "cosigner", *word], check=True, capture_output=True)
        command = [*VIVAVOCE, "cosigner", "serve", str(own), "--port", str(port)]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        lines.append(f"witness {state} {(own / 'cosigner.pub').read_text().strip()} http://127.0.0.1:{port}")
    listed = folder / "cosigners"
    listed.write_text("\n".join([*lines, f"group both all {' '.join(STATES)}", "quorum both", ""]))
    server = time_authority.serve(Authority(folder / "tsa"), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield {"cosigners": listed, "tsa_urls": url, "tsa_anchors": folder / "tsa" / "tsa.pem"}
    finally:
        server.shutdown()
        server.server_close()
        for process in started:
            process.terminate()
            process.wait()
