"""A token for tests: SoftHSM, a PKCS#11 library that keeps its tokens in files."""

import subprocess
from pathlib import Path
from urllib.parse import quote

import pkcs11
import pytest

from media.evidence.seal.token_uri import TokenUri, parse_token_uri

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "a PIN; 47&11"
WRONG_PIN = "another PIN"


class SoftToken:
    """A SoftHSM of a test's own with one token, its PIN in a file, and the URI of a key `seal`, which is not made."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tokens = folder / "tokens"
        self.away = folder / "away"
        self.pin_file = folder / "the pin"
        self.tokens.mkdir(parents=True)
        self.pin_file.touch(mode=0o600)
        self.pin_file.write_text(f"{PIN}\n")
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "Tribunal București", "--so-pin", "12345678"]
        subprocess.run([*command, "--pin", PIN], check=True, capture_output=True)
        self.text = (
            f"pkcs11:token={quote('Tribunal București')};object=seal"
            f"?module-path={MODULE}&pin-source=file:{quote(str(self.pin_file))}"
        )

    @property
    def uri(self) -> TokenUri:
        """The URI, read."""
        return parse_token_uri(self.text)

    def take_away(self) -> None:
        """As if it were pulled out."""
        self.tokens.rename(self.away)
        self.tokens.mkdir()

    def bring_back(self) -> None:
        """As if it were put in again."""
        self.tokens.rmdir()
        self.away.rename(self.tokens)

    def spoil_the_pin(self) -> None:
        """Have a wrong PIN in the file."""
        self.pin_file.write_text(WRONG_PIN)

    def session(self) -> pkcs11.Session:
        """A session that may change what is on it; those of before are gone."""
        library = pkcs11.lib(str(MODULE))
        library.reinitialize()
        return library.get_token(token_label=self.uri.token).open(user_pin=PIN, rw=True)
