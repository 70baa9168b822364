"""The seal signs only what goes on from what it has signed; the process alone reads the key; what stops it is loud."""

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from media.evidence.log import tlog
from media.evidence.seal.client import SealSilentError
from media.evidence.seal.heads import HeadStore, Seal, SealRefusedError
from media.evidence.seal.seal_key import SealKey, make_seal_key
from media.evidence.seal.service import Server, Service
from tests.support.evidence.seals import LocalSeal, SealProcess

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
ROOT = Path(__file__).parents[4]


def tree_of(size: int, kind: str = "line") -> tlog.Tree:
    return tlog.Tree(tlog.leaf_hash(f"{kind} {number}".encode()) for number in range(size))


def head_of(tree: tlog.Tree) -> tlog.Checkpoint:
    return tlog.Checkpoint(ORIGIN, tree.size, tree.root())


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8), fork=st.integers(0, 40))
def test_only_a_head_that_goes_on_from_the_last_is_signed(
    sizes: list[int], fork: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seal = LocalSeal(tmp_path_factory.mktemp("seal"), SealKey(bytes(32)))
    signed = 0
    for size in sizes:
        tree = tree_of(size)
        if size >= signed:
            note = seal.sign_head(head_of(tree), tree)
            assert tlog.verify_checkpoint(note, ORIGIN, [seal.key.vkey("court.example")]) == head_of(tree)
            signed = size
        else:
            with pytest.raises(SealRefusedError) as refused:
                seal.sign_head(head_of(tree), tree)
            assert refused.value.code == "rollback"
    other = tree_of(signed + fork, "another line")
    with pytest.raises(SealRefusedError) as refused:
        seal.sign_head(head_of(other), other)
    assert refused.value.code == "fork"
    assert seal.seal.last(ORIGIN) == head_of(tree_of(signed))


def test_a_head_is_kept_before_anybody_has_its_signature(tmp_path: Path) -> None:
    class Broken(SealKey):
        def sign(self, text: bytes, origin: str) -> bytes:
            raise OSError("killed")

    seal = Seal(Broken(bytes(32)), HeadStore(tmp_path))
    with pytest.raises(OSError, match="killed"):
        seal.sign(head_of(tree_of(3)), 0, [])
    assert HeadStore(tmp_path).last(ORIGIN) == head_of(tree_of(3))


def test_a_proof_from_another_head_than_the_last_is_refused_with_that_head(tmp_path: Path) -> None:
    seal = Seal(SealKey(bytes(32)), HeadStore(tmp_path))
    with pytest.raises(SealRefusedError) as unknown:
        seal.sign(head_of(tree_of(5)), 3, tree_of(5).consistency(3))
    seal.sign(head_of(tree_of(4)), 0, [])
    with pytest.raises(SealRefusedError) as behind:
        seal.sign(head_of(tree_of(5)), 3, tree_of(5).consistency(3))
    assert (unknown.value.code, behind.value.code, behind.value.head) == ("unknown", "behind", head_of(tree_of(4)))


# --- the process -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "seal"
    made.mkdir(mode=0o700)
    make_seal_key(made / "seal.key")
    return made


@pytest.fixture
def process(folder: Path, tmp_path: Path) -> Iterator[SealProcess]:
    made = SealProcess(folder, tmp_path / "seal.sock")
    assert made.answers()
    yield made
    made.end()


def test_the_process_signs_goes_on_after_a_kill_and_refuses_what_is_not_its_log(
    process: SealProcess, folder: Path, tmp_path: Path
) -> None:
    tree = tree_of(7)
    note = process.client.sign_head(head_of(tree), tree)
    assert tlog.verify_checkpoint(note, ORIGIN, [process.client.vkey("court.example")]) == head_of(tree)
    process.end()
    with pytest.raises(SealSilentError):
        process.client.sign_head(head_of(tree_of(8)), tree_of(8))
    again = SealProcess(folder, tmp_path / "seal.sock")
    assert again.answers()
    assert again.client.last(ORIGIN) == head_of(tree)
    for size, kind, code in ((5, "line", "rollback"), (9, "forged", "fork")):
        with pytest.raises(SealRefusedError) as refused:
            again.client.sign_head(head_of(tree_of(size, kind)), tree_of(size, kind))
        assert refused.value.code == code
    again.client.sign_head(head_of(tree_of(9)), tree_of(9))
    again.end()


def test_the_process_tells_every_head_it_has_signed_last_however_many(process: SealProcess, folder: Path) -> None:
    assert process.client.heads() == []
    there = [tlog.Checkpoint(f"court.example/hearing/{number}", number, bytes(32)) for number in range(1, 402)]
    for head in there:
        path = folder / "heads" / hashlib.sha256(head.origin.encode()).hexdigest()
        path.write_bytes(tlog.checkpoint_text(head.origin, head.size, head.root))
    (folder / "heads" / ".tmp-half").write_bytes(b"half")
    assert sorted(process.client.heads(), key=lambda head: head.size) == there
    assert len(HeadStore(folder / "heads").listed("", 10**9)[0]) == len(there)


def test_a_second_process_for_the_same_seal_ends_at_once(process: SealProcess, folder: Path, tmp_path: Path) -> None:
    second = SealProcess(folder, tmp_path / "second.sock")
    assert second.popen.wait(20) == 0
    second.end()
    assert process.client.keys()


def test_a_process_whose_socket_was_taken_away_ends(process: SealProcess) -> None:
    process.client.path.unlink()
    assert process.popen.wait(20) == 0


def test_a_stopped_process_is_silent_not_waited_for_without_end(
    process: SealProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.evidence.seal.client.PATIENCE", 0.3)
    process.popen.send_signal(signal.SIGSTOP)
    with pytest.raises(SealSilentError):
        process.client.keys()
    process.popen.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "asked",
    [b"", b"{", b"[]", b'{"do":"export key"}', b'{"do":"sign"}', b"x" * 100_000, b'{"do":"last","origin":{}}']
    + [json.dumps({"do": "sign", "origin": ORIGIN, "size": size, "root": "AA==", "old": 0, "proof": []}).encode()
       for size in (-1, 1, True, "1", 2**60)],
)  # fmt: skip
def test_what_is_not_in_the_protocol_is_refused_and_the_process_goes_on(process: SealProcess, asked: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(process.client.path))
        link.sendall(asked + b"\n")
        answer = json.loads(link.makefile("rb").readline())
    assert answer["refused"] == "bad_request"
    assert process.client.keys()


@pytest.mark.skipif(os.geteuid() != 0, reason="changing accounts needs root")
def test_with_an_account_of_its_own_the_web_account_can_ask_and_cannot_read_the_key(
    folder: Path, tmp_path: Path
) -> None:
    for path in (ROOT / "media", Path(sys.executable)):
        if not all(above.stat().st_mode & 0o001 for above in path.resolve().parents):
            pytest.skip(f"another account cannot reach {path}")
    seal_account, web_account, stranger = 64_101, 64_102, 64_103
    for path in (folder, folder / "seal.key"):
        os.chown(path, seal_account, seal_account)
    room = Path("/tmp") / f"vivavoce-seal-{os.getpid()}"
    room.mkdir(mode=0o755)
    os.chown(room, seal_account, seal_account)
    try:
        made = _separated(tmp_path, folder, room, seal_account, web_account)
        ask = (
            "import sys; from pathlib import Path; from media.evidence.seal.client import SealClient\n"
            "try: print(len(SealClient(Path(sys.argv[1])).keys()))\n"
            "except ValueError as error: print(error)\n"
            "try: print(Path(sys.argv[2]).read_text())\n"
            "except OSError as error: print(type(error).__name__)\n"
        )
        said = {}
        for account in (web_account, stranger):
            command = [sys.executable, "-c", ask, str(made.client.path), str(room / "seal" / "seal.key")]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, user=account, cwd="/", env=environment, capture_output=True)
            assert done.returncode == 0, done.stderr
            said[account] = done.stdout.decode().split("\n")[:2]
        made.end()
    finally:
        subprocess.run(["rm", "-rf", str(room)], check=True)
    assert said[web_account] == ["1", "PermissionError"]
    assert said[stranger] == ["this account may not ask the seal", "PermissionError"]


def _separated(tmp_path: Path, folder: Path, room: Path, seal_account: int, web_account: int) -> SealProcess:
    """A process under an account of its own whose folder lies where others may pass, as under /var/lib."""
    folder.rename(room / "seal")
    made = SealProcess(room / "seal", room / "seal.sock", "--allow", str(web_account), user=seal_account)
    assert made.answers()
    return made


def test_nothing_is_signed_for_somebody_who_has_gone_before_it_was_their_turn(tmp_path: Path) -> None:
    """A recorder killed while it asked: its successor writes on from the last head it was told."""
    local = LocalSeal(tmp_path / "seal", SealKey(bytes(32)))
    tree = tree_of(1)
    root = base64.b64encode(tree.root()).decode()
    question = json.dumps({"do": "sign", "origin": ORIGIN, "size": 1, "root": root, "old": 0, "proof": []}) + "\n"
    with Server(tmp_path / "seal.sock", Service(local.seal, []), {os.getuid()}) as server:
        for stays in (False, True):
            line = socket.socket(socket.AF_UNIX)
            line.connect(str(tmp_path / "seal.sock"))
            line.sendall(question.encode())
            if not stays:
                line.close()
            server.process_request_thread(*server.get_request())
            assert (local.seal.last(ORIGIN) is not None) is stays
        with line, line.makefile("rb") as answer:
            assert "note" in json.loads(answer.readline())
