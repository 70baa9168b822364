"""Staff, the links they sign in by, and logins of staff and participants; the public keys of authorities."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, word


class Person(Row, table=True):
    """Staff of a court or authority. `functions` are members of `hearings.roles.StaffFunction`."""

    __tablename__ = "person"
    __table_args__ = (state_check(), UniqueConstraint("email"))

    name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    functions: list[str] = json()
    city: str = Field(default="", max_length=100)
    authority_name: str = Field(default="", max_length=300)
    active: bool = True
    language: str = Field(default="", max_length=35)
    """BCP 47, of what is mailed: the one its pages were last read in; empty: English."""
    version: int = 1
    """Counted up by every change, so that nobody changes what they have not seen."""


class FormerAddress(Row, table=True):
    """A mail address that a member of staff has had; it is still told of changes to how they sign in for a week."""

    __tablename__ = "former_address"
    __table_args__ = (state_check(),)

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    email: str = Field(max_length=254)
    replaced_at: datetime = instant()


class SignInLink(Row, table=True):
    """A one-use link that signs a person in. Only the SHA-256 of its secret is kept.

    `made_by` and `withdrawn_by` are ids of persons or `system`; a label of an operator says the account.
    """

    __tablename__ = "sign_in_link"
    __table_args__ = (
        state_check(),
        UniqueConstraint("secret_hash"),
        CheckConstraint("used_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
    )

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    secret_hash: str = Field(max_length=64)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    made_by: str = Field(default="", max_length=36)
    made_label: str = Field(default="", max_length=200)
    """Empty of links from before it was noted."""
    withdrawn_at: datetime | None = instant(default=None)
    withdrawn_label: str = Field(default="", max_length=200)
    recovery: bool = False
    """Whether it lets somebody in who has had a passkey: two agreed, or the operator made it for that."""


class Login(Row, table=True):
    """A signed-in browser: of a person, or of a participant who came by a link. Exactly one of the two."""

    __tablename__ = "login"
    __table_args__ = (
        state_check(),
        UniqueConstraint("secret_hash"),
        CheckConstraint("(person_id IS NULL) <> (participant_id IS NULL)", name="one_holder"),
    )

    person_id: str | None = Field(default=None, foreign_key="person.id", index=True, max_length=36)
    participant_id: str | None = Field(default=None, foreign_key="participant.id", index=True, max_length=36)
    secret_hash: str = Field(max_length=64)
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime | None = instant(default=None)
    ended_at: datetime | None = instant(default=None)
    ended_why: str = Field(default="", max_length=40)
    way: str = Field(default="", max_length=20)
    """How it came about: a member of `hearings.people.logins.Way`; empty of those from before it was noted."""
    credential_id: str = Field(default="", max_length=36)
    """Id of the passkey or the identity at an issuer by which it came about; empty of links."""
    authenticated_at: datetime | None = instant(default=None)
    """When its person last proved with a passkey or at their issuer who they are."""


class AuthorityKey(Row, table=True):
    """An authority's public age recipient: recordings are encrypted to it until it is retired. Never deleted.

    `kind` is a plain label. Rows from before it was noted who adds them say `system`.
    """

    __tablename__ = "authority_key"
    __table_args__ = (state_check(), UniqueConstraint("recipient"))

    authority_name: str = Field(max_length=300)
    kind: str = Field(max_length=20)
    recipient: str = Field(max_length=2000)
    demo: bool = False
    created_by: str = Field(max_length=36)
    created_by_label: str = Field(max_length=200)
    created_at: datetime = instant()
    retired_at: datetime | None = instant(default=None)
    retired_by: str = Field(default="", max_length=36)
    retired_by_label: str = Field(default="", max_length=200)
    retired_reason: str = Field(default="", max_length=500)
    lost_at: datetime | None = instant(default=None)
    """Since when it is known that nobody has its key file any more: it opens nothing."""
    lost_reason: str = Field(default="", max_length=500)


class AuthorityKind(StrEnum):
    """What an authority is to those who write to it."""

    central_authority = "central_authority"
    competent_authority = "competent_authority"
    court = "court"
    contact_point = "contact_point"


class Network(StrEnum):
    """A network of judicial cooperation a contact point belongs to (UNODC paper, paragraphs 27 to 32)."""

    ejn = "ejn"
    iberred = "iberred"
    seepag = "seepag"
    casc = "casc"
    jit = "jit"
    genocide = "genocide"
    aiamp = "aiamp"
    mercosur = "mercosur"
    globe = "globe"
    eurojust = "eurojust"


class ContactTopic(StrEnum):
    """What somebody at an authority is to be asked about."""

    requests = "requests"
    urgent = "urgent"
    technical = "technical"
    interpreting = "interpreting"
    recordings = "recordings"


class AroundTheClock(StrEnum):
    """Whether an authority can be reached at any hour; a text column holds it, empty when nobody knows."""

    yes = "yes"
    no = "no"


class Authority(Row, table=True):
    """One authority or contact point. The owner is the State it belongs to."""

    __tablename__ = "authority"
    __table_args__ = (state_check(), UniqueConstraint("owner_state", "kind", "name"))

    kind: AuthorityKind = word(AuthorityKind, "kind")
    name: str = Field(max_length=300)
    contact: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)
    address: str = Field(default="", max_length=500)
    languages: list[str] = json(default_factory=list)
    networks: list[str] = json(default_factory=list)
    """Members of `Network`."""
    source: str = Field(default="", max_length=300)
    as_of: date | None = None
    """The day somebody last checked that this is right; None when nobody is known to have."""
    confirmed_by: str = Field(default="", max_length=200)
    """Who checked it on that day, as the table says or as they are called here."""
    instruments: list[str] = json(default_factory=list)
    """Ids of the instruments it is competent for; empty when that is not known."""
    scopes: list[str] = json(default_factory=list)
    """Members of `offence_scope` of data/enums.yaml it is competent for; empty when that is not known."""
    topics: list[dict[str, str]] = json(default_factory=list)
    """Whom to ask about what: `topic` (`ContactTopic`), `contact`, and `hours` in the authority's own time."""
    around_the_clock: str = Field(default="", max_length=10)
    """`AroundTheClock`, or empty."""
    imported_at: datetime = instant()
    imported_by: str = Field(max_length=36)
