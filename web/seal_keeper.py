"""The seal process from the web's side: started when it is first needed, started again when it is gone.

With VIVAVOCE_SEAL_SOCKET set it is somebody else's: a service with a system user of its own
(deploy/vivavoce-seal.service), which is never started from here, so that stopping it stops sealing. Without, it runs
under this account, and health and the recordings' pages say that the seal is not separated: then whoever has this
account has the key. What whoever verifies pins is made here too: the seal's public line, the cosigners, their quorum.
"""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from cryptography import x509

import media
from media.evidence.cosigning import cosigners
from media.evidence.cosigning.cosigners import Cosigners, CosignersError
from media.evidence.log import tlog
from media.evidence.log.store import sync_folder, write_durably
from media.evidence.seal.client import SealClient, SealSilentError
from media.evidence.seal.heads import HEADS, HeadStore
from media.evidence.seal.rotation import FORMER, keep_former
from media.evidence.stamping.timestamps import Authorities
from web import security_log
from web.security_log import EventCode
from web.settings import PREFIX, Settings, SettingsError

logger = logging.getLogger("vivavoce.web.seal_keeper")

FORMER_LINES = "seal-former.pub"
"""The file of public lines of former seal keys, in the folder of keys: the policy names them too."""
START_SECONDS = 15.0
LOOK_EVERY = 1.0
MOST = 10**9


class SealKeeper:
    """One installation's seal. Methods block; the coroutines do not."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.seal_folder
        self.external = settings.seal_socket is not None
        self.socket = settings.seal_socket or settings.run / "seal.sock"
        self.seal = SealClient(self.socket, _note)
        self._silent = False
        self._token = settings.seal_token
        self._run = settings.run
        self._gate = threading.Lock()
        self._watching: asyncio.Task[None] | None = None

    @property
    def separated(self) -> bool:
        """Whether another account's process holds the key, and this one cannot read it. Root reads everything."""
        return self.external and os.getuid() != 0 and not os.access(self.folder / "seal.key", os.R_OK)

    def state(self) -> str:
        """`separated`, `not_separated`, or `silent` when it was started and does not answer."""
        if (self.external or self._watching is not None) and not self._answers():
            return "silent"
        return "separated" if self.separated else "not_separated"

    def ensure(self) -> SealClient:
        """The seal, which answers. Raises `SealSilentError`."""
        with self._gate:
            try:
                if not self._answers():
                    self._start()
            except SealSilentError:
                if not self._silent:  # it is asked every second
                    security_log.emit(EventCode.seal_used, good=False, reason="silent")
                self._silent = True
                raise
            self._silent = False
        return self.seal

    def heads(self) -> list[tlog.Checkpoint] | None:
        """The heads in the seal's folder, for who may read it; None for who may not, or where one is no good."""
        try:
            if os.access(self.folder, os.R_OK | os.X_OK) and not (self.folder / HEADS).exists():
                return []  # nothing was ever sealed
            return HeadStore(self.folder / HEADS).listed("", MOST)[0]
        except (OSError, ValueError):
            return None

    async def ready(self) -> SealClient:
        """The seal, which answers and is looked after from now on. Raises `SealSilentError`."""
        seal = await asyncio.to_thread(self.ensure)
        if self._watching is None and not self.external:
            self._watching = asyncio.create_task(self._watch())
        return seal

    async def detach(self) -> None:
        """The web process ends; the seal goes on."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await asyncio.to_thread(self.ensure)
            except SealSilentError:
                logger.exception("the seal process does not answer")

    def _answers(self) -> bool:
        with contextlib.suppress(SealSilentError):
            return bool(self.seal.keys())
        return False

    def _start(self) -> None:
        if self.external:
            raise SealSilentError(f"the seal process does not answer at {self.socket}")
        if not self._token and not (self.folder / "seal.key").exists():
            raise SealSilentError(f"The key {self.folder / 'seal.key'} is missing: run `vivavoce init`")
        log = os.open(self._run / "seal.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        command = [sys.executable, "-m", "media.evidence.seal.service"]
        if self._token:
            command += ["--token", self._token]
        environment = {
            **(_others() if self._token else {}),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(media.__file__).parent.parent),
            "PYTHONSAFEPATH": "1",
        }
        try:
            process = subprocess.Popen(
                [*command, "--socket", str(self.socket), "--folder", str(self.folder)],
                cwd=self._run,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() not in (None, 0) or time.monotonic() > deadline:
                raise SealSilentError(f"the seal process does not start: {_last_line(self._run / 'seal.log')}")
            time.sleep(0.02)
        process.returncode = 0 if process.returncode is None else process.returncode  # it goes on without us


def _note(origin: str, why: str) -> None:
    """A head was signed for this process, or not: of a recording's custody log."""
    recording = origin.removesuffix(tlog.CUSTODY).rpartition("/")[2]
    security_log.emit(EventCode.seal_used, good=not why, reason=why, about=recording)


def _others() -> dict[str, str]:
    """Variables that are not ours: the libraries of tokens are told by them where their configuration is."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].rpartition("seal.service ")[2] if lines else "it said nothing"


def seal_vkey(settings: Settings) -> str:
    """The line that pins this installation's seal key, as `vivavoce init` wrote it. OSError when it is missing."""
    return (settings.keys / "seal.pub").read_text(encoding="ascii").strip()


def former_vkeys(settings: Settings) -> list[str]:
    """The lines that pinned seal keys of before, the oldest first."""
    path = settings.keys / FORMER_LINES
    return path.read_text(encoding="ascii").split() if path.exists() else []


def take_vkey(settings: Settings, vkey: str) -> None:
    """Keep the seal's present public line, and the one of before among the former ones; durable, in this order."""
    public = settings.keys / "seal.pub"
    before = seal_vkey(settings) if public.exists() else vkey
    if before != vkey:
        keep_former(settings.keys / FORMER_LINES, before)
        if settings.seal_socket is None:  # what the key of before has signed goes on counting
            keep_former(settings.seal_folder / FORMER, before)
    elif public.exists():
        return
    draft = public.with_name(".seal.pub")
    draft.unlink(missing_ok=True)
    write_durably(draft, f"{vkey}\n".encode("ascii"))
    draft.replace(public)
    sync_folder(settings.keys)


def cosigners_of(settings: Settings) -> Cosigners:
    """The cosigners of the settings; without any, nobody and `quorum none`. SettingsError when they cannot be read."""
    path = settings.cosigners
    if path is None:
        return Cosigners()
    try:
        return cosigners.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, CosignersError) as error:
        raise SettingsError(
            "cosigners", str(path), f"a list of cosigners as docs/cosigner.md shows ({error})"
        ) from None


def policy_of(settings: Settings) -> str:
    """The policy of this installation, as `vivavoce verify --policy` takes it. OSError without a seal key."""
    return cosigners_of(settings).policy(_vkeys(settings))


def own_policy(settings: Settings) -> str:
    """The policy of the court's own audits: its seal keys as `policy_of` names them, and nobody who must cosign."""
    return Cosigners().policy(_vkeys(settings))


def _vkeys(settings: Settings) -> list[str]:
    """The present seal key and the former ones, each once: a policy that names one twice is none."""
    return list(dict.fromkeys([seal_vkey(settings), *former_vkeys(settings)]))


def authorities_of(settings: Settings) -> Authorities | None:
    """The time-stamping authorities of the settings, None without any. SettingsError when the file of certificates
    cannot be read."""
    path = settings.tsa_anchors
    if path is None:
        return None
    try:
        anchors = path.read_bytes()
        x509.load_pem_x509_certificates(anchors)
    except (OSError, ValueError) as error:
        raise SettingsError("tsa_anchors", str(path), f"a file of certificates in PEM ({error})") from None
    return Authorities(settings.stamping_urls, anchors)
