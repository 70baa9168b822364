"""An authority's key file: an age identity, and in its comments the policy the authority trusts.

`age -d -i FILE` opens it as it is; the player and `vivavoce verify` read the policy from the lines that begin `# |`.
The private half belongs to the authority: the server keeps the recipient only, and never reads such a file.
"""

from dataclasses import dataclass

from media.evidence.seal import X25519Identity, make_identity

DEMO_LABEL = "THROW-AWAY DEMO KEY: never use it for a real hearing"


@dataclass(frozen=True)
class KeyFile:
    """A new key: the text of the file, to be kept by the authority, and the public recipient."""

    text: str
    recipient: str


def policy_text(log_vkey: str) -> str:
    """The policy of this version: one court's seal key, no cosigners (docs/recording-format.md)."""
    return f"log {log_vkey}\nquorum none\n"


def make_key_file(*, authority: str, log_vkey: str, demo: bool = False) -> KeyFile:
    """A new identity for an authority, with the policy it is to trust. `authority` is one line of text."""
    identity: X25519Identity = make_identity()
    lines = ["# Vivavoce key file"]
    if demo:
        lines.append(f"# {DEMO_LABEL}")
    lines.append(f"# authority: {' '.join(authority.split())}")
    lines.append("# policy:")
    lines.extend(f"# | {line}" for line in policy_text(log_vkey).splitlines())
    lines.append(identity.text())
    return KeyFile(text="\n".join(lines) + "\n", recipient=identity.recipient.text)
