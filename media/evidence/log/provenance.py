"""`provenance.jsonld` of a bag: who did what with the recording, in CASE 1 and UCO 1, which forensic tools read.

Made from the two logs alone, each line an investigative action that follows the one before it. It says nothing the logs
do not say and proves nothing by itself: the logs are what is signed. Identifiers are derived from origin and line, so
that the same logs always give the same file (RFC 9562 §5.5).
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785

FILE = "provenance.jsonld"
SPACE = uuid.UUID("5a1d9a4c-6a55-4f0e-9c0b-6f0c7b8c2f10")
"""Name space of the identifiers."""
CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:uuid:",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
JOURNAL_ACTIONS = {"open": "captured", "keywrap": "key wrapped", "rekey": "key changed", "close": "sealed"}
"""Lines of the journal that are links of the chain of custody, and what happened; of the custody log each line is."""
CUSTODY_ACTIONS = {"closed": "stored", "head": "cosigned", "stamp": "stamped", "keywrap": "key wrapped"}
"""Lines of the custody log that say in one word what happened; of others the type is that word."""


def _two(names: Sequence[str], line: dict[str, Any], state: str) -> Sequence[tuple[str, str, str]]:
    """Two people who acted together, whoever decided first; older lines do not say their roles."""
    roles = line.get("roles", ("", ""))
    return [(name, role, state) for name, role in reversed(list(zip(names, roles, strict=True)))]


PEOPLE: Mapping[str, Callable[[dict[str, Any]], Sequence[tuple[str, str, str]]]] = {
    "destroyed": lambda line: _two((line["proposed"], line["decided"]), line, line["state"]),
    "released": lambda line: _two(line["by"], line, line.get("from", "")),  # `state` is that of the receiver
    "received": lambda line: [(line["by"], line.get("role", ""), line["state"])],
}
"""Who did it, by types of lines that say so in fields of their own, whoever decided first: name, role and State."""
DETAILS = {
    "why": "why",
    "purpose": "why",
    "to": "to",
    "sha256": "sha256",
    "hashes": "sha256",
    "statement": "statement",
    "receipt": "receipt",
}
"""Fields whose values a description repeats, in this order, each under its word: the reason, who receives a copy, and
the hash of the file, or of the paper, that an action was about."""
ACCESSES = {
    "view": "viewed",
    "view_continued": "viewed",
    "export": "exported",
    "excerpt": "copied in part",
    "render": "made a copy to look at",
}


def document(origin: str, journal: Sequence[bytes], custody: Sequence[bytes]) -> bytes:
    """The file. `journal` and `custody`: the lines of both logs, without their LF."""

    def name(*parts: object) -> str:
        return f"kb:{uuid.uuid5(SPACE, '/'.join((origin, *map(str, parts))))}"

    files = {"journal.jsonl": journal, "custody.jsonl": custody}
    graph: list[dict[str, Any]] = [_file(name("file", path), path, lines) for path, lines in files.items()]
    tool, court, record = name("tool"), name("court"), name("record")
    graph += [
        {"@id": tool, "@type": "uco-tool:Tool", "uco-core:name": "Vivavoce"},
        {"@id": court, "@type": "uco-identity:Organization", "uco-core:name": origin.partition("/")[0]},
        {
            "@id": record,
            "@type": "case-investigation:ProvenanceRecord",
            "case-investigation:exhibitNumber": origin,
            "uco-core:description": "The recording of a hearing: its journal, and the log of its custody.",
            "uco-core:object": [{"@id": name("file", path)} for path in files],
        },
    ]
    people: dict[tuple[str, str, str], str] = {}
    before = ""
    for log, number, line, what in _links(journal, custody):
        did = PEOPLE.get(str(line["type"]), _named)(line)
        for who in did:
            if who not in people:
                people[who] = name("person", *who)
                graph.append(_person(people[who], *who))
        action: dict[str, Any] = {
            "@id": name(log, number),
            "@type": "case-investigation:InvestigativeAction",
            "uco-core:name": what,
            "uco-action:startTime": _time(line),
            "uco-action:performer": {"@id": people[did[0]] if did else court},
            "uco-action:instrument": {"@id": tool},
            "uco-action:object": {"@id": record},
            "uco-core:description": "; ".join([f"line {number} of {log}", *_details(line)]),
        }
        if did[1:]:
            action["uco-action:participant"] = [{"@id": people[who]} for who in did[1:]]
        if before:
            action["case-investigation:wasInformedBy"] = {"@id": before}
        before = action["@id"]
        graph.append(action)
    return rfc8785.dumps({"@context": CONTEXT, "@graph": graph})


def _named(line: dict[str, Any]) -> Sequence[tuple[str, str, str]]:
    """The person of a line that names one; nobody where the court itself did it."""
    who = (str(line.get("person", "")), str(line.get("role", "")), str(line.get("state", "")))
    return [who] if who[0] else []


def _details(line: dict[str, Any]) -> Iterator[str]:
    """What a line says of DETAILS; a reason that is kept in a file of its own is told by its path."""
    for name, word in DETAILS.items():
        value = line.get(name)
        if isinstance(value, dict):
            value = f"blob/{value.get('blob')}.age"
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        if value and name == "to":
            value = f"{value} ({line.get('state', '')})"
        if value:
            yield f"{word}: {value}"


def _links(journal: Sequence[bytes], custody: Sequence[bytes]) -> Iterator[tuple[str, int, dict[str, Any], str]]:
    for number, raw in enumerate(journal):
        line = json.loads(raw)
        if (what := JOURNAL_ACTIONS.get(line["type"])) is not None:
            yield "journal.jsonl", number, line, what
    for number, raw in enumerate(custody):
        line = json.loads(raw)
        if line["type"] == "access":
            yield "custody.jsonl", number, line, ACCESSES.get(str(line["what"]), str(line["what"]))
        elif line["type"] != "custody":
            yield "custody.jsonl", number, line, CUSTODY_ACTIONS.get(line["type"], str(line["type"]))


def _file(identifier: str, path: str, lines: Sequence[bytes]) -> dict[str, Any]:
    data = b"".join(line + b"\n" for line in lines)
    return {
        "@id": identifier,
        "@type": "uco-observable:ObservableObject",
        "uco-core:hasFacet": [
            {
                "@id": f"kb:{uuid.uuid5(SPACE, identifier + '/name')}",
                "@type": "uco-observable:FileFacet",
                "uco-observable:fileName": path,
                "uco-observable:sizeInBytes": len(data),
            },
            {
                "@id": f"kb:{uuid.uuid5(SPACE, identifier + '/content')}",
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:hash": {
                    "@id": f"kb:{uuid.uuid5(SPACE, identifier + '/hash')}",
                    "@type": "uco-types:Hash",
                    "uco-types:hashMethod": "SHA256",
                    "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": hashlib.sha256(data).hexdigest()},
                },
            },
        ],
    }


def _person(identifier: str, person: str, role: str, state: str) -> dict[str, Any]:
    described = ", ".join(part for part in (role, state) if part)
    return {
        "@id": identifier,
        "@type": "uco-identity:Person",
        "uco-core:name": person,
        **({"uco-core:description": described} if described else {}),
    }


def _time(line: dict[str, Any]) -> dict[str, str]:
    at = datetime.fromtimestamp(int(line["at"]) // 10**9, UTC)
    return {"@type": "xsd:dateTime", "@value": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
