"""Refusals of `hearings` in the reader's language.

`hearings` raises errors with a stable code and an English text. Pages and the live room translate the text if it is a
sentence (`hearings.sentences`), and otherwise display the sentence this module has for the code.
"""

from collections.abc import Sequence

from hearings import errors
from web.words import roles, statuses
from web.words.i18n import N_, _, in_turn, listed, ngettext, state_name
from web.words.sentences import translatable, translated

CHOOSE_RECORDING = N_("Choose the kind of entry.")
ENTER_TIME = N_("Enter the time on a 24-hour clock, such as 09:00.")
ENTER_DATE = N_("Enter the date, such as 2026-12-03.")
NUMBER_BETWEEN = N_("Enter a number from {least} to {most}.")
WRITE_WHY = N_("Give a reason, in at least a few words: the other State will read it.")
NOT_JSON = N_("This is not JSON")
ONLY_ROLES = N_("Only {roles} can do this.")

SENTENCES: dict[str, str] = {
    "not_found": N_("Not found."),
    "invalid": N_("This input is not valid. Nothing was changed."),
    "unknown_language": N_("This language is not known."),
    "not_ready": N_("Another step must come first. Nothing was changed."),
    "lobby_closed": N_("The lobby of this hearing is not open."),
    "conducted_elsewhere": N_(
        "The live room runs in another process of this service. Nothing was changed. Wait a moment and try "
        "again; if that does not help, tell your court’s help desk."
    ),
    "essential_missing": N_("Somebody required for the sitting is not in the room."),
    "sound_check_missing": N_("A required sound check has not passed yet."),
    "recording_not_healthy": N_("The recording is not running. The floor stays closed until it is."),
    "identity_missing": N_("The requested authority has not yet confirmed who this person is."),
    "terms_changed": N_("What you agreed to has changed since. Nothing was changed: read it again."),
    "signature_required": N_(
        "This binds your State, so your authority signs it: open its key file and sign. Nothing was changed."
    ),
    "signature_unreadable": N_("This is not a signed statement in the expected form."),
    "signature_header": N_("The signature names an algorithm or parts that are not accepted."),
    "signature_key_unknown": N_("Your State has registered no such signing key. The administrator registers one."),
    "signature_key_retired": N_("This signing key has been retired. Sign with a key that is in force."),
    "signature_wrong": N_("The signature does not belong to this text and key."),
    "signature_not_canonical": N_("The statement is not in the canonical form that is signed (RFC 8785)."),
    "signature_members": N_("The statement does not have the required parts."),
    "signature_wrong_issuer": N_("The statement is signed in the name of another State."),
    "signature_wrong_audience": N_("The statement is meant for another State. Both States see that it was refused."),
    "signature_wrong_act": N_("The statement was signed for another act."),
    "signature_wrong_subject": N_("The statement was signed for another case."),
    "signature_stale": N_("The statement was signed too long ago. Sign again."),
    "signature_future": N_("The statement is dated in the future. Check the clock of the device it was signed on."),
    "signature_used": N_("This statement has been used before. Sign again."),
    "stale": N_("Somebody else has changed this in the meantime. Nothing was changed."),
    "rows_refused": N_("The table has mistakes. Nothing was imported."),
    "gate_open": N_("A State has still to answer the legal check, or has answered no. Nothing was changed."),
    "answered_since": N_(
        "Your State has answered this question of the legal check anew since this was signed. Nothing was changed: "
        "sign again if this is still its answer."
    ),
    "other_state_answers": N_("Only the other State can answer this question of the legal check."),
    "agreement_conflict": N_(
        "The two sites cannot hold the hearing on these terms. The conflicts show what would resolve them."
    ),
    "agreement_missing": N_("There is no technical agreement in force that both States have signed."),
    "line_test_missing": N_(
        "No recent line test has passed. Test the line, or give a reason for proceeding without one."
    ),
    "conditions_open": N_(
        "Somebody who must be in the room is missing, or a condition of the requested State has to be confirmed."
    ),
    "rights_open": N_(
        "An item of the rights checklist is not kept and not answered. The page “Rights” of the hearing shows which."
    ),
    "fingerprints_open": N_(
        "The courts' security codes have not been found to match. Read the codes aloud, or start without, "
        "with a reason."
    ),
    "consent_missing": N_(
        "The person’s consent is missing: {rules}. Record the answers on the Consents page of the request."
    ),
    "basis_not_in_force": N_(
        "No legal basis of the request is known to be in force between both States on a day of the hearing. "
        "Give a reason for proceeding."
    ),
    "illegal_move": N_("This is not possible at this point of the hearing. Nothing was changed."),
    "double_booking": N_("Something is already booked at this time. Nothing was changed."),
    "interpreter_unfit": N_(
        "There is a reason against an interpreter at this time. Nothing was changed: choose another, or give "
        "a reason for the booking."
    ),
    "stale_time_zones": N_(
        "The time-zone data of this service are too old for one of the States. Nothing was changed; tell the help desk."
    ),
    "recorder_silent": N_("The recorder did not answer. Nothing was changed; try again."),
    "recording_not_proven": N_(
        "This recording is not the one that was sealed: its journal, its head or a file was changed. Nothing of it is "
        "shown or handed out, nothing was signed, and both States have been told."
    ),
    "no_proven_end": N_("This recording has no proven end yet. It can be viewed and copied once it is closed."),
    "no_recipients": N_(
        "A State has provided no key, so it could not open the recording. An administrator of that State "
        "adds one at “Recipients of recordings”."
    ),
}


def words(error: errors.HearingsError) -> str:
    """The refusal in one sentence, with the roles that may do it instead where they are known."""
    if isinstance(error, errors.ConsentMissing) and error.missing:
        return _(SENTENCES[error.code]).format(rules=in_turn(translated(rule) for rule in error.missing))
    if isinstance(error, errors.ConditionsOpen) and error.missing:
        return in_turn(translated(lack) for lack in error.missing)
    if isinstance(error, errors.NoRecipients) and error.missing:
        return _keyless([state_name(state) for state in error.missing])
    if translatable(error.text):
        return translated(error.text)
    if isinstance(error, errors.NotAllowed):
        if error.who_can:
            return _(ONLY_ROLES).format(roles=roles.any_of(error.who_can))
        return _("You may not do this now.")
    if isinstance(error, errors.IllegalMove) and (table := error.subject.replace(" ", "_")) in statuses.TABLES:
        stands = statuses.historic(table, error.current)
        return _("This is not possible in the current status: “{status}”. Nothing was changed.").format(status=stands)
    return _(SENTENCES.get(error.code, N_("This was refused. Nothing was changed.")))


def _keyless(states: Sequence[str]) -> str:
    """The sentence that names the States without a key, and who adds one."""
    text = ngettext(
        "No authority of {states} has provided a key, so it could not open the recording. An administrator "
        "of that State adds one at “Recipients of recordings”.",
        "No authority of {states} has provided a key, so they could not open the recording. An administrator "
        "of each of these States adds one at “Recipients of recordings”.",
        len(states),
    )
    return text.format(states=listed(states, "or"))
