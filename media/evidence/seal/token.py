"""A seal key on a token: a smart card, a USB token or an HSM, through its PKCS#11 library. The key never leaves it.

Ed25519 (RFC 8032) by the mechanism CKM_EDDSA on a key of type CKK_EC_EDWARDS (PKCS#11 v3.0 §2.3; many libraries that
call themselves 2.40 have both). `python -m media.evidence.seal.token URI` makes such a key; `parse_token_uri` gives the
parts of a URI. Every signature is verified with the public key before it is returned, and one at the start: with a
wrong mechanism, or on a faulty token, the process does not start and nothing is sealed.
"""

import argparse
import logging
import secrets
import sys
from pathlib import Path

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, PKCS11Error, Session, SignMixin
from pkcs11.types import Object

from media.evidence.log import tlog
from media.evidence.seal.heads import KeySilentError
from media.evidence.seal.seal_key import SealKeyError, read_private
from media.evidence.seal.token_uri import TokenUri, parse_token_uri

logger = logging.getLogger("vivavoce.media.evidence.seal.token")

ED25519 = bytes.fromhex("06032b6570")
"""CKA_EC_PARAMS: the object identifier 1.3.101.112 of RFC 8410, in DER."""
OCTET_STRING = bytes.fromhex("0420")
"""DER prefix of the 32 bytes of CKA_EC_POINT; libraries of PKCS#11 v3.1 omit it."""
TRIAL = b"Vivavoce tries the seal key of this token"
"""Signed at the start. No line feed, so that it is never the text of a signed note."""


class NoTokenKeyError(SealKeyError):
    """The token is there and the PIN is right, but no key has this label."""


class TokenKey:
    """Signs notes by a key on a token. Calls come one at a time, as `Seal` makes them.

    `refused` is a file that records that the token refused the PIN: tokens lock after a few wrong attempts, and a
    process restarted each second would reach that limit at once. A PIN is tried again when its file is newer than that.
    """

    def __init__(self, uri: TokenUri, refused: Path | None = None) -> None:
        self._uri = uri
        self._refused = refused
        self._key: SignMixin | None = None
        try:
            self._key, self.public = self._open()
            self._sign(self._key, TRIAL)
        except PKCS11Error as error:
            raise SealKeyError(f"the token {uri.token!r} fails: {_said(error)}") from error

    def sign(self, text: bytes, origin: str) -> bytes:
        """A signed note over the text, in the name of the origin. KeySilentError while the token cannot."""
        try:
            return tlog.sealed_note(text, origin, self.public, self._signature(text))
        except PKCS11Error as error:
            raise KeySilentError(f"the token {self._uri.token!r} fails: {_said(error)}") from error
        except SealKeyError as error:
            raise KeySilentError(str(error)) from error

    def vkey(self, court: str) -> str:
        """The line that pins this key for every recording of a court: its `log` in `policy.txt`."""
        return tlog.vkey(f"{court}/hearing", self.public)

    def _signature(self, message: bytes) -> bytes:
        """Sign in the present session; if it is lost, in a new one, which must have the same key."""
        key, self._key = self._key, None
        if key is not None:
            try:
                signature = self._sign(key, message)
            except PKCS11Error as error:
                logger.warning("the session with the token is lost: %s", _said(error))
            else:
                self._key = key
                return signature
        key, public = self._open()
        if public != self.public:
            raise SealKeyError(f"the token {self._uri.token!r} holds another key than at the start")
        signature = self._sign(key, message)
        self._key = key
        return signature

    def _sign(self, key: SignMixin, message: bytes) -> bytes:
        signature = bytes(key.sign(message, mechanism=Mechanism.EDDSA))
        if not tlog.verify_ed25519(self.public, message, signature):
            raise SealKeyError(f"the token {self._uri.token!r} made a signature that does not verify")
        return signature

    def _open(self) -> tuple[SignMixin, bytes]:
        """Open a new session; returns the key in it, and its public half."""
        session = _login(self._uri, self._refused)
        key = _find(session, ObjectClass.PRIVATE_KEY, self._uri.key)
        public = _find(session, ObjectClass.PUBLIC_KEY, self._uri.key)
        if not isinstance(key, SignMixin):
            raise SealKeyError(f"the key {self._uri.key!r} is not one that may sign")
        if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
            raise SealKeyError(f"the key {self._uri.key!r} can be taken off the token: make one that cannot")
        return key, _point(public, self._uri.key)


def make_token_key(uri: TokenUri) -> TokenKey:
    """Make a key on the token that cannot be taken off it; SealKeyError if there is one of this label already."""
    try:
        session = _login(uri, rw=True)
        if list(session.get_objects({Attribute.LABEL: uri.key})):
            raise SealKeyError(f"the token {uri.token!r} has an object {uri.key!r} already; nothing was made")
        session.create_domain_parameters(
            KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: ED25519}, local=True
        ).generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            id=secrets.token_bytes(8),
            label=uri.key,
            store=True,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )
    except PKCS11Error as error:
        raise SealKeyError(f"the token {uri.token!r} makes no Ed25519 key: {_said(error)}") from error
    return TokenKey(uri)


def _login(uri: TokenUri, refused: Path | None = None, *, rw: bool = False) -> Session:
    """A new session, logged in. The library is initialised again: some detect a returned token only then."""
    try:
        pin = read_private(uri.pin_file, "the PIN file").removesuffix(b"\n").decode()
    except UnicodeDecodeError:
        raise SealKeyError(f"the PIN file {uri.pin_file} is not UTF-8") from None
    if refused is not None and refused.exists() and refused.stat().st_mtime_ns >= uri.pin_file.stat().st_mtime_ns:
        raise SealKeyError(
            f"the token {uri.token!r} has refused the PIN; it is tried again when {uri.pin_file} is changed or touched"
        )
    library = pkcs11.lib(str(uri.module))
    library.reinitialize()
    serial = {"token_serial": uri.serial.encode()} if uri.serial else {}
    try:
        return library.get_token(token_label=uri.token, **serial).open(user_pin=pin, rw=rw)
    except pkcs11.NoSuchToken as error:
        raise SealKeyError(f"there is no token {uri.token!r}") from error
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
        if refused is not None:
            refused.touch(mode=0o600)
        raise SealKeyError(f"the token {uri.token!r} refuses the PIN of {uri.pin_file}") from error


def _find(session: Session, kind: ObjectClass, label: str) -> Object:
    objects = [*session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: label})]
    what = "private" if kind is ObjectClass.PRIVATE_KEY else "public"
    if not objects:
        raise NoTokenKeyError(f"the token has no {what} key {label!r}")
    if len(objects) > 1:
        raise SealKeyError(f"the token has {len(objects)} {what} keys {label!r}: give them labels of their own")
    return objects[0]


def _point(public: Object, label: str) -> bytes:
    """The 32 bytes of an Ed25519 public key."""
    if public[Attribute.KEY_TYPE] is not KeyType.EC_EDWARDS:
        raise SealKeyError(f"the key {label!r} is not an Ed25519 key")
    point = bytes(public[Attribute.EC_POINT])
    point = point.removeprefix(OCTET_STRING) if len(point) == len(OCTET_STRING) + 32 else point
    if len(point) != 32:
        raise SealKeyError(f"the key {label!r} is not an Ed25519 key")
    return point


def _said(error: PKCS11Error) -> str:
    """The library's error message; often only the class of the error."""
    return f"{type(error).__name__} {error}".strip()


def main() -> int:
    """Make the key of a URI and print its public half; 2 when it cannot."""
    parser = argparse.ArgumentParser(
        prog="media.evidence.seal.token", description="Make a seal key on a token. It never leaves the token."
    )
    parser.add_argument("uri", help="pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=FILE")
    try:
        made = make_token_key(parse_token_uri(parser.parse_args().uri))
    except (SealKeyError, ValueError) as error:
        print(f"no key was made: {error}", file=sys.stderr)
        return 2
    print(f"Made. Its public half: {made.public.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
