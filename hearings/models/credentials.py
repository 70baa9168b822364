"""What staff sign in with besides links: passkeys, identities at an issuer; challenges, recoveries, codes to join."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from hearings.models.columns import Row, instant, state_check, word


class Passkey(Row, table=True):
    """A WebAuthn credential of a member of staff. Rows are kept when the passkey is removed: who ever had one no longer
    comes in by a link of one administrator."""

    __tablename__ = "passkey"
    __table_args__ = (
        state_check(),
        UniqueConstraint("credential_id"),
        CheckConstraint("sign_count >= 0", name="count"),
    )

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    credential_id: str = Field(max_length=1400)
    """Base64url, as the authenticator made it (at most 1023 bytes)."""
    public_key: str = Field(max_length=4000)
    """Base64url of the COSE key."""
    sign_count: int = Field(default=0, sa_type=BigInteger)
    """Signature counter of the authenticator; 0 where it keeps none."""
    name: str = Field(max_length=100)
    """What its owner calls it."""
    created_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    removed_at: datetime | None = instant(default=None)


class StaffIdentity(Row, table=True):
    """The subject by which an OpenID Connect issuer names a member of staff. Kept when it is removed, as a passkey."""

    __tablename__ = "staff_identity"
    __table_args__ = (
        state_check(),
        Index(
            "ix_staff_identity_subject",
            "issuer",
            "subject",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=255)
    bound_by: str = Field(max_length=36)
    bound_label: str = Field(max_length=200)
    created_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    removed_at: datetime | None = instant(default=None)


class ChallengePurpose(StrEnum):
    """What a challenge is for; it answers no other."""

    passkey_sign_in = "passkey_sign_in"
    passkey_add = "passkey_add"
    passkey_confirm = "passkey_confirm"
    issuer_sign_in = "issuer_sign_in"
    issuer_bind = "issuer_bind"
    issuer_confirm = "issuer_confirm"


class SignInChallenge(Row, table=True):
    """A challenge of this installation, of no State: for one browser, one purpose and one use. Hashes only."""

    __tablename__ = "sign_in_challenge"
    __table_args__ = (CheckConstraint("owner_state = ''", name="owner_state"), UniqueConstraint("hash"))

    purpose: ChallengePurpose = word(ChallengePurpose, "purpose")
    hash: str = Field(max_length=64)
    browser_hash: str = Field(max_length=64)
    """Of the cookie of the browser that asked for it."""
    about: str = Field(default="", max_length=100)
    """The issuer's name in the settings."""
    login_id: str = Field(default="", max_length=36)
    """The login that asked for it, where it was signed in."""
    expires_at: datetime = instant(index=True)
    used_at: datetime | None = instant(default=None)


class RecoveryStatus(StrEnum):
    """The status of a recovery."""

    waiting = "waiting"
    confirmed = "confirmed"
    refused = "refused"
    withdrawn = "withdrawn"


class StaffRecovery(Row, table=True):
    """A new way in for a member of staff who has lost every other: one administrator asks, another confirms."""

    __tablename__ = "staff_recovery"
    __table_args__ = (
        state_check(),
        CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("status <> 'confirmed' OR decided_by <> asked_by", name="by_another"),
        Index("ix_staff_recovery_state", "owner_state", "status", "id"),
    )

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    reason: str = Field(max_length=500)
    asked_by: str = Field(max_length=36)
    asked_label: str = Field(max_length=200)
    at: datetime = instant()
    opens_at: datetime = instant()
    """From when on it can be confirmed; until then the person has time to stop it."""
    stop_hash: str = Field(default="", index=True, max_length=64)
    """Of the secret by which the person stops it from the mail, without signing in."""
    status: RecoveryStatus = word(RecoveryStatus, "status", default=RecoveryStatus.waiting)
    decided_by: str = Field(default="", max_length=36)
    decided_label: str = Field(default="", max_length=200)
    decided_at: datetime | None = instant(default=None)


class JoinCode(Row, table=True):
    """A one-use code that was sent to a participant, in place of a PIN. Only its hash is kept, under scrypt."""

    __tablename__ = "join_code"
    __table_args__ = (state_check(), CheckConstraint("tries_left BETWEEN 0 AND 5", name="tries_left"))

    invitation_id: str = Field(foreign_key="invitation.id", index=True, max_length=36)
    code_hash: str = Field(max_length=200)
    tries_left: int = 5
    created_at: datetime = instant()
    handed_over_at: datetime | None = instant(default=None)
    """When the mail server or the command took it; None of a code that nobody can have."""
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
