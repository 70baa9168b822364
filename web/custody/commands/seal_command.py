"""`vivavoce keys rotate-seal`: the court's seal gets another key, while it goes on sealing (docs/keys.md).

From the beginning to `--end` every head is signed by both keys. The custody log of each closed recording gets a
`sealkey` line, and behind it the first head that covers it, which both keys have signed. A seal that has an account of
its own is changed as that account (`media.evidence.seal.rotation`); then this command takes its new key and writes the
lines.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from media.evidence.log import custody, journal_lines
from media.evidence.log.proof import CourtSeal
from media.evidence.seal import rotation
from media.evidence.seal.client import SealClient, SealSilentError
from media.evidence.seal.seal_key import read_seal_key
from web.seal_keeper import SealKeeper, policy_of, seal_vkey, take_vkey
from web.server import security_events
from web.settings import Settings
from web.sitting.sealed_files import RECORDING_ID

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


PATIENCE, STEP = 100, 0.05
"""How often, and after how many seconds, the seal is asked whether it has the new key."""


class NotHere(Exception):
    """The seal key is not in a file of this account; the text says where it is changed."""


def add_to(add: Add) -> None:
    """Add the command to the parser of `vivavoce keys`."""
    made = add("rotate-seal", rotate_seal, "Change the court's seal key while the seal goes on.")
    made.add_argument("--end", action="store_true", help="sign by the new key alone from now on")


def rotate_seal(options: argparse.Namespace) -> int:
    """Begin or end the rotation; repeated, it goes on where it was interrupted."""
    settings = Settings.from_environment(os.environ)
    return security_events.logged("keys rotate-seal", settings, lambda: _rotate(settings, end=options.end))


def _rotate(settings: Settings, *, end: bool) -> int:
    if settings.seal_token:
        raise NotHere("the seal key is on a token: make another there (docs/seal.md)")
    if settings.seal_socket is not None:
        return _changed_elsewhere(settings, end=end)
    folder = settings.seal_folder
    if end:
        return _end(settings)
    rotation.begin(folder)
    _take(settings, _renewed(settings), "`vivavoce keys rotate-seal --end`")
    return 0


def _changed_elsewhere(settings: Settings, *, end: bool) -> int:
    """Of a seal with an account of its own: take the key that was made there, and write the lines. `end`: those that
    are still missing, before the old key is deleted there."""
    seal = SealKeeper(settings).ensure()
    there = "python -m media.evidence.seal.rotation FOLDER"
    if len(seal.keys()) < 2:
        raise NotHere(
            f"the seal has an account of its own: first `{there}` as that account, then this command (docs/keys.md)"
        )
    if end and seal.vkey(settings.court_name) != seal_vkey(settings):
        raise NotHere("the new key has not been taken here: give the command without --end first")
    _take(settings, seal, f"`{there} --end`, as the account of the seal,")
    return 0


def _take(settings: Settings, seal: SealClient, ended_by: str) -> None:
    """Pin the seal's present key, write it into the custody logs, and say what follows."""
    vkey = seal.vkey(settings.court_name)
    take_vkey(settings, vkey)
    written, left = tell_logs(settings.recordings, seal, vkey)
    print(f"Seal key, to be pinned by whoever verifies from now on: {vkey}")
    print(f"Both keys sign until {ended_by} has run. In the custody logs of {written} recordings.")
    if left:
        print(f"{left} are not closed, or could not be written: `vivavoce keys rotate-seal --end` looks at them again.")
    print("The policy, to be handed to authorities and cosigners:")
    print(policy_of(settings), end="")


def _end(settings: Settings) -> int:
    if not rotation.under_way(settings.seal_folder):
        raise NotHere("no rotation of the seal key is under way")
    seal = SealKeeper(settings).ensure()
    written, left = tell_logs(settings.recordings, seal, seal.vkey(settings.court_name))
    rotation.end(settings.seal_folder)
    _renewed(settings)
    print("The new key alone signs from now on. The private half of the old one is deleted.")
    print(f"In the custody logs of {written} recordings; {left} are not closed, or could not be written.")
    return 0


def _renewed(settings: Settings) -> SealClient:
    """The seal, which signs by the keys that are in its folder now. Raises SealSilentError when it does not."""
    rotation.tell_process(settings.seal_folder)
    seal, wanted = SealKeeper(settings).ensure(), read_seal_key(settings.seal_folder / rotation.KEY).public
    for _ in range(PATIENCE):
        if seal.keys()[0] == wanted:
            return seal
        time.sleep(STEP)
    raise SealSilentError("the seal process does not take the new key: look into seal.log")


def tell_logs(recordings: Path, seal: CourtSeal, vkey: str) -> tuple[int, int]:
    """Write into each custody log that names another key as the last: the new key, and the head that covers that line.

    Returns how many have it now, and how many recordings could not be written, since they are not closed or damaged.
    """
    written = left = 0
    for folder in sorted(recordings.iterdir() if recordings.is_dir() else ()):
        if not RECORDING_ID.fullmatch(folder.name):
            continue
        try:
            _tell(folder, seal, vkey)
            written += 1
        except custody.CustodyError:
            left += 1
    return written, left


def _tell(folder: Path, seal: CourtSeal, vkey: str) -> None:
    trust = seal.trust()
    lines = [journal_lines.parse(line) for line in custody.read_log(folder, custody.read(folder, trust).origin, trust)]
    keys = [at for at, line in enumerate(lines) if line["type"] == "sealkey"]
    named = bool(keys) and lines[keys[-1]]["vkey"] == vkey
    if not named:
        custody.record(folder, [{"type": "sealkey", "vkey": vkey}], seal, time.time_ns())
    if not named or not any(line["type"] == "head" for line in lines[keys[-1] :]):
        note = (folder / custody.LOG_CHECKPOINT).read_text(encoding="utf-8")
        custody.record(folder, [{"type": "head", "note": note}], seal, time.time_ns())
