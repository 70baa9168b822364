"""A sealed recording, the people of two States who release and receive it, and their authorities' keys."""

import html
import io
import json
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.models import HearingRequest, RecordingRelease
from hearings.people import logins
from hearings.queries import get, recording as recording_by_id
from hearings.roles import Role
from hearings.signatures import jws, signatures, signing_keys
from tests.support.evidence.archive import JUDGE, Archive
from tests.support.evidence.recordings import COURT
from tests.support.rows import keep, make_person, make_seat

CLERK = "clerk"
FORM = {"to_person": "S. Srisai", "to_body": "Attorney General", "purpose": "The trial", "what": "whole"}


class Counter:
    """The release of one recording, step by step over the pages."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        self.archive, self.folder = archive, folder
        self.keys = {state: Ed25519PrivateKey.generate() for state in ("RO", "TH")}
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.policy = folder / "policy.txt"
        self.policy.write_text(f"log {archive.sealed.seal.key.vkey(COURT)}\nquorum none\n")

    @property
    def base(self) -> str:
        return f"{self.archive.path}/releases"

    async def fill(self) -> None:
        now = datetime.now(UTC)
        person = make_person("clerk", "RO", "Ioana Marin", "ioana@ro.example")
        async with self.archive.database.reading() as db:
            _recording, hearing = await recording_by_id(db, self.archive.sealed.recording, state="RO")
        seat = make_seat(
            hearing.id, Role.clerk, person_id=person.id, display_name=person.name, state="RO", presence_since=now
        )
        await keep(self.archive.database, person, seat)
        async with self.archive.database.transaction() as db:
            login, self.archive.cookies[CLERK] = await logins.create_login(db, person=person, now=now)
            self.archive.cookies[f"{CLERK}:login"] = login.id
            request = await get(db, HearingRequest, hearing.request_id)
            request.instruments, request.case_number = ["untoc"], "1234/P/2025"
            db.add(request)
            for state, key in self.keys.items():
                public = self.public(state)
                await signing_keys.add(db, state=state, authority_name=f"Court {state}", public_key=public, now=now)
                (self.folder / f"{state}.key.txt").write_text(
                    f"# signing-public: {public}\n# signing-key: {jws.encode(key.private_bytes_raw())}\n"
                )

    def public(self, state: str) -> str:
        return jws.encode(self.keys[state].public_key().public_bytes_raw())

    def browser(self, who: str) -> httpx.AsyncClient:
        if who not in self.clients:
            headers = {"accept": "text/html", "origin": self.archive.settings.origin}
            headers["cookie"] = f"__Host-vivavoce={self.archive.cookies[who]}"
            transport = httpx.ASGITransport(app=self.archive.app)
            base = self.archive.settings.public_url
            self.clients[who] = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
        return self.clients[who]

    async def post(self, who: str, path: str, fields: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        data = {"csrf": self.archive.token(who), **(fields or {})}
        return await self.browser(who).post(path, data=data, **more)

    async def proposed(self, who: str = CLERK, **changes: Any) -> str:
        """The path of a release that was proposed."""
        answer = await self.post(who, self.base, FORM | changes)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]

    async def sign(self, who: str, path: str) -> httpx.Response:
        """Sign what the page shows, as its browser code would."""
        page = await self.browser(who).get(path)
        found = re.search(r'data-statement="([^"]*)"', page.text)
        assert found is not None, page.text
        stated = json.loads(html.unescape(found[1]))
        signed = signatures.sign(stated, seed=self.keys["RO"].private_bytes_raw())
        return await self.post(who, f"{path}/confirm", {"jws": signed})

    async def confirmed(self, **changes: Any) -> str:
        path = await self.proposed(**changes)
        answer = await self.sign(JUDGE, path)
        assert answer.status_code == 303, answer.text
        return path

    async def taken(self, **changes: Any) -> tuple[str, Path]:
        """The path of a release, and the bag that was handed out."""
        path = await self.confirmed(**changes)
        answer = await self.post(CLERK, f"{path}/take")
        assert answer.status_code == 200, answer.text
        return path, self.unpacked(answer, path.rpartition("/")[2])

    def unpacked(self, answer: httpx.Response, name: str) -> Path:
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
            tar.extractall(self.folder / name, filter="data")
        (bag,) = (self.folder / name).iterdir()
        return bag

    async def send(self, who: str, path: str, receipt: bytes) -> httpx.Response:
        """Upload a receipt."""
        return await self.post(who, f"{path}/receipt", files={"file": ("receipt.jws", receipt, "text/plain")})

    def arguments(self, bag: Path, *more: str, state: str = "TH") -> list[str]:
        """The arguments of `vivavoce receive` at the other State."""
        key = str(self.folder / f"{state}.key.txt")
        given = ["--policy", str(self.policy), "--into", str(self.folder / "kept"), "--key", key, "--state", state]
        return [str(bag), *given, "--by", "S. Srisai", "--without-stamp", *more]

    async def row(self, path: str) -> RecordingRelease:
        async with self.archive.database.reading() as db:
            return await get(db, RecordingRelease, path.rpartition("/")[2])

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """The lines of a type in the custody log."""
        return [line for line in self.archive._lines("custody.jsonl") if line["type"] == kind]
