"""A real OpenID Connect issuer, npm `oidc-provider`, in a process of its own (issuer.mjs)."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.installation import free_port

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "web" / "frontend" / "node_modules"
SECRET = "a-secret-only-for-tests-of-32-characters"


@dataclass
class TestIssuer:
    """One issuer, and how a browser of a person goes through it."""

    __test__ = False
    address: str

    def say(self, **values: Any) -> None:
        """What it says from now on: `subject`, `lie` (issuer.mjs), and more `claims`."""
        values = {"lie": "", "subject": "subject-1"} | values
        if "claims" in values:
            values["claims"] = json.dumps(values["claims"])
        assert httpx.get(f"{self.address}/_say", params=values).text == "said"

    def visit(self, address: str) -> str:
        """Follow an authorization address as a browser of its own does. Returns the address it is sent back to."""
        with httpx.Client(timeout=20) as browser:
            for _ in range(8):
                answer = browser.get(address)
                assert answer.status_code in (302, 303), (answer.status_code, answer.text)
                address = str(answer.url.join(answer.headers["location"]))
                if not address.startswith(self.address):
                    return address
        raise AssertionError(address)


@contextlib.contextmanager
def issuer(redirect_uris: list[str], **client: Any) -> Iterator[TestIssuer]:
    """An issuer with one client, `vivavoce`."""
    address = f"http://127.0.0.1:{free_port()}"
    known = {"client_id": "vivavoce", "client_secret": SECRET, "redirect_uris": redirect_uris} | client
    known = {name: value for name, value in known.items() if value is not None}
    configuration = json.dumps({"issuer": address, "clients": [known]})
    words = [shutil.which("node") or "node", str(HERE / "issuer.mjs"), str(MODULES), configuration]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stderr is not None
        begun = next((line for line in process.stdout if "listening" in line), "")
        assert begun, process.stderr.read()
        yield TestIssuer(address)
    finally:
        process.terminate()
        process.communicate(timeout=20)
