"""What a refusal of `hearings` says to the person who reads it, in their language.

`hearings` raises errors with a stable code and an English text; pages and the live room say that text in the reader's
language when it is a sentence (`hearings.sentences`), otherwise what this module has for the code.
"""

from collections.abc import Sequence

from hearings import errors
from web.words import roles, statuses
from web.words.i18n import N_, _, in_turn, listed, ngettext, state_name
from web.words.sentences import tellable, told

SENTENCES: dict[str, str] = {
    "not_found": N_("There is no such thing here."),
    "invalid": N_("This input cannot be right. Nothing was changed."),
    "unknown_language": N_("This language is not known."),
    "not_ready": N_("Something else has to happen first. Nothing was changed."),
    "lobby_closed": N_("The lobby of this hearing is not open."),
    "conducted_elsewhere": N_(
        "The live room is conducted by another process of this service. Nothing was changed. Wait a moment and try "
        "again; if that does not help, tell your court’s help desk."
    ),
    "essential_missing": N_("Somebody without whom the sitting cannot begin is not in the room."),
    "sound_check_missing": N_("A required sound check has not passed yet."),
    "recording_not_healthy": N_("The recording is not running. The floor stays closed until it does."),
    "identity_missing": N_("The requested authority has not yet confirmed who this person is."),
    "terms_changed": N_("What you agreed to is not what stands now. Nothing was changed: read it again."),
    "signature_required": N_(
        "This binds your State, so your authority signs it: open its key file and sign. Nothing was changed."
    ),
    "signature_unreadable": N_("This is not a signed statement in the form that is expected."),
    "signature_header": N_("The signature names an algorithm or parts that are not accepted."),
    "signature_key_unknown": N_("Your State has registered no such signing key. The administrator registers one."),
    "signature_key_retired": N_("This signing key has been retired. Sign with a key that is in force."),
    "signature_wrong": N_("The signature does not belong to this text and key."),
    "signature_not_canonical": N_("The statement is not written in the one form that is signed (RFC 8785)."),
    "signature_members": N_("The statement has other parts than it must have."),
    "signature_wrong_issuer": N_("The statement is signed in the name of another State."),
    "signature_wrong_audience": N_("The statement is meant for another State. Both States see that it was refused."),
    "signature_wrong_act": N_("The statement was signed for another act."),
    "signature_wrong_subject": N_("The statement was signed for another case."),
    "signature_stale": N_("The statement was signed too long ago. Sign again."),
    "signature_future": N_("The statement is dated in the future. Check the clock of the device it was signed on."),
    "signature_used": N_("This statement has been used before. Sign again."),
    "stale": N_("Somebody else has changed this in the meantime. Nothing was changed."),
    "rows_refused": N_("The table has mistakes. Nothing was imported."),
    "agreement_conflict": N_("The two sites cannot hold the hearing so. The conflicts say what would solve them."),
    "agreement_missing": N_("There is no technical agreement that both States have signed and that still holds."),
    "line_test_missing": N_("No line test has passed lately. Test the line, or write why the hearing goes on without."),
    "conditions_open": N_("A condition of the requested State is not kept yet: somebody is missing or has to confirm."),
    "fingerprints_open": N_(
        "The courts have not found the same code of the server's certificate. Compare the codes aloud, or start "
        "without, with a reason."
    ),
    "consent_missing": N_(
        "The person’s consent is missing: {rules}. Record the answers on the page Consents of the request."
    ),
    "basis_not_in_force": N_(
        "No basis the request relies on is known to be in force between both States on a day of the hearing. Write why "
        "the hearing goes on."
    ),
    "illegal_move": N_("This is not possible at this point of the hearing. Nothing was changed."),
    "double_booking": N_("Something is booked already at this time. Nothing was changed."),
    "interpreter_unfit": N_(
        "Something speaks against an interpreter at this time. Nothing was changed: choose another, or say why."
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
        "A State has given no key, so it could not open the recording. An administrator of that State adds one at "
        "“Recipients of recordings”."
    ),
}


def words(error: errors.HearingsError) -> str:
    """One sentence; who could do it instead, where that is known."""
    if isinstance(error, errors.ConsentMissing) and error.missing:
        return _(SENTENCES[error.code]).format(rules=in_turn(told(one) for one in error.missing))
    if isinstance(error, errors.NoRecipients) and error.missing:
        return _keyless([state_name(state) for state in error.missing])
    if tellable(error.text):
        return told(error.text)
    if isinstance(error, errors.NotAllowed):
        if error.who_can:
            return _("Only {roles} can do this.").format(roles=roles.any_of(error.who_can))
        return _("You may not do this now.")
    if isinstance(error, errors.IllegalMove) and (table := error.subject.replace(" ", "_")) in statuses.TABLES:
        stands = statuses.historic(table, error.current)
        return _("This is not possible as it stands now: “{status}”. Nothing was changed.").format(status=stands)
    return _(SENTENCES.get(error.code, N_("This was refused. Nothing was changed.")))


def _keyless(states: Sequence[str]) -> str:
    """Which States have given no key, and who of them does."""
    text = ngettext(
        "No authority of {states} has given a key, so it could not open the recording. An administrator of that State "
        "adds one at “Recipients of recordings”.",
        "No authority of {states} has given a key, so they could not open the recording. An administrator of each of "
        "these States adds one at “Recipients of recordings”.",
        len(states),
    )
    return text.format(states=listed(states, "or"))
