"""A request in a signed container: what is packed, and a draft made of what came from elsewhere (docs/asice.md)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import rfc8785
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import Actor
from hearings.documents.asic import Container, ContainerSignature
from hearings.documents.pdf_seals import SignedPdfReport
from hearings.errors import Invalid
from hearings.models import Attachment, HearingRequest
from hearings.models.request_parts import AttachmentKind
from hearings.models.signature import Act
from hearings.requests import attachments, document, requests, translations
from hearings.requests.document import Papers
from hearings.requests.fields import FIELDS
from hearings.sentences import N_, Sentence, Series, tell
from hearings.signatures import signatures

REQUEST, PRINTED, TRANSLATIONS = "request.json", "request.pdf", "translations.json"
"""Names of files in the container: the request as canonical JSON, as PDF/A, and which file is which translation."""
SMALL = 1 << 20
"""Greatest size of the JSON in bytes."""
MOST_PARTS = 40
"""Most files, and most translations, of a request in a container."""
NOT_A_REQUEST = N_("The container holds no request in the form that is expected")
NO_SUCH_STATE = N_("The container holds a request to a State that this installation does not know")


@dataclass(frozen=True)
class Packed:
    """One file of a request in a container, and what it is to the request."""

    place: str
    name: str
    kind: str


@dataclass(frozen=True)
class Incoming:
    """A request that was read from a container."""

    requesting_state: str
    requested_state: str
    fields: Mapping[str, Any]
    files: Sequence[Packed]
    translations: Sequence[Mapping[str, Any]]
    file_of: Mapping[str, str]
    """By language of a translation, the place of its file."""


def own_papers(papers: Papers) -> Papers:
    """The papers without the files that the requested State has added."""
    own = papers.request.requesting_state
    return replace(
        papers,
        attachments=[file for file in papers.attachments if file.owner_state == own],
        translations=[one for one in papers.translations if one.owner_state == own],
    )


def places(papers: Papers) -> list[tuple[str, Attachment]]:
    """The files with the names they have in the container."""
    return [(_place(number, file.name), file) for number, file in enumerate(papers.attachments, 1)]


def _place(number: int, name: str) -> str:
    return f"attachments/{number:02d}-{name}"


def signing_state(papers: Papers) -> str:
    """The State whose seal goes on the container: the requesting one, while the request is what its authority signed.

    None where a field has another value than in the signed statement, or a file or translation came after it: the
    State has not signed for these, and no clerk of it can have its seal put on them.
    """
    submitted = [signature for signature, _key in papers.signatures if signature.act is Act.submit_request]
    if not submitted:
        return ""
    newest = max(submitted, key=lambda signature: signature.received_at)
    added = [file.added_at for file in papers.attachments] + [one.added_at for one in papers.translations]
    if signatures.read(newest)["body"]["content"] != document.content(papers.request):
        return ""
    return papers.request.requesting_state if all(at <= newest.received_at for at in added) else ""


def contents(papers: Papers, printed: bytes, files: Mapping[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """What is packed, by name with the media type: `printed` is the PDF, `files` the bytes of each file by its id."""
    by_id = {file.id: place for place, file in places(papers)}
    named = {one.language: by_id[one.attachment_id] for one in papers.translations if one.attachment_id in by_id}
    return {
        REQUEST: ("application/json", document.canonical(papers)),
        PRINTED: ("application/pdf", printed),
        TRANSLATIONS: ("application/json", rfc8785.dumps(named)),
        **{place: (file.media_type, files[file.id]) for place, file in places(papers)},
    }


def read(container: Container) -> Incoming:
    """The request in a container. Raises `Invalid` when it has none, or other files than those of its request."""
    whole, named = _json(container, REQUEST), _json(container, TRANSLATIONS)
    try:
        if (whole["format"], whole["version"]) != (document.FORMAT, document.VERSION):
            raise Invalid(tell(NOT_A_REQUEST), "file")
        files = [
            Packed(_place(number, one["name"]), str(one["name"]), AttachmentKind(one["kind"]).value)
            for number, one in enumerate(whole["attachments"], 1)
        ]
        found = Incoming(
            requesting_state=str(whole["requesting_state"]),
            requested_state=str(whole["requested_state"]),
            fields={name: value for name, value in dict(whole["content"]).items() if _is_given(name, value)},
            files=files,
            translations=[dict(one) for one in whole["translations"]],
            file_of={str(language): str(place) for language, place in named.items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(tell(NOT_A_REQUEST), "file") from error
    languages = [str(one.get("language")) for one in found.translations]
    if len(files) > MOST_PARTS or len(languages) > MOST_PARTS or len(set(languages)) != len(languages):
        raise Invalid(tell(NOT_A_REQUEST), "file")
    wanted = {REQUEST, PRINTED, TRANSLATIONS, *(one.place for one in files)}
    if set(container.files) != wanted or not set(found.file_of.values()) <= wanted:
        raise Invalid(tell(NOT_A_REQUEST), "file")
    return found


def _is_given(name: str, value: Any) -> bool:
    """Whether a field has a value. Raises KeyError for one that no request has."""
    return FIELDS[name].kind.given(value) if value is not None else False


def _json(container: Container, name: str) -> dict[str, Any]:
    data = container.files.get(name, b"")
    try:
        if len(data) > SMALL:
            raise ValueError
        value = json.loads(data.decode("utf-8"))
        if not isinstance(value, dict) or rfc8785.dumps(value) != data:
            raise ValueError
    except (ValueError, RecursionError) as error:
        raise Invalid(tell(NOT_A_REQUEST), "file") from error
    return value


async def take_in(
    db: AsyncSession,
    *,
    container: Container,
    reports: Mapping[str, SignedPdfReport],
    actor: Actor,
    now: datetime,
) -> HearingRequest:
    """A draft of the actor's State, with the files and translations of a container. `reports`: of the PDFs in it.

    Effects: those of `requests.draft`, `attachments.add` and `translations.put`; its history says who signed the
    container. Raises `Invalid` as these do, and for a request of another State, and `NotAllowed`.
    """
    found = read(container)
    if found.requesting_state != actor.state:
        known = reference.jurisdictions()
        other = known[found.requesting_state].name if found.requesting_state in known else found.requesting_state
        raise Invalid(
            tell("The container holds a request of another State ({state}): only that State can draft it", state=other),
            "file",
        )
    if found.requested_state not in reference.jurisdictions():
        raise Invalid(tell(NO_SUCH_STATE), "file")
    signers = Series.of([_who(one) for one in container.signatures])
    request = await requests.draft(
        db,
        requested_state=found.requested_state,
        fields=found.fields,
        reason=tell("Imported from a signed container; signed by: {signers}", signers=signers),
        actor=actor,
        now=now,
    )
    ids: dict[str, str] = {}
    for file in found.files:
        added = await attachments.add(
            db,
            request=request,
            kind=file.kind,
            name=file.name,
            data=container.files[file.place],
            report=reports.get(file.place),
            actor=actor,
            now=now,
        )
        ids[file.place] = added.id
    for one in found.translations:
        place = found.file_of.get(str(one.get("language")), "")
        await _translate(db, request, one, ids.get(place, ""), actor, now)
    return request


def _who(one: ContainerSignature) -> Sentence | str:
    """A signer in words; the name of one whom no trusted root vouches for is only what the certificate says."""
    return one.signer if one.trusted else tell("{signer} (certificate not known here)", signer=one.signer)


async def _translate(
    db: AsyncSession, request: HearingRequest, one: Mapping[str, Any], file: str, actor: Actor, now: datetime
) -> None:
    texts, answers = ("language", "translator", "reviewer"), ("machine", "certified")
    if not all(isinstance(one.get(name), str) for name in texts):
        raise Invalid(tell(NOT_A_REQUEST), "file")
    said = {name: one[name] for name in texts} | {name: one.get(name) is True for name in answers}
    await translations.put(db, request=request, **said, attachment_id=file, actor=actor, now=now)
