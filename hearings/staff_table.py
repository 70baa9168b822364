"""Which function of staff may do what outside a sitting, and what a facilitator may, as data. Part of the table that
`hearings.permission_table` shows (docs/permissions.md); `hearings.permissions` decides by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StaffRow:
    """An act on a request or a booking: which function of which side may do it."""

    label: str
    functions: tuple[str, ...]
    side: str
    """`requesting`, `requested` or `either`."""


SPEAKS = ("clerk", "authority")
"""Who speaks for the requesting State. UNTOC 18(13) and UNCAC 46(13): central authorities transmit requests and any
communication related thereto; where an instrument lets a court write itself, its clerk does."""
STAFF: Mapping[str, StaffRow] = {
    "draft_request": StaffRow(label="Draft a request", functions=("clerk",), side="requesting"),
    "submit_request": StaffRow(label="Submit a request", functions=SPEAKS, side="requesting"),
    "withdraw_request": StaffRow(label="Withdraw a request", functions=SPEAKS, side="requesting"),
    "answer_information": StaffRow(label="Answer a question", functions=SPEAKS, side="requesting"),
    "acknowledge_request": StaffRow(label="Acknowledge a request", functions=("authority",), side="requested"),
    "answer_request": StaffRow(label="Accept, refuse or postpone", functions=("authority",), side="requested"),
    "answer_gate": StaffRow(
        label="Answer the legal check for the requested State", functions=("authority",), side="requested"
    ),
    "answer_gate_asking": StaffRow(
        label="Answer the legal check for the requesting State", functions=SPEAKS, side="requesting"
    ),
    "delegate_request": StaffRow(
        label="Delegate a request to a colleague", functions=("clerk", "authority"), side="either"
    ),
    "set_priority": StaffRow(label="Set the priority by hand", functions=("authority",), side="requested"),
    "comment_refusal": StaffRow(label="Comment on a refusal", functions=SPEAKS, side="requesting"),
    "confirm_in_writing": StaffRow(label="Confirm an oral request in writing", functions=SPEAKS, side="requesting"),
    "record_consultation": StaffRow(
        label="Record a consultation of the authorities", functions=("clerk", "authority"), side="either"
    ),
    "record_consent": StaffRow(
        label="Record whether the person consents", functions=("clerk", "authority"), side="either"
    ),
    "write_informally": StaffRow(
        label="Write in the informal thread", functions=("clerk", "authority", "judge"), side="either"
    ),
    "attach_file": StaffRow(label="Attach or remove a file", functions=("clerk", "authority"), side="either"),
    "add_translation": StaffRow(label="Note a translation", functions=("clerk", "authority"), side="either"),
    "publish_notice": StaffRow(
        label="Publish a notice of the own State", functions=("authority", "administrator"), side="either"
    ),
    "confirm_notice": StaffRow(
        label="Confirm a facilitator's notice", functions=("authority", "administrator"), side="either"
    ),
    "convene_room": StaffRow(label="Convene a coordination room", functions=("authority",), side="either"),
    "coordinate": StaffRow(label="Take part in a coordination room", functions=SPEAKS, side="either"),
    "manage_facilitators": StaffRow(
        label="Enter facilitators and end their access", functions=("administrator",), side="either"
    ),
    "share_request": StaffRow(
        label="Share a request with a facilitator, or end that", functions=("clerk", "authority"), side="either"
    ),
    "search_names": StaffRow(
        label="Search for the name of a person", functions=("clerk", "authority", "judge"), side="either"
    ),
    "export_case": StaffRow(label="Take a whole case away", functions=("clerk", "authority", "judge"), side="either"),
    "edit_law": StaffRow(label="Edit the data of the law", functions=("administrator",), side="either"),
    "review_law": StaffRow(
        label="Put on record that a row of the law was reviewed and is right as it is",
        functions=("administrator",),
        side="either",
    ),
    "import_directory": StaffRow(label="Import the directory", functions=("administrator",), side="either"),
    "decide_joint_change": StaffRow(
        label="Confirm or refuse a change of data that concerns the own State or all",
        functions=("administrator",),
        side="either",
    ),
    "withdraw_joint_change": StaffRow(
        label="Withdraw a change of data the own State has proposed", functions=("administrator",), side="either"
    ),
    "manage_staff": StaffRow(
        label="Add, change, deactivate and reactivate staff; make and withdraw their sign-in links",
        functions=("administrator",),
        side="either",
    ),
    "propose_hearing": StaffRow(label="Propose a hearing", functions=("clerk",), side="requesting"),
    "agree_hearing": StaffRow(label="Agree to a time", functions=("clerk", "authority"), side="either"),
    "prepare_hearing": StaffRow(label="Add people and make ready", functions=("clerk",), side="requesting"),
    "name_people": StaffRow(label="Name people of the own State", functions=SPEAKS, side="either"),
    "begin_rights": StaffRow(
        label="Have the acts of a hearing wait for the rights checklist",
        functions=("clerk", "judge", "authority"),
        side="either",
    ),
    "answer_right": StaffRow(
        label="Answer an item of the rights checklist", functions=("clerk", "judge", "authority"), side="either"
    ),
    "override_right": StaffRow(
        label="Go on without an item of the rights checklist", functions=("judge",), side="requesting"
    ),
    "record_summons": StaffRow(label="Record the service of a summons", functions=SPEAKS, side="requested"),
    "read_costs": StaffRow(
        label="Read the claims for costs of the own State, and the statement of both",
        functions=("clerk", "judge", "authority"),
        side="either",
    ),
    "agree_costs": StaffRow(
        label="Say to the other State who bears which costs, and waive a refund", functions=SPEAKS, side="either"
    ),
    "enter_costs": StaffRow(
        label="Enter costs of the own court, and claims for people of the own State", functions=SPEAKS, side="either"
    ),
    "decide_costs": StaffRow(
        label="Decide on a claim for costs that another person has made, and note its payment",
        functions=("clerk", "judge", "authority"),
        side="either",
    ),
    "cancel_hearing": StaffRow(label="Cancel a hearing", functions=("clerk", "judge", "authority"), side="either"),
    "read_minutes": StaffRow(label="Read the minutes", functions=("clerk", "judge", "authority"), side="either"),
    "receive_minutes": StaffRow(
        label="Acknowledge the signed minutes", functions=("clerk", "judge", "authority"), side="requesting"
    ),
    "edit_calendar": StaffRow(
        label="Enter when a court is closed or open", functions=("clerk", "administrator"), side="either"
    ),
    "edit_resource": StaffRow(
        label="Keep rooms, endpoints, judges and interpreters", functions=("clerk", "administrator"), side="either"
    ),
    "book_resource": StaffRow(label="Book a resource of its own", functions=("clerk", "authority"), side="either"),
    "decide_clock_change": StaffRow(
        label="Decide on a hearing that newer time-zone data move", functions=("clerk", "judge"), side="requesting"
    ),
    "see_outbox": StaffRow(
        label="See what was sent to people of the own State",
        functions=("clerk", "authority", "administrator"),
        side="either",
    ),
    "send_again": StaffRow(
        label="Send a message again", functions=("clerk", "authority", "administrator"), side="either"
    ),
    "manage_webhooks": StaffRow(label="Make and switch off webhooks", functions=("administrator",), side="either"),
    "manage_recipients": StaffRow(
        label="Add and retire recipients of recordings", functions=("administrator",), side="either"
    ),
    "rewrap_recording": StaffRow(
        label="Have the keys of a recording encrypted to other recipients, two persons together",
        functions=("clerk", "judge", "authority"),
        side="requesting",
    ),
    "manage_signing_keys": StaffRow(
        label="Register and retire an authority's signing key", functions=("administrator",), side="either"
    ),
    "manage_api_clients": StaffRow(
        label="Register, change and disable clients of the API", functions=("administrator",), side="either"
    ),
    "see_workload": StaffRow(
        label="See the workload of the own State's central authority", functions=("authority",), side="either"
    ),
    "see_statistics": StaffRow(
        label="See the statistics of the own State's requests", functions=("authority",), side="either"
    ),
    "see_installation_statistics": StaffRow(
        label="See the statistics of the installation, without States", functions=("administrator",), side="either"
    ),
    "see_checks": StaffRow(
        label="See what the service finds about itself", functions=("administrator",), side="either"
    ),
    "run_training": StaffRow(label="Run the drill of a rehearsal", functions=("administrator",), side="either"),
    "see_languages": StaffRow(
        label="See how far each language is translated", functions=("administrator",), side="either"
    ),
    "see_retention": StaffRow(
        label="See what is kept how long, and whose retention ends", functions=("administrator",), side="either"
    ),
    "see_personal_data": StaffRow(
        label="See what is held of people, how long, and what was erased", functions=("administrator",), side="either"
    ),
    "set_data_period": StaffRow(
        label="Choose how long personal data are kept, within bounds", functions=("administrator",), side="either"
    ),
    "report_personal_data": StaffRow(
        label="Make a report of what is held about a person, record what they ask",
        functions=("clerk", "authority"),
        side="either",
    ),
    "decide_data_request": StaffRow(
        label="Decide on what a person asks about their data, another than who recorded it",
        functions=("judge", "authority"),
        side="either",
    ),
    "set_retention": StaffRow(
        label="Say how long a recording is kept", functions=("judge", "authority"), side="either"
    ),
    "hold_recording": StaffRow(
        label="Place or lift a legal hold on a recording", functions=("judge", "authority"), side="either"
    ),
    "destroy": StaffRow(
        label="Destroy the keys of a recording, two together, after its retention",
        functions=("judge", "authority"),
        side="either",
    ),
    "see_audit": StaffRow(
        label="See what administrators and the operator have done", functions=("administrator",), side="either"
    ),
    "manage_sites": StaffRow(
        label="Add a site, publish its profile", functions=("clerk", "authority", "administrator"), side="either"
    ),
    "negotiate": StaffRow(
        label="Draft, propose, counter and void a technical agreement", functions=("clerk", "authority"), side="either"
    ),
    "sign_agreement": StaffRow(
        label="Sign a technical agreement", functions=("clerk", "judge", "authority"), side="either"
    ),
    "test_line": StaffRow(
        label="Begin a line test, report for a site", functions=("clerk", "judge", "authority"), side="either"
    ),
}
"""Acts outside a sitting. The requesting State asks and books; the requested State answers and agrees."""


FACILITATION: Mapping[str, str] = {
    "read_shared": "Read status, dates and open points of a request that a State shares with it",
    "convene_room": "Convene a coordination room of States it covers",
    "keep_room": "Set time and agenda of a coordination room it has convened, and close it",
    "publish_for": "Publish a notice for a State it covers, which warns at most",
}
"""What a facilitator may do. It has no role and no function: everything else is refused to it."""
