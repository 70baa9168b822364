"""The tables, one file per noun. Import them from here; `metadata` is what migrations are compared with."""

from sqlmodel import SQLModel

from hearings.models.agreement import (
    Agreement,
    AgreementOffer,
    LineReport,
    LineTest,
    RoomConfirmation,
    Site,
    SiteProfile,
)
from hearings.models.api_client import ApiAnswer, ApiClient, ApiClientKey, ApiProof, ApiToken, SharedView
from hearings.models.coordination import Facilitator, NoticeSubscription, RequestShare, StateNotice
from hearings.models.credentials import JoinCode, Passkey, SignInChallenge, StaffIdentity, StaffRecovery
from hearings.models.diary import (
    Booking,
    CourtPeriod,
    HearingDay,
    LanguagePair,
    Offer,
    Resource,
    TermsConsent,
)
from hearings.models.hearing import Hearing
from hearings.models.history import ActHead, HearingEvent, InstallationEvent, StatusChange
from hearings.models.law import JointChange, LawKind, LawRow
from hearings.models.minutes import (
    Minutes,
    MinutesAnswer,
    MinutesCorrection,
    MinutesPassage,
    MinutesReading,
    MinutesReservation,
)
from hearings.models.network_test import NetworkTest
from hearings.models.outbox import (
    CalendarEntry,
    CalendarFeed,
    Claim,
    CustodyAudit,
    OutboxAttempt,
    OutboxMessage,
    UnfollowedChange,
    Webhook,
)
from hearings.models.participant import Invitation, Participant, ParticipantContact, SummonsService
from hearings.models.people import Authority, AuthorityKey, FormerAddress, Login, Person, SignInLink
from hearings.models.request import HearingRequest
from hearings.models.request_parts import (
    Attachment,
    AttachmentBytes,
    Consent,
    Consultation,
    GateAnswer,
    InformalMessage,
    RequestEvent,
    Translation,
)
from hearings.models.rights import RightAnswer
from hearings.models.signature import (
    RefusedStatement,
    RequestReading,
    Signature,
    SigningKey,
    TransmissionEvidence,
    TransmissionStamp,
)
from hearings.models.sitting import (
    Conduct,
    FingerprintComparison,
    KeepingDecision,
    Recording,
    RecordingRelease,
    Rewrap,
    Sitting,
    SoundCheck,
)

metadata = SQLModel.metadata

__all__ = [
    "ActHead",
    "Agreement",
    "AgreementOffer",
    "ApiAnswer",
    "ApiClient",
    "ApiClientKey",
    "ApiProof",
    "ApiToken",
    "Attachment",
    "AttachmentBytes",
    "Authority",
    "AuthorityKey",
    "Booking",
    "CalendarEntry",
    "CalendarFeed",
    "Claim",
    "Conduct",
    "Consent",
    "Consultation",
    "CourtPeriod",
    "CustodyAudit",
    "Facilitator",
    "FingerprintComparison",
    "FormerAddress",
    "GateAnswer",
    "Hearing",
    "HearingDay",
    "HearingEvent",
    "HearingRequest",
    "InformalMessage",
    "InstallationEvent",
    "Invitation",
    "JoinCode",
    "JointChange",
    "KeepingDecision",
    "LanguagePair",
    "LawKind",
    "LawRow",
    "LineReport",
    "LineTest",
    "Login",
    "Minutes",
    "MinutesAnswer",
    "MinutesCorrection",
    "MinutesPassage",
    "MinutesReading",
    "MinutesReservation",
    "NetworkTest",
    "NoticeSubscription",
    "Offer",
    "OutboxAttempt",
    "OutboxMessage",
    "Participant",
    "ParticipantContact",
    "Passkey",
    "Person",
    "Recording",
    "RecordingRelease",
    "RefusedStatement",
    "RequestEvent",
    "RequestReading",
    "RequestShare",
    "Resource",
    "Rewrap",
    "RightAnswer",
    "RoomConfirmation",
    "SharedView",
    "SignInChallenge",
    "SignInLink",
    "Signature",
    "SigningKey",
    "Site",
    "SiteProfile",
    "Sitting",
    "SoundCheck",
    "StaffIdentity",
    "StaffRecovery",
    "StateNotice",
    "StatusChange",
    "SummonsService",
    "TermsConsent",
    "Translation",
    "TransmissionEvidence",
    "TransmissionStamp",
    "UnfollowedChange",
    "Webhook",
    "metadata",
]
