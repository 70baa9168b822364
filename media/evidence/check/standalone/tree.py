"""Root of a recording's journal, hash of every file it names, time it answers for. Usage: python3 tree.py data"""

import base64
import hashlib
import json
import sys
from pathlib import Path

data = Path(sys.argv[1])
stack = []  # (number of leaves, hash) of complete subtrees, the largest first
files, spans, close, size, logged = {"journal.jsonl": "", "checkpoint": ""}, {}, None, 0, 0


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


with (data / "journal.jsonl").open("rb") as journal:
    for line in journal:
        size += 1
        if not line.endswith(b"\n"):
            sys.exit("FAILED: the last journal line is cut off")
        stack.append((1, hashlib.sha256(b"\x00" + line[:-1]).digest()))
        while len(stack) > 1 and stack[-2][0] == stack[-1][0]:
            (count, left), (_, right) = stack[-2:]
            stack[-2:] = [(2 * count, node(left, right))]
        entry = json.loads(line)
        if entry["type"] in ("keywrap", "init", "segment", "recovered_segment"):
            files[entry["file"]] = entry["sha256"]
        if entry["type"] == "track":
            spans[entry["track"]] = [(entry["t"], entry["t"])]
        if entry["type"] == "segment" or (entry["type"] == "gap" and entry["cause"] != "late"):
            spans[entry["track"]].append((entry["t0"], entry["t1"]))
        if entry["type"] == "event":
            logged += 1
            if entry["entry"] != logged:
                sys.exit(f"FAILED: entry {logged} of the hearing's log is not where it should be")
        if entry["type"] in ("close", "reopen"):
            close = entry if entry["type"] == "close" else None
root = stack.pop()[1] if stack else hashlib.sha256().digest()
while stack:
    root = node(stack.pop()[1], root)
origin, signed_size, signed_root = (data / "checkpoint").read_text(encoding="utf-8").split("\n")[:3]
if (size, base64.b64encode(root).decode()) != (int(signed_size), signed_root):
    sys.exit(f"FAILED: the journal ({size} lines) is not the one signed ({signed_size} lines)")
if close is None:
    sys.exit("CANNOT VERIFY: the journal has no close")
for track in close["tracks"].values():
    files.update((page["file"], page["sha256"]) for page in track["pages"])
for name, wanted in files.items():
    if wanted and hashlib.sha256((data / name).read_bytes()).hexdigest() != wanted:
        sys.exit(f"FAILED: {name} is not what was sealed")
for name in (path.relative_to(data).as_posix() for path in data.rglob("*") if not path.is_dir()):
    if name not in files and name.split("/")[0] not in ("blob", "derived", "proofs", "checkpoint.tsr"):
        sys.exit(f"FAILED: no line of the journal names {name}")
for track, items in spans.items():
    ends = [end for _, end in sorted(items)]
    if [start for start, _ in sorted(items)][1:] != ends[:-1] or ends[-1] != close["tracks"][track]["end"]:
        sys.exit(f"FAILED: a time of {track} is answered for by nothing, or twice")
print(f"OK: {origin}: {size} lines, {len(files) - 2} files, root {root.hex()}")
