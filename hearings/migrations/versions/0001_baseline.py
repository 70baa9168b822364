"""Every table with its indexes, checks and triggers, as they are at the first release.

It names everything itself and imports nothing of ours, so that it makes the same whatever becomes of the models. Each
table has an id and the State that owns the row; what is not within `maybe` is NOT NULL.

History only grows: the database itself refuses to change or delete it. Nor does it take a double booking: on PostgreSQL
by an exclusion constraint over the resource's number (as a range of one, so that no extension is needed) and the time;
on SQLite, which has none, by triggers that say the same.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem, conv

revision = "0001_baseline"
down_revision = None
branch_labels = None
depends_on = None

NAMES = {
    "ix": "ix_%(table_name)s_%(constraint_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
STATE = "length({0}) = 2 AND {0} = upper({0})"
ACTS = (
    "submit_request accept_request accept_with_conditions refuse_request postpone_request withdraw_request "
    "agree_hearing sign_agreement sign_minutes"
)
ONLY_GROW = (
    *("status_change", "hearing_event", "law_row", "consultation", "informal_message", "request_event", "signature"),
    *("refused_statement", "site_profile", "agreement_offer", "line_report", "shared_view", "minutes_passage"),
    *("minutes_reading", "minutes_reservation"),
)
ONE_BOOKING = "ex_booking_no_double_booking"


def upgrade() -> None:
    tables().create_all(op.get_bind(), checkfirst=False)
    if op.get_bind().dialect.name == "sqlite":
        for table in ONLY_GROW:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
                )
        for act in ("INSERT", "UPDATE"):
            # AFTER: so that what counts is what the row has become, and the statement is undone as a whole.
            op.execute(
                f"CREATE TRIGGER booking_no_double_{act.lower()} AFTER {act} ON booking WHEN NEW.active "
                f"BEGIN SELECT RAISE(ABORT, '{ONE_BOOKING}') FROM booking AS other "
                "WHERE other.resource_no = NEW.resource_no AND other.active AND other.id <> NEW.id "
                "AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at; END"
            )
        return
    op.execute(
        "CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    for table in ONLY_GROW:
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )
    op.execute(
        f"ALTER TABLE booking ADD CONSTRAINT {ONE_BOOKING} EXCLUDE USING gist "
        "(int8range(resource_no, resource_no, '[]') WITH &&, tstzrange(starts_at, ends_at, '[)') WITH &&) "
        "WHERE (active)"
    )


def downgrade() -> None:
    tables().drop_all(op.get_bind(), checkfirst=False)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION only_grows()")


# --- what tables are made of -----------------------------------------------------------------------------------------

Parts = list[SchemaItem]
Make = Callable[..., None]


def tables() -> sa.MetaData:
    """All tables. Made when they are wanted only: whoever asks for the newest revision loads this file."""
    metadata = sa.MetaData(naming_convention=NAMES)

    def make(table: str, *parts: Parts, owner: str = STATE.format("owner_state")) -> None:
        row: tuple[Parts, ...] = text(id=36, owner_state=2), [sa.PrimaryKeyConstraint("id")], check(owner_state=owner)
        sa.Table(table, metadata, *(one for part in (*row, *parts) for one in part))

    for subject in (people, law, requests, diary, agreements, sittings, minutes, history, outbox):
        subject(make)
    return metadata


def columns(kind: Any, *names: str) -> Parts:
    return [sa.Column(name, kind, nullable=False) for name in names]


def maybe(parts: Parts) -> Parts:
    for one in parts:
        if isinstance(one, sa.Column):
            one.nullable = True
    return parts


def text(**most: int) -> Parts:
    return [sa.Column(name, sa.String(length), nullable=False) for name, length in most.items()]


def beginning(name: str, most: int) -> Parts:
    """Text found by how it begins: PostgreSQL compares it byte by byte, as SQLite does; then an index finds it."""
    return columns(sa.String(most).with_variant(sa.String(most, collation="C"), "postgresql"), name)


def word(name: str, words: str) -> Parts:
    """One out of a closed list."""
    return text(**{name: 40}) + check(**{name: f"{name} IN ({', '.join(map(repr, words.split()))})"})


def states(*names: str) -> Parts:
    return text(**dict.fromkeys(names, 2)) + check(**{name: STATE.format(name) for name in names})


def flags(*names: str) -> Parts:
    return columns(sa.Boolean(), *names)


def numbers(*names: str) -> Parts:
    return columns(sa.Integer(), *names)


def days(*names: str) -> Parts:
    return columns(sa.Date(), *names)


def instants(*names: str) -> Parts:
    return columns(sa.DateTime(timezone=True), *names)


def json(*names: str) -> Parts:
    return columns(sa.JSON().with_variant(JSONB(), "postgresql"), *names)


def made() -> Parts:
    return text(created_by=36) + instants("created_at")


def done() -> Parts:
    return instants("at") + text(actor=36, actor_label=200)


def to(**tables: str) -> Parts:
    """Rows of other tables, by their ids."""
    keys = {name: sa.ForeignKey(f"{table}.id") for name, table in tables.items()}
    return [sa.Column(name, sa.String(36), key, nullable=False) for name, key in keys.items()]


def check(**rules: str) -> Parts:
    return [sa.CheckConstraint(rule, name=name) for name, rule in rules.items()]


def unique(*names: str) -> Parts:
    return [sa.UniqueConstraint(*names)]


def index(**columns: str) -> Parts:
    return [sa.Index(name, *over.split()) for name, over in columns.items()]


def at_most_one(name: str, column: str, where: str) -> Parts:
    """Of the rows with the same in `column`, at most one is such."""
    rule = sa.text(where)
    return [sa.Index(conv(name), column, unique=True, sqlite_where=rule, postgresql_where=rule)]


def people(make: Make) -> None:
    """Staff, their sign-in, keys of authorities, and clients of the API."""
    make(
        "person",
        text(name=200, email=254),
        json("functions"),
        text(city=100, authority_name=300),
        flags("active"),
        text(language=35),
        unique("email"),
    )
    make(
        "sign_in_link",
        to(person_id="person"),
        text(secret_hash=64),
        instants("created_at", "expires_at"),
        maybe(instants("used_at")),
        unique("secret_hash"),
        index(person_id="person_id"),
    )
    make(
        "login",
        maybe(to(person_id="person", participant_id="participant")),
        text(secret_hash=64),
        instants("created_at", "seen_at"),
        maybe(instants("expires_at", "ended_at")),
        text(ended_why=40),
        check(one_holder="(person_id IS NULL) <> (participant_id IS NULL)"),
        unique("secret_hash"),
        index(participant_id="participant_id", person_id="person_id"),
    )
    make(
        "authority_key",
        text(authority_name=300, kind=20, recipient=200),
        flags("demo"),
        text(created_by=36, created_by_label=200),
        instants("created_at"),
        maybe(instants("retired_at")),
        text(retired_by=36, retired_by_label=200, retired_reason=500),
        unique("recipient"),
    )
    make(
        "signing_key",
        text(authority_name=300, kid=43, public_key=43),
        flags("demo"),
        made(),
        maybe(instants("retired_at")),
        unique("kid"),
        index(state="owner_state id"),
    )
    make(
        "api_client",
        text(name=200),
        json("scopes"),
        flags("sandbox"),
        made(),
        maybe(instants("disabled_at")),
        index(state="owner_state id"),
    )
    make(
        "api_client_key",
        to(client_id="api_client"),
        text(kid=43),
        json("jwk"),
        instants("not_before"),
        maybe(instants("not_after")),
        made(),
        check(period="not_after IS NULL OR not_after > not_before"),
        unique("kid"),
        index(client_id="client_id"),
    )
    make(
        "api_token",
        to(client_id="api_client"),
        text(secret_hash=64, jkt=43),
        json("scopes"),
        instants("created_at", "expires_at"),
        unique("secret_hash"),
        index(client_id="client_id", expires_at="expires_at"),
    )
    make(
        "api_proof",
        text(issuer=60, jti_hash=64),
        instants("expires_at"),
        unique("issuer", "jti_hash"),
        index(expires_at="expires_at"),
    )
    make(
        "api_answer",
        text(client_id=36, key=200, request_hash=64),
        numbers("status"),
        json("headers"),
        columns(sa.Text(), "body"),
        instants("created_at"),
        unique("client_id", "key"),
        index(created_at="created_at"),
    )


def law(make: Make) -> None:
    """Rows of the law that administrators wrote, and the directory of who applies it."""
    make(
        "law_row",
        numbers("serial"),
        word("kind", "instrument party declaration overlay rule court_hours jurisdiction interpreting_rest"),
        text(key=120),
        numbers("version"),
        maybe(json("data")),
        text(reason=2000, edited_by=36, edited_label=200),
        instants("at"),
        check(version="version >= 1", serial="serial >= 1"),
        unique("serial"),
        unique("kind", "key", "version"),
    )
    make(
        "authority",
        word("kind", "central_authority competent_authority court contact_point"),
        text(name=300, contact=200, email=254, phone=40, address=500),
        json("languages", "networks"),
        text(source=300),
        maybe(days("as_of")),
        instants("imported_at"),
        text(imported_by=36),
        unique("owner_state", "kind", "name"),
    )


def requests(make: Make) -> None:
    """Requests, and what belongs to one."""
    make(
        "hearing_request",
        beginning("reference", 40),
        states("requesting_state", "requested_state"),
        text(requesting_authority=300, requested_authority=300, case_number=100, person_name=200),
        maybe(word("capacity", "witness expert victim suspect accused convicted_person affected_person")),
        text(offence_summary=4000),
        json("offence_scope"),
        maybe(flags("offence_serious", "offence_transnational", "offence_organised")),
        maybe(word("reason_no_attendance", "not_possible not_desirable")),
        text(reason_text=4000, language_of_person=35, language_of_court=35, language_of_request=35),
        json("instruments"),
        maybe(json("gate_result")),
        word(
            "status",
            "draft submitted received under_review information_requested accepted accepted_with_conditions "
            "postponed refused withdrawn executing executed closed",
        ),
        flags("unanswered", "unscheduled"),
        made(),
        maybe(instants("submitted_at", "answered_at")),
        text(answered_by=36, answered_ground=60, answered_reason=4000, conditions=4000),
        numbers("version"),
        text(authority_contact=200, authority_mailbox=254, authority_phone=40),
        word(
            "procedure",
            "criminal_proceedings eaw_fd_2002_584 custodial_transfer_fd_2008_909 probation_fd_2008_947 "
            "supervision_fd_2009_829 epo_dir_2011_99 freezing_confiscation_reg_2018_1805",
        ),
        maybe(word("stage", "investigation trial appeal execution")),
        text(proceeding_nature=300, proceeding_subject=4000, conducting_authority=300, conducting_functions=300),
        text(judicial_authority=300, persons_conducting=1000, offences=2000, penalty_max=300),
        maybe(numbers("penalty_years")),
        text(convention_link=2000),
        maybe(flags("grave_offence_or_jury")),
        text(special_procedure=4000),
        maybe(flags("recording_asked")),
        maybe(word("recording_by", "requesting requested both neither")),
        text(recording_format=300),
        json("interpreter_languages"),
        maybe(word("interpreter_side", "requesting requested both neither")),
        maybe(word("interpreter_mode", "consecutive simultaneous")),
        maybe(word("oath_form", "oath affirmation caution none requested_law")),
        text(oath_text=2000, rights_notice_requesting=4000, rights_notice_requested=4000, question_list=8000),
        text(exhibits=4000),
        json("protection_requested"),
        flags("pseudonym"),
        text(protection_reason=2000),
        maybe(word("costs", "requesting requested both neither")),
        text(costs_note=2000),
        json("proposed_slots"),
        text(person_folded=400),
        beginning("case_folded", 300),
        maybe(days("person_born")),
        text(person_nationality=2, person_address=500),
        maybe(flags("person_age_under_18")),
        text(custody_place=300),
        maybe(days("detained_since", "custody_limit")),
        text(purpose=4000),
        maybe(flags("evidential_purpose", "lawyer_access")),
        flags("prefer_convention"),
        maybe(flags("domestic_law_confirmed", "authorities_agree")),
        text(domestic_basis=2000, reciprocity=2000, dual_criminality=2000),
        word(
            "channel",
            "central_authority diplomatic interpol direct_judicial ministry direct_to_person ibera "
            "decentralised_it_system",
        ),
        flags("urgent"),
        text(urgent_reason=2000),
        maybe(flags("both_agree_urgent_route")),
        flags("oral"),
        maybe(instants("oral_at", "written_due", "written_confirmed_at")),
        maybe(days("wanted_by")),
        text(wanted_by_reason=1000),
        maybe(instants("answer_due", "info_due", "review_due")),
        flags("confidential"),
        text(confidentiality_note=2000, use_limits=2000),
        maybe(numbers("evidence_risk")),
        text(evidence_risk_reason=1000),
        numbers("priority"),
        maybe(numbers("priority_override")),
        text(priority_reason=1000),
        maybe(to(requesting_assignee="person", requested_assignee="person")),
        json("condition_rules"),
        text(refusal_comment=4000),
        maybe(instants("refusal_comment_at")),
        check(owner_asks="owner_state = requesting_state", two_states="requesting_state <> requested_state"),
        check(version="version >= 1", priority="priority BETWEEN 0 AND 15"),
        check(priority_override="priority_override BETWEEN 0 AND 15"),
        check(override_has_reason="priority_override IS NULL OR priority_reason <> ''"),
        check(evidence_risk="evidence_risk BETWEEN 0 AND 3", penalty_years="penalty_years BETWEEN 0 AND 99"),
        check(oral="oral OR (oral_at IS NULL AND written_due IS NULL)"),
        unique("owner_state", "reference"),
        index(requesting="requesting_state created_at id", requested="requested_state created_at id"),
        index(urgent_requesting="requesting_state status priority id"),
        index(urgent_requested="requested_state status priority id"),
        index(answer="requested_state status answer_due priority id"),
        index(review="requested_state status review_due priority id"),
        index(info="requesting_state status info_due priority id", written="requesting_state written_due"),
        index(unanswered_requesting="requesting_state unanswered priority id status"),
        index(unanswered_requested="requested_state unanswered priority id status"),
        index(unscheduled="requesting_state unscheduled priority id status"),
        index(case="case_folded", status="status"),
    )
    make(
        "consent",
        to(request_id="hearing_request"),
        text(rule=80, provision=300, text=1000),
        word("status", "not_asked pending given refused withdrawn"),
        instants("since"),
        text(counsel=200),
        maybe(flags("counsel_present", "lawyer_access")),
        maybe(instants("given_at")),
        text(note=1000),
        check(given_has_a_time="status <> 'given' OR given_at IS NOT NULL"),
        unique("request_id", "rule"),
    )
    make(
        "attachment",
        to(request_id="hearing_request"),
        word("kind", "request decision translation exhibit consent answer other"),
        text(name=150, media_type=40),
        numbers("size"),
        text(sha256=64, added_by=36, added_by_label=200),
        instants("added_at"),
        maybe(json("signatures")),
        check(size="size >= 1", sha256="length(sha256) = 64"),
        index(request="request_id id"),
    )
    make(
        "attachment_bytes",
        to(attachment_id="attachment"),
        columns(sa.LargeBinary(), "data"),
        unique("attachment_id"),
    )
    make(
        "translation",
        to(request_id="hearing_request"),
        text(language=35, translator=200),
        flags("machine"),
        text(reviewer=200),
        flags("certified"),
        maybe(to(attachment_id="attachment")),
        text(added_by=36),
        instants("added_at"),
        check(somebody="machine OR translator <> ''"),
        unique("request_id", "language"),
    )
    make(
        "consultation",
        to(request_id="hearing_request"),
        instants("held_at"),
        word("way", "video telephone meeting writing"),
        text(with_whom=300, subject=2000, outcome=2000, recorded_by=36, recorded_by_label=200),
        instants("recorded_at"),
        index(request="request_id id"),
    )
    make(
        "informal_message",
        to(request_id="hearing_request"),
        text(author=36, author_label=200, text=4000),
        instants("at"),
        index(request="request_id id"),
    )


def diary(make: Make) -> None:
    """Hearings as they are to be, and what is booked for them."""
    make(
        "hearing",
        beginning("ref", 20),
        to(request_id="hearing_request"),
        text(case_number=100),
        instants("starts_at", "ends_at"),
        text(wall_start=30, wall_zone=60),
        numbers("wall_fold"),
        states("requesting_state"),
        text(requesting_zone=60, requesting_city=100),
        states("requested_state"),
        text(requested_zone=60, requested_city=100, tzdb_version=20, language_requesting=35, language_requested=35),
        word("status", "proposed countered agreed ready in_progress concluded part_heard cancelled aborted"),
        word("recording_policy", "sound_and_picture sound_only not_recorded"),
        json("participant_classes"),
        numbers("margin_before", "margin_after", "line_test"),
        made(),
        check(owner_asks="owner_state = requesting_state", ends_after_start="ends_at > starts_at"),
        check(wall_fold="wall_fold IN (0, 1)", margin_before="margin_before BETWEEN 0 AND 240"),
        check(margin_after="margin_after BETWEEN 0 AND 240", line_test="line_test BETWEEN 0 AND 240"),
        unique("ref"),
        index(requesting="requesting_state starts_at id", requested="requested_state starts_at id"),
        index(requesting_step="requesting_state status starts_at id"),
        index(requested_step="requested_state status starts_at id"),
        index(request_id="request_id", status="status starts_at"),
    )
    make(
        "hearing_day",
        to(hearing_id="hearing"),
        numbers("number"),
        instants("starts_at", "ends_at"),
        text(wall_start=30, wall_zone=60),
        numbers("wall_fold"),
        text(tzdb_version=20),
        maybe(instants("heard_at", "dropped_at")),
        text(dropped_why=500, moved_by=20),
        check(ends_after_start="ends_at > starts_at", wall_fold="wall_fold IN (0, 1)", number="number >= 1"),
        check(one_end="heard_at IS NULL OR dropped_at IS NULL"),
        unique("hearing_id", "number"),
        index(moved="owner_state moved_by starts_at hearing_id", starts="starts_at id"),
    )
    make(
        "offer",
        to(hearing_id="hearing"),
        numbers("round", "number"),
        states("by_state"),
        instants("starts_at", "ends_at"),
        text(wall_start=30, wall_zone=60),
        numbers("wall_fold"),
        text(tzdb_version=20),
        word("status", "offered accepted passed_over taken_back"),
        maybe(instants("read_at")),
        made(),
        check(ends_after_start="ends_at > starts_at", wall_fold="wall_fold IN (0, 1)"),
        check(number="number BETWEEN 1 AND 3", taken_back_unread="status <> 'taken_back' OR read_at IS NULL"),
        unique("hearing_id", "round", "number"),
    )
    make(
        "terms_consent",
        to(hearing_id="hearing"),
        text(terms_hash=64),
        done(),
        unique("hearing_id", "owner_state", "terms_hash"),
    )
    make(
        "court_period",
        text(zone=60),
        word("kind", "recess closure special_opening hours"),
        days("first_day", "last_day"),
        text(weekdays=7),
        maybe(numbers("opens", "closes")),
        text(reason=300),
        made(),
        maybe(instants("struck_at")),
        text(struck_by=36),
        check(days="last_day >= first_day"),
        check(
            opens_closes="(kind IN ('recess', 'closure') AND opens IS NULL AND closes IS NULL) OR "
            "(kind IN ('special_opening', 'hours') AND opens >= 0 AND closes > opens AND closes <= 1440)"
        ),
        index(days="owner_state last_day id"),
    )
    make(
        "resource",
        columns(sa.BigInteger(), "resource_no"),
        word("kind", "room endpoint judge interpreter"),
        text(name=200, city=100, zone=60),
        maybe(to(person_id="person")),
        flags("shared"),
        text(accreditation=300),
        maybe(days("accredited_until")),
        text(note=500),
        flags("active"),
        made(),
        check(resource_no="resource_no >= 1", accredited="accredited_until IS NULL OR kind = 'interpreter'"),
        unique("resource_no"),
        index(owner="owner_state kind name id", person_id="person_id"),
    )
    make(
        "language_pair",
        to(resource_id="resource"),
        text(source=35, target=35),
        check(two_languages="source <> target"),
        unique("resource_id", "source", "target"),
        index(languages="source target resource_id"),
    )
    make(
        "booking",
        [sa.Column("resource_no", sa.BigInteger(), sa.ForeignKey("resource.resource_no"), nullable=False)],
        maybe(to(hearing_id="hearing", offer_id="offer")),
        maybe(numbers("day")),
        instants("starts_at", "ends_at"),
        text(reason=300),
        flags("active"),
        made(),
        maybe(instants("released_at")),
        check(ends_after_start="ends_at > starts_at"),
        index(hearing_id="hearing_id", offer_id="offer_id", resource="resource_no active ends_at starts_at"),
    )


def agreements(make: Make) -> None:
    """How two sites are to be connected, and tests of the line."""
    make(
        "site",
        text(name=200, court=300, room=100, city=100, zone=60),
        made(),
        maybe(instants("retired_at")),
        index(owner="owner_state id"),
    )
    make(
        "site_profile",
        to(site_id="site"),
        numbers("version"),
        json("abilities", "details"),
        text(reason=500, created_by=36, created_label=200),
        instants("created_at"),
        check(version="version >= 1"),
        unique("site_id", "version"),
    )
    make(
        "agreement",
        to(hearing_id="hearing"),
        states("requested_state"),
        instants("starts_at"),
        numbers("number"),
        word("status", "drafted proposed countered agreed tested void"),
        numbers("round"),
        states("by_state"),
        to(requesting_profile_id="site_profile", requested_profile_id="site_profile"),
        json("needs", "terms"),
        text(terms_sha256=64),
        maybe(instants("passed_over_at")),
        text(passed_over_by=200, passed_over_why=500),
        made(),
        check(number="number >= 1", round="round >= 1"),
        check(passed_over="(passed_over_at IS NULL) = (passed_over_why = '')"),
        unique("hearing_id", "number"),
        at_most_one("uq_agreement_running", "hearing_id", "status <> 'void'"),
        index(requesting_step="owner_state status starts_at hearing_id by_state"),
        index(requested_step="requested_state status starts_at hearing_id by_state"),
        index(requesting_profile_id="requesting_profile_id", requested_profile_id="requested_profile_id"),
    )
    make(
        "agreement_offer",
        to(agreement_id="agreement"),
        numbers("round"),
        states("by_state"),
        json("needs", "changes", "terms"),
        text(terms_sha256=64, reason=500),
        done(),
        check(round="round >= 1"),
        unique("agreement_id", "round"),
    )
    make(
        "line_test",
        to(agreement_id="agreement"),
        text(terms_sha256=64),
        instants("begun_at"),
        text(begun_by=36),
        maybe(instants("judged_at")),
        maybe(flags("passed")),
        json("findings"),
        check(judged="(judged_at IS NULL) = (passed IS NULL)"),
        index(agreement="agreement_id id"),
    )
    make(
        "line_report",
        to(line_test_id="line_test"),
        json("measured"),
        done(),
        unique("line_test_id", "owner_state"),
    )


def sittings(make: Make) -> None:
    """Hearings as they are held."""
    make(
        "participant",
        to(hearing_id="hearing"),
        maybe(to(person_id="person")),
        word(
            "role",
            "presiding_judge clerk requested_authority central_authority interpreter witness expert defendant "
            "defence prosecutor technician custodian auditor",
        ),
        numbers("number"),
        text(display_name=200),
        states("state"),
        text(city=100, speaks=35, hears=35),
        numbers("original"),
        text(renders=35),
        word("presence", "invited identified tested waiting called present reconnecting left removed released"),
        instants("presence_since"),
        flags("microphone", "muted_by_court", "camera"),
        maybe(instants("hand_at", "help_at", "notice_at")),
        maybe(json("devices")),
        maybe(instants("identity_confirmed_at")),
        text(identity_confirmed_by=36, identity_method=40),
        flags("needs_identity", "essential"),
        maybe(instants("admitted_at")),
        check(original="original BETWEEN 0 AND 40", number="number >= 1"),
        check(one_presiding_judge="role <> 'presiding_judge' OR number = 1"),
        check(interpreters_render="renders = '' OR role = 'interpreter'"),
        check(muted_means_off="NOT (microphone AND muted_by_court)"),
        unique("hearing_id", "role", "number"),
        unique("hearing_id", "person_id"),
        index(person_id="person_id"),
    )
    make(
        "invitation",
        to(participant_id="participant"),
        text(secret_hash=64, pin_hash=200),
        numbers("tries_left"),
        instants("created_at"),
        maybe(instants("used_at", "dead_at")),
        text(dead_why=40),
        check(tries_left="tries_left BETWEEN 0 AND 5"),
        unique("secret_hash"),
        index(participant_id="participant_id"),
    )
    make(
        "sitting",
        to(hearing_id="hearing"),
        word("status", "lobby_open roll_call pre_record in_session paused held closing closed"),
        instants("since"),
        flags("floor_open"),
        maybe(word("hold_cause", "order intervention fault recording")),
        text(hold_by=36, hold_by_role=40, hold_reason=500),
        maybe(instants("hold_since")),
        json("holds"),
        maybe(numbers("udp_port")),
        text(run_folder=300),
        maybe(instants("started_at", "closed_at")),
        check(held_means_closed="NOT floor_open OR hold_cause IS NULL"),
        at_most_one("uq_sitting_open", "hearing_id", "status <> 'closed'"),
        index(hearing_id="hearing_id"),
    )
    make(
        "room_confirmation",
        to(sitting_id="sitting"),
        text(condition_kind=40),
        done(),
        unique("sitting_id", "condition_kind"),
    )
    make(
        "sound_check",
        to(sitting_id="sitting", participant_id="participant"),
        text(lang=35),
        flags("required", "camera_required"),
        word("status", "waiting running passed failed"),
        maybe(flags("audio_ok")),
        maybe(numbers("level")),
        maybe(flags("picture")),
        text(text=500),
        maybe(instants("at")),
        unique("sitting_id", "participant_id", "lang"),
    )
    make(
        "fingerprint_comparison",
        to(sitting_id="sitting"),
        text(certificate=64),
        word("status", "open matched differs stale"),
        instants("since"),
        json("said"),
        check(certificate="length(certificate) = 64"),
        index(sitting_id="sitting_id id"),
    )
    make(
        "recording",
        to(sitting_id="sitting"),
        word("status", "not_started starting recording failing paused stopping sealed failed no_recording"),
        instants("since"),
        text(origin=300),
        maybe(instants("opened_at", "closed_at")),
        numbers("sealed_count"),
        maybe(instants("last_sealed_at")),
        maybe(numbers("size")),
        text(root=100, failing_code=40),
        unique("sitting_id"),
        unique("origin"),
    )
    make(
        "custody_audit",
        to(recording_id="recording"),
        instants("at"),
        text(verdict=20, first=300),
        maybe(numbers("size")),
        text(root=100),
        index(recording="recording_id id"),
    )


def minutes(make: Make) -> None:
    """Minutes, as they are written, read and signed."""
    make(
        "minutes",
        states("requested_state"),
        to(hearing_id="hearing"),
        numbers("number"),
        word("status", "drafted in_review read_back signed"),
        text(language_requesting=35, language_requested=35),
        numbers("after_seq", "until_seq"),
        json("sittings"),
        text(text_sha256=64),
        made(),
        maybe(instants("signed_at", "received_at")),
        text(received_by=200),
        check(number="number >= 1", stretch="after_seq >= 0 AND until_seq >= after_seq"),
        check(read_text="status IN ('drafted', 'in_review') OR length(text_sha256) = 64"),
        check(signed_when="status <> 'signed' OR signed_at IS NOT NULL"),
        check(received_signed="received_at IS NULL OR signed_at IS NOT NULL"),
        unique("hearing_id", "number"),
        index(requesting_step="owner_state status received_at hearing_id"),
        index(requested_step="requested_state status received_at hearing_id"),
    )
    make(
        "minutes_passage",
        to(minutes_id="minutes"),
        text(key=60),
        numbers("revision", "position"),
        json("texts", "marks", "sources"),
        text(open_for=40),
        flags("required"),
        text(author=36, author_label=200),
        instants("at"),
        text(note=500),
        check(revision="revision >= 1"),
        unique("minutes_id", "key", "revision"),
    )
    make(
        "minutes_reading",
        to(minutes_id="minutes"),
        numbers("number"),
        word("outcome", "accepted corrections"),
        text(read_by=200),
        json("languages", "heard_by"),
        text(corrections=4000, passages_sha256=64, author=36, author_label=200),
        instants("at"),
        check(passages_sha256="length(passages_sha256) = 64"),
        check(which_corrections="outcome <> 'corrections' OR corrections <> ''"),
        unique("minutes_id", "number"),
    )
    make(
        "minutes_reservation",
        to(minutes_id="minutes"),
        numbers("number"),
        word("kind", "reservation refusal_to_sign"),
        text(made_by=200, role=40, language=35, text=4000, text_sha256=64, author=36, author_label=200),
        instants("at"),
        check(text="text <> ''"),
        unique("minutes_id", "number"),
    )


def history(make: Make) -> None:
    """What happened, who did it, and what was signed."""
    make(
        "status_change",
        text(subject=40, subject_id=36, before=40, after=40),
        done(),
        text(reason=4000),
        index(subject="subject subject_id at id"),
    )
    make(
        "hearing_event",
        to(hearing_id="hearing"),
        numbers("seq"),
        instants("at"),
        text(kind=40, actor=36, actor_role=40),
        json("data"),
        check(seq="seq >= 1"),
        unique("hearing_id", "seq"),
    )
    make(
        "request_event",
        to(request_id="hearing_request"),
        word(
            "act",
            "priority_set priority_cleared priority_refreshed delegated refusal_commented confirmed_in_writing "
            "consultation_recorded attachment_added attachment_removed attachment_read translation_added",
        ),
        done(),
        text(reason=1000),
        json("data"),
        index(request="request_id id"),
    )
    make(
        "signature",
        states("other_state"),
        to(key_id="signing_key"),
        word("act", ACTS),
        text(about=100, subject=40, subject_id=36, jti=64, payload_sha256=64),
        columns(sa.Text(), "jws"),
        instants("signed_at", "received_at"),
        text(actor=36, actor_label=200),
        check(two_states="owner_state <> other_state", payload_sha256="length(payload_sha256) = 64"),
        unique("owner_state", "jti"),
        unique("payload_sha256"),
        index(subject="subject subject_id id"),
    )
    make(
        "refused_statement",
        maybe(states("other_state")),
        text(code=40),
        word("act", ACTS),
        text(about=100, issuer=2, audience=2),
        done(),
        index(other="other_state id", owner="owner_state id"),
    )
    make(
        "shared_view",
        text(subject=40, subject_id=36),
        states("viewer_state"),
        text(viewer=36, viewer_label=200),
        instants("at"),
        index(subject="subject_id at id"),
    )


def outbox(make: Make) -> None:
    """What the clock has done, and what is sent."""
    make(
        "claim",
        text(key=200, kind=40, subject=40, subject_id=36, about=40),
        instants("due_at", "at"),
        word("outcome", "done missed"),
        text(reason=300),
        check(missed_says_why="outcome = 'done' OR reason <> ''"),
        unique("key"),
        index(outcome="owner_state outcome at id"),
        owner="owner_state = '' OR (length(owner_state) = 2 AND owner_state = upper(owner_state))",
    )
    make(
        "unfollowed_change",
        numbers("tries"),
        check(tries="tries >= 0"),
    )
    make(
        "outbox_message",
        word("kind", "mail webhook"),
        text(key=200, address=254, about=40),
        json("payload"),
        word("status", "waiting sending sent unconfirmed not_delivered"),
        instants("created_at", "next_at"),
        maybe(instants("expires_at")),
        numbers("attempts", "counted_from"),
        maybe(instants("sent_at")),
        text(last_code=40, last_text=300),
        check(attempts="attempts >= 0", sent_when="status <> 'sent' OR sent_at IS NOT NULL"),
        unique("key"),
        index(due="status next_at id", owner="owner_state id", owner_status="owner_state status id"),
    )
    make(
        "outbox_attempt",
        to(message_id="outbox_message"),
        numbers("number"),
        instants("at"),
        word("outcome", "waiting sending sent unconfirmed not_delivered"),
        text(code=40, text=300),
        unique("message_id", "number"),
    )
    make(
        "webhook",
        text(url=500),
        json("events"),
        text(salt=32),
        made(),
        maybe(instants("disabled_at")),
        text(disabled_why=40),
        index(owner="owner_state id"),
    )
    make(
        "calendar_feed",
        to(person_id="person"),
        text(token_hash=64),
        word("scope", "own state"),
        instants("created_at"),
        maybe(instants("revoked_at")),
        unique("token_hash"),
        index(person_id="person_id"),
    )
    make(
        "calendar_entry",
        to(hearing_id="hearing"),
        numbers("day", "sequence"),
        text(digest=64),
        json("people"),
        instants("changed_at"),
        check(sequence="sequence >= 0", day="day >= 1"),
        unique("hearing_id", "day"),
    )
