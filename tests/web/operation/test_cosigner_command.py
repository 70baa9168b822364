"""`vivavoce cosigner` as it is served: over TLS, killed at any moment, and telling who is to know."""

import json
import signal
import ssl
import subprocess
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from aiosmtpd.controller import Controller

from media.evidence.check.policy import Policy
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.cosigning.submission import SIZE_TYPE, cosignatures, write
from media.evidence.log import tlog
from media.evidence.seal.seal_key import SealKey
from scheduler.delivery_ways import MailServer
from tests.support.evidence.cosigners import CosignerProcess, LocalCosigner, free_port
from web.operation import cosigner_command

pytestmark = pytest.mark.timeout(180)
ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
SEAL = SealKey(bytes(range(32)))
NAME = "cosigner.example/th"
LOG = SEAL.vkey("court.example")


def tree_of(size: int, kind: str = "line") -> tlog.Tree:
    return tlog.Tree(tlog.leaf_hash(f"{kind} {number}".encode()) for number in range(size))


def note_of(tree: tlog.Tree, size: int) -> bytes:
    return SEAL.sign(tlog.checkpoint_text(ORIGIN, size, tree.root(size)), ORIGIN)


def submit(process: CosignerProcess, tree: tlog.Tree, old: int, size: int) -> httpx.Response:
    body = write(old, tree.consistency(old, size) if old <= size else [], note_of(tree, size))
    return httpx.post(f"{process.url}/add-checkpoint", content=body, verify=process.trust or False, timeout=20)


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The files of a tar archive."""
    with tarfile.open(fileobj=BytesIO(archive)) as opened:
        return {one.name: (opened.extractfile(one) or BytesIO()).read() for one in opened.getmembers()}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += [
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(cert),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return cert, key


def test_a_cosigner_is_made_served_over_tls_read_by_anybody_and_stopped(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    process = CosignerProcess(tmp_path / "c", NAME, LOG, trust=ssl.create_default_context(cafile=cert))
    process.start("--tls-cert", str(cert), "--tls-key", str(key))
    tree = tree_of(50)
    first = submit(process, tree, 0, 20)
    assert [
        time > 0
        for _key, _line, time in cosignatures(note_of(tree, 20), first.content, [tlog.parse_vkey(process.vkey)])
    ] == [True]
    assert submit(process, tree, 20, 50).status_code == 200
    refused = submit(process, tree, 20, 50)
    assert (refused.status_code, refused.content, refused.headers["content-type"]) == (409, b"50\n", SIZE_TYPE)
    with httpx.Client(base_url=process.url, verify=process.trust or True) as client:
        assert client.get("/").text.strip() == process.vkey
        newest = client.get(f"/checkpoint/{ORIGIN}")
        assert tlog.verify_checkpoint(newest.content, ORIGIN, [LOG]).size == 50
        assert [int(name.split(".")[0]) for name in unpacked(client.get(f"/heads/{ORIGIN}").content)] == [20, 50]
        other = ORIGIN.replace("court.example", "other.example")
        answers = [client.get(f"/heads/{other}"), client.get("/x"), client.get("/add-checkpoint"), client.put("/")]
        assert [answer.status_code for answer in answers] == [404, 404, 405, 405]
        assert client.post("/add-checkpoint", content=b"x" * 400_000).status_code == 413
    with pytest.raises(httpx.ConnectError):
        httpx.get(process.url)  # who does not trust its certificate
    assert process.stop() == -signal.SIGTERM  # as uvicorn ends, having answered what it had begun
    assert f"{process.vkey}\n1 logs, 2 heads" in process.run("check", str(process.folder))


def test_whatever_it_answered_before_it_was_killed_it_still_knows(tmp_path: Path) -> None:
    process = CosignerProcess(tmp_path / "c", NAME, LOG)
    tree, fork, size = tree_of(2000), tree_of(2000, "another line"), 0
    for _ in range(2):
        process.start()
        answered: list[int] = []

        def ask(begun: int = size, answered: list[int] = answered) -> None:
            old = begun
            with httpx.Client(base_url=process.url, verify=False) as client:
                for new in range(begun + 1, begun + 900):
                    try:
                        body = write(old, tree.consistency(old, new), note_of(tree, new))
                        assert client.post("/add-checkpoint", content=body).status_code == 200
                    except httpx.TransportError:
                        return
                    answered.append(new)
                    old = new

        thread = threading.Thread(target=ask)
        thread.start()
        while len(answered) < 5:
            thread.join(0.01)
        process.kill()
        thread.join()
        process.start()
        known = int(submit(process, fork, 1999, 2000).content)
        assert known in (answered[-1], answered[-1] + 1)  # what was kept may not have been answered any more
        assert submit(process, fork, known, known).status_code == 409
        assert submit(process, tree, known, known).status_code == 200
        size = known
        process.kill()
    assert "REFUSED fork" in process.run("check", str(process.folder), code=cosigner_command.FOUND)


class Received(BaseHTTPRequestHandler):
    """Takes alarms, and refuses the first one."""

    bodies: ClassVar[list[Any]] = []
    refusals: ClassVar[list[int]] = [1]
    came = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        refused = bool(self.refusals) and bool(self.refusals.pop())
        if not refused:
            self.bodies.append(json.loads(body))
            self.came.set()
        self.send_response(500 if refused else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


class Mails:
    """Takes mails."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.came = threading.Event()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        self.texts.append(envelope.content.decode())
        self.came.set()
        return "250 taken"


def test_who_is_to_know_of_a_fork_is_told_until_they_could_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook, mails = HTTPServer(("127.0.0.1", 0), Received), Mails()
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    smtp = Controller(mails, hostname="127.0.0.1", port=free_port())
    smtp.start()
    monkeypatch.setattr(cosigner_command, "LOOK_EVERY", 0.2)
    server = MailServer(host="127.0.0.1", port=smtp.port, tls="none", sender="cosigner@th.example")
    alarm = cosigner_command.Alarm(f"http://127.0.0.1:{hook.server_port}/alarm", "duty@th.example", server)
    cosigner, wake, end = LocalCosigner(tmp_path / "c", NAME, LOG), threading.Event(), threading.Event()
    telling = threading.Thread(target=cosigner_command.tell, args=(cosigner.seen, alarm, wake, end))
    telling.start()
    tree, fork, now = tree_of(9), tree_of(9, "another line"), int(time.time())
    assert cosigner.add(note_of(tree, 9), tree, 0, now=now).status == 200
    assert cosigner.add(note_of(fork, 9), fork, 9, now=now).status == 409
    assert Received.came.wait(60)
    assert mails.came.wait(60)
    while cosigner.seen.untold(now):
        time.sleep(0.05)
    end.set()
    wake.set()
    telling.join()
    (body,) = Received.bodies
    told = (body["type"], body["origin"], body["size"], body["root"])
    assert told == ("cosigner.fork", ORIGIN, 9, fork.root().hex())
    (text,) = mails.texts  # once, although the other way had to be tried again
    assert "two different heads of this size" in text
    assert ORIGIN in text
    cosigner.seen.close()
    smtp.stop()
    hook.shutdown()
    hook.server_close()


def test_what_cannot_be_begun_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "c")

    def said(*words: str, code: int = 2) -> str:
        assert cosigner_command.main(words) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    vkey = said("make", folder, "--name", NAME, code=0).split("pin: ")[1].split()[0]
    assert "already" in said("make", folder, "--name", NAME)
    assert "not the line" in said("trust", folder, vkey)
    assert "from now on" in said("trust", folder, LOG, code=0)
    assert "already" in said("trust", folder, LOG, code=0)
    assert "without TLS" in said("serve", folder, "--host", "0.0.0.0")
    assert "https" in said("serve", folder, "--alarm-url", "http://court.example/")
    assert "VIVAVOCE_SMTP_HOST" in said("serve", folder, "--alarm-mail", "a@b.example")
    (tmp_path / "c" / "seen.db").unlink()
    assert "cannot be opened" in said("serve", folder)
    (tmp_path / "c" / "cosigner.key").chmod(0o644)
    assert "0600" in said("serve", folder)


def test_heads_that_it_served_are_kept_heads_for_the_verifier(tmp_path: Path) -> None:
    vector = Path(__file__).parents[2] / "vectors" / "good"
    bag = vector / "bag"
    policy = (vector / "policy.txt").read_text()
    note = (bag / "data" / "checkpoint").read_bytes()
    head = tlog.parse_checkpoint(tlog.parse_note(note).text)
    lines = (bag / "data" / "journal.jsonl").read_bytes().splitlines()
    tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
    log = policy.split()[policy.split().index("log") + 1]
    process = CosignerProcess(tmp_path / "c", NAME, log)
    process.start()
    body = write(0, [], note)
    assert httpx.post(f"{process.url}/add-checkpoint", content=body).status_code == 200
    files = tuple(unpacked(httpx.get(f"{process.url}/heads/{head.origin}").content).items())
    process.stop()
    pinned = Policy(logs=(tlog.parse_vkey(log),))
    report = verify(bag, VerificationRequest(pinned, without_stamp=True, kept=files))
    assert (report.verdict, tree.size) == ("verified", head.size)
    name, data = files[0]
    false = data.replace(tlog.parse_note(note).text.split(b"\n")[2], b"A" * 43 + b"=")
    assert verify(bag, VerificationRequest(pinned, without_stamp=True, kept=((name, false),))).verdict == "failed"
