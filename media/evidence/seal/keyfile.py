"""An authority's key file: an age identity, and in its comments the policy the authority trusts.

`age -d -i FILE` opens it as it is; the player and `vivavoce verify` read the policy from the lines that begin `# |`.
An authority that signs has the seed of an Ed25519 key (RFC 8032) in the comment `# signing-key:`, for its page.
The private halves belong to the authority: the server keeps recipient and public key only, and never reads such a file.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from media.evidence.seal.age import make_identity

DEMO_LABEL = "THROW-AWAY DEMO KEY: never use it for a real hearing"


@dataclass(frozen=True)
class KeyFile:
    """A new key: the text of the file, to be kept by the authority, and the public halves (base64url for signing)."""

    text: str
    recipient: str
    signing_public: str = ""


NO_COSIGNERS = ("quorum none",)


def policy_text(log_vkey: str, cosigners: Sequence[str] = NO_COSIGNERS) -> str:
    """A policy that pins one court's seal key, and the lines that name cosigners and quorum (docs/cosigner.md)."""
    return "".join(f"{line}\n" for line in (f"log {log_vkey}", *cosigners))


def make_key_file(
    *,
    authority: str,
    log_vkey: str,
    cosigners: Sequence[str] = NO_COSIGNERS,
    demo: bool = False,
    signs: bool = True,
    post_quantum: bool = False,
) -> KeyFile:
    """A new identity for an authority, with the policy of one court that it is to trust; the rest as `make_with`."""
    policy = policy_text(log_vkey, cosigners).splitlines()
    return make_with(policy, authority=authority, demo=demo, signs=signs, post_quantum=post_quantum)


def make_with(
    policy: Sequence[str], *, authority: str, demo: bool = False, signs: bool = True, post_quantum: bool = False
) -> KeyFile:
    """A new identity for an authority, with the lines of the policy it is to trust. `authority` is one line of text.

    `signs`: with a signing key too; an escrow agent has none, since it signs no acts of a State.
    `post_quantum`: of the kind `mlkem768x25519`, which `age` opens from version 1.3 (docs/keys.md).
    """
    identity = make_identity(post_quantum=post_quantum)
    lines = ["# Vivavoce key file"]
    if demo:
        lines.append(f"# {DEMO_LABEL}")
    lines.append(f"# authority: {' '.join(authority.split())}")
    public = ""
    if signs:
        signing = Ed25519PrivateKey.generate()
        public = _base64url(signing.public_key().public_bytes_raw())
        lines.append(f"# signing-public: {public}")
        lines.append(f"# signing-key: {_base64url(signing.private_bytes_raw())}")
    lines.append("# policy:")
    lines.extend(f"# | {line}" for line in policy)
    lines.append(identity.text())
    return KeyFile(text="\n".join(lines) + "\n", recipient=identity.recipient.text, signing_public=public)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
