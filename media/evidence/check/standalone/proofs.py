"""Each line of an excerpt proven to lie under the signed head, hash of every file. Usage: python3 proofs.py data"""

import base64
import hashlib
import json
import re
import sys
import time
from pathlib import Path

data = Path(sys.argv[1])
head = (data / "checkpoint").read_bytes()
origin, size, root = head.decode().split("\n")[:3]
lines, files, anew = {}, {"checkpoint": ""}, {}  # anew: keys that were wrapped anew after the close
if (data / "checkpoint.tsr").exists():
    files["checkpoint.tsr"] = ""


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def lies_under(index, leaf, path, size, root):
    """Whether the leaf is the one at this index of the tree of a signed root (RFC 9162, 2.1.3.2)."""
    at, last, found = index, int(size) - 1, leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and base64.b64encode(found).decode() == root


def clock(ms):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}"


for proof in sorted((data / "proofs").iterdir()):
    text, _, checkpoint = proof.read_bytes().partition(b"\n\n")
    magic, extra, index, *parts = text.decode().split("\n")
    line = base64.b64decode(extra.split(" ")[1])
    number, path = int(index.split(" ")[1]), [base64.b64decode(part) for part in parts]
    custody = proof.name.startswith("custody-keywrap")
    signed = (data / "custody-checkpoint").read_bytes() if custody else head
    named = signed.decode().split("\n")[:3]
    proven = lies_under(number, hashlib.sha256(b"\x00" + line).digest(), path, *named[1:])
    if magic != "c2sp.org/tlog-proof@v1" or checkpoint != signed or not proven:
        sys.exit(f"FAILED: {proof.name} does not prove its line")
    files[f"proofs/{proof.name}"] = ""
    if not custody:
        lines[number] = json.loads(line)
        continue
    entry = json.loads(line)
    if named[0] != f"{origin}/custody" or entry["type"] != "keywrap":
        sys.exit(f"FAILED: {proof.name} is no key of this recording")
    anew[entry["file"]] = entry["sha256"]
    files["custody-checkpoint"] = ""
    print(f"WRAPPED ANEW after the close: {entry['file']}")
kinds = [entry["type"] for entry in lines.values()]
missing = [kind for kind in ("open", "close", "keywrap") if kind not in kinds]
if missing or 0 not in lines or lines[0]["origin"] != origin:
    sys.exit(f"CANNOT VERIFY: the proof of {(missing or ['open'])[0]} is not there, or belongs to another recording")
zero = int(lines[0]["zero"]) // 1000000
spans, numbers, declared = {}, {}, set()
for number in sorted(lines):
    entry = lines[number]
    kind, track = entry["type"], entry.get("track")
    if kind in ("track", "init"):
        declared.add((kind, track))
    if kind in ("keywrap", "init", "segment", "recovered_segment"):
        files[entry["file"]] = entry["sha256"]
    if kind in ("segment", "recovered_segment"):
        numbers.setdefault(track, []).append(entry["n"])
    if kind == "segment" or (kind == "gap" and entry["cause"] != "late"):
        spans.setdefault(track, []).append((entry["t0"], entry["t1"]))
    if kind == "gap":
        print(f"MISSING {clock(zero + entry['t0'])} to {clock(zero + entry['t1'])} UTC: {track}: {entry['cause']}")
    if kind == "person":
        print(f"{entry['seat']}: {entry['role']}, {entry['state']}")
files.update(anew)
for track, found in sorted(numbers.items()):
    if not declared.issuperset({("track", track), ("init", track)}):
        sys.exit(f"CANNOT VERIFY: the proofs of track and init of {track} are not there")
    if sorted(found) != list(range(min(found), max(found) + 1)):
        sys.exit(f"FAILED: a number of {track} is missing")
    items = sorted(spans[track])
    if [start for start, _ in items][1:] != [end for _, end in items][:-1]:
        sys.exit(f"FAILED: a time of {track} is answered for by nothing, or twice")
    print(f"{track}: {clock(zero + items[0][0])} to {clock(zero + items[-1][1])} UTC, {min(found)} to {max(found)}")
if not numbers:
    sys.exit("CANNOT VERIFY: the excerpt holds no segment")
present = {path.relative_to(data).as_posix() for path in data.rglob("*") if not path.is_dir()}
for name, wanted in files.items():
    if name not in present or (wanted and hashlib.sha256((data / name).read_bytes()).hexdigest() != wanted):
        sys.exit(f"FAILED: {name} is not what was sealed")
for name in sorted(present - set(files)):
    if not re.fullmatch(r"blob/[0-9a-f]{64}\.age", name):
        sys.exit(f"FAILED: no proven line names {name}")
print(f"OK: an excerpt of {origin}: {len(lines)} of its {size} lines, root {base64.b64decode(root).hex()}")
