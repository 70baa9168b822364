"""What an installation needs before hearings can be held: the table of `vivavoce setup` and of the page "Set-up".

Each step looks at what is there; none changes anything or names a secret. The checks of `web.operation.checks` are
reused, and joined by what only a new installation lacks: people, keys of authorities, a site, a first backup.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hearings import queries
from hearings.agreement import sites
from hearings.errors import DatabaseRefused
from hearings.models import Person
from hearings.roles import StaffFunction
from hearings.signatures import recipients, signing_keys
from web.operation import backup, checks, network
from web.operation.findings import Finding, Findings, Inspected, Severity, failure, ok, warning
from web.words.i18n import N_

logger = logging.getLogger("vivavoce.web.operation.setup_steps")

OLD_BACKUP = timedelta(days=7)
"""Age from which the last backup counts as missing."""


class StepState(StrEnum):
    """`missing`: no hearing can be held without it. `advised`: hearings can be held, but not as they should be."""

    done = "done"
    advised = "advised"
    missing = "missing"


@dataclass(frozen=True)
class SetupStep:
    """One row of the table. `label` and `purpose` are message ids. `page`: address of the page that mends it; empty if
    only a command does. `command`: what the operator types, without `vivavoce`; empty if it is done outside.
    """

    name: str
    label: str
    purpose: str
    look: Callable[[Inspected], Findings | Awaitable[Findings]]
    page: str = ""
    command: str = ""


@dataclass(frozen=True)
class StepResult:
    """A step with what was found."""

    step: SetupStep
    findings: Sequence[Finding]

    @property
    def state(self) -> StepState:
        """From the worst finding: a failure is missing, a warning is advised."""
        severities = {finding.severity for finding in self.findings}
        if Severity.failure in severities:
            return StepState.missing
        return StepState.advised if Severity.warning in severities else StepState.done


async def _staff(place: Inspected) -> Sequence[Person]:
    await place.database.check()
    async with place.database.reading() as db:
        return await queries.people(db)


def _having(people: Sequence[Person], function: StaffFunction) -> list[Person]:
    return [person for person in people if function in person.functions]


async def administrators(place: Inspected) -> Findings:
    """At least one administrator, and in each State with one a second who confirms recoveries."""
    found = Counter(person.owner_state for person in _having(await _staff(place), StaffFunction.administrator))
    if not found:
        return [failure(N_("There is no administrator: nobody can add people, keys or rooms."))]
    if alone := [state for state, number in sorted(found.items()) if number == 1]:
        text = N_("Only one administrator of {states}: nobody can confirm the recovery of their sign-in.")
        return [warning(text, states=", ".join(alone))]
    return [ok(N_("There are administrators of {states}."), states=", ".join(sorted(found)))]


async def staff(place: Inspected) -> Findings:
    """Somebody who asks for hearings, somebody who presides."""
    people = await _staff(place)
    findings: Findings = []
    if not _having(people, StaffFunction.clerk):
        findings.append(failure(N_("There is no clerk: nobody can draft a request or open a lobby.")))
    if not _having(people, StaffFunction.judge):
        findings.append(failure(N_("There is no judge: nobody can preside over a hearing.")))
    if not _having(people, StaffFunction.authority):
        text = N_("There is no requested authority: requests of other States are answered by nobody.")
        findings.append(warning(text))
    return findings or [ok(N_("There are clerks, judges and requested authorities."))]


async def authority_keys(place: Inspected) -> Findings:
    """Keys to which recordings are encrypted, and keys with which the authorities sign, of each State with staff."""
    states = sorted({person.owner_state for person in await _staff(place)})
    if not states:
        return [failure(N_("No State has staff yet, so none has keys."))]
    async with place.database.reading() as db:
        lacking = await recipients.lacking(db, states)
        kept = {state: await signing_keys.keys_of(db, state=state) for state in states}
    silent = [state for state, keys in kept.items() if not any(key.retired_at is None for key in keys)]
    findings: Findings = []
    if lacking:
        text = N_("No recipient of recordings of {states}: their authority could not open a recording.")
        findings.append(failure(text, states=", ".join(lacking)))
    if silent:
        text = N_("No signing key of {states}: their authority cannot sign requests, agreements or minutes.")
        findings.append(failure(text, states=", ".join(silent)))
    return findings or [ok(N_("Authorities of {states} have their keys."), states=", ".join(states))]


async def published_sites(place: Inspected) -> Findings:
    """A room with a technical profile, of each State with staff."""
    states = sorted({person.owner_state for person in await _staff(place)})
    if not states:
        return [failure(N_("No State has staff yet, so none has a site."))]
    async with place.database.reading() as db:
        have = {site.owner_state for site in await sites.on_offer(db, states=states)}
    if lacking := sorted(set(states) - have):
        text = N_("No site of {states}: no technical agreement can be made.")
        return [failure(text, states=", ".join(lacking))]
    return [ok(N_("Sites are published for {states}."), states=", ".join(states))]


def mail(place: Inspected) -> Findings:
    """Whether mails can be sent; without a server nobody is invited or reminded."""
    if not place.settings.smtp_host:
        return [warning(network.WITHOUT_MAIL)]
    return network.mail(place)


def connection(place: Inspected) -> Findings:
    """Whether browsers of other machines can connect."""
    if not place.settings.secure:
        return [failure(network.WITHOUT_TLS)]
    return network.tls(place)


async def backups(place: Inspected) -> Findings:
    """When the last backup was made, and the anchor."""
    last = await asyncio.to_thread(backup.last_made, place.settings)
    if last is None:
        findings = [warning(N_("No backup has been made yet."))]
    elif place.now - last > OLD_BACKUP:
        findings = [warning(N_("The last backup was made on {day}."), day=f"{last:%Y-%m-%d}")]
    else:
        findings = [ok(N_("The last backup was made on {day}."), day=f"{last:%Y-%m-%d}")]
    return findings + await checks.anchor(place)


STEPS: tuple[SetupStep, ...] = (
    SetupStep(
        "court",
        N_("Court"),
        N_("The name that stands in the court's seals, and no setting that is for a demonstration only."),
        checks.settings,
        command="setup --court-name court.example",
    ),
    SetupStep(
        "database",
        N_("Database and folders"),
        N_("Where requests, hearings and recordings are kept."),
        checks.database,
        command="init",
    ),
    SetupStep(
        "seal",
        N_("Keys of the service"),
        N_("They seal recordings and documents, and protect sign-ins."),
        checks.keys,
        page="/admin/checks",
        command="check",
    ),
    SetupStep(
        "administrator",
        N_("Administrators"),
        N_("They add people, keys and rooms of their State."),
        administrators,
        page="/admin/staff",
        command="person NAME E-MAIL --function administrator --state RO --city CITY --authority NAME",
    ),
    SetupStep(
        "tls",
        N_("Encrypted connection"),
        N_("Browsers give camera and microphone to https addresses only."),
        connection,
        command="setup --public-url https://hearings.court.example --tls-cert FILE --tls-key FILE",
    ),
    SetupStep(
        "media",
        N_("Sound and picture"),
        N_("The address and the ports to which browsers send sound and picture."),
        network.media,
        command="setup --udp-host ADDRESS",
    ),
    SetupStep(
        "mail",
        N_("Mail"),
        N_("Invitations, reminders and notices are sent by mail."),
        mail,
        page="/outbox",
        command="setup --smtp-host HOST --smtp-sender E-MAIL --mail-test E-MAIL",
    ),
    SetupStep(
        "keys",
        N_("Keys of the authorities"),
        N_("With them the authorities sign and open recordings; the service never has their private halves."),
        authority_keys,
        page="/admin/recipients",
        command="setup --key-file FILE --state RO --court NAME",
    ),
    SetupStep(
        "backup",
        N_("Backup"),
        N_("A copy of the data elsewhere, and an anchor by which older data are noticed."),
        backups,
        command="setup --backup FOLDER --backup-keys FOLDER --anchor FOLDER",
    ),
    SetupStep(
        "clock",
        N_("Clock"),
        N_("Recordings and deadlines depend on the machine's clock and its time-zone data."),
        checks.clock,
        page="/admin/checks",
    ),
    SetupStep(
        "staff",
        N_("Judges, clerks, authorities"),
        N_("They ask for hearings, answer requests and preside."),
        staff,
        page="/admin/staff",
        command="person NAME E-MAIL --function clerk --state RO --city CITY --authority NAME",
    ),
    SetupStep(
        "sites",
        N_("Sites and rooms"),
        N_("Both States agree on the equipment of two rooms before a hearing."),
        published_sites,
        page="/sites",
    ),
)
"""In the order in which they are done: each needs the ones before it."""


async def look(step: SetupStep, place: Inspected) -> StepResult:
    """What a step finds. A database that does not answer, and a look that raises, are findings `failure`."""
    try:
        if asyncio.iscoroutinefunction(step.look):
            findings = await step.look(place)
        else:
            findings = await asyncio.to_thread(step.look, place)
    except DatabaseRefused:
        findings = [failure(N_("The database does not answer, so this is not known."))]
    except Exception as error:
        logger.exception("a step of the set-up could not be looked at: %s", step.name)
        findings = [failure(checks.NOT_CHECKED, why=type(error).__name__)]
    return StepResult(step, findings)


async def survey(place: Inspected) -> list[StepResult]:
    """Every step with what it finds, in the order of the table."""
    return [await look(step, place) for step in STEPS]


def counts(results: Sequence[StepResult]) -> dict[StepState, int]:
    """How many steps are in each state."""
    found = Counter(result.state for result in results)
    return {state: found[state] for state in StepState}
