"""Records as files that people read: what changes from run to run is replaced, and
`UPDATE_RECORDS=1` writes them anew."""

import json
import os
import pathlib
import re

PLACE = pathlib.Path(__file__).with_name("records")
UPDATES = "UPDATE_RECORDS"
WIDTH = 100

# In this order: what is longer and more particular first.
CHANGING = [
    ("sealed", re.compile(r"[A-Za-z0-9_-]{200,}")),
    ("time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00|\+0000)")),
    # `Nov 26, 2026, 1:45:59 PM`, as AWS has dates in answers on record.
    ("time", re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d [AP]M")),
    ("seconds", re.compile(r"(?<=date/time )\d{9,}")),
    ("hash", re.compile(r"\b[0-9a-f]{64}\b")),
    ("uuid", re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")),
    ("mrk", re.compile(r"(?<=mrk-)[0-9a-f]{32}")),
    ("request", re.compile(r"(?<=car-)[0-9a-z]{8,32}")),
    ("organization", re.compile(r"\bo-[0-9a-z]{10,32}")),
    ("unit", re.compile(r"\bou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")),
    ("root", re.compile(r"\br-[0-9a-z]{4,32}")),
    ("policy", re.compile(r"\bp-[0-9a-z]{8,128}")),
    ("suffix", re.compile(r"(?<=:secret:)((?:[\w/+=.@]|-(?!\w{6}\b))+)-\w{6}\b")),
    ("sha256", re.compile(r"[A-Za-z0-9+/]{43}=")),
]
IDS = re.compile(r"\b(A(?:KI|SI|ID|RO|GP|NP|IP)A)[A-Z0-9]{12,17}\b")


class Plain:
    """What stands in a record in place of what changes, the same for the same."""

    def __init__(self, known, administrator):
        # Known to whoever made the calls: {text: its placeholder}; and who they are.
        self.known, self.administrator, self.seen = known, administrator, {}

    def numbered(self, kind, text):
        of_kind = self.seen.setdefault(kind, {})
        return f"<{kind} {of_kind.setdefault(text, len(of_kind) + 1)}>"

    def text(self, text):
        for found, placeholder in self.known.items():
            text = text.replace(found, placeholder)
        for kind, pattern in CHANGING:
            if kind == "suffix":
                text = pattern.sub(lambda m: f"{m[1]}-<suffix>", text)
            elif kind in ("time", "seconds", "sealed"):
                text = pattern.sub(f"<{kind}>", text)
            else:
                text = pattern.sub(lambda m, k=kind: self.stable(k, m[0]), text)
        return IDS.sub(lambda m: self.numbered(m[1], m[0]), text)

    def stable(self, kind, text):
        # Ids that a caller chose say so themselves: 11111111-1111-….
        if kind == "uuid" and len(set(text[:8])) == 1:
            return text
        return self.numbered(kind, text)

    def value(self, value):
        if isinstance(value, dict):
            return {self.text(key): self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self.text(value) if isinstance(value, str) else value

    def record(self, record):
        record = {key: value for key, value in record.items() if key != "chain"}
        if "Boto3/" in record.get("userAgent", "") or "aws-cli/" in record.get("userAgent", ""):
            record["userAgent"] = "<client>"
        if record["userIdentity"] == self.administrator:
            record["userIdentity"] = "<the administrator's>"
        return self.value(record)


def written(value, indent=0):
    """JSON with what fits a line on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH and indent > 2 or not isinstance(value, (dict, list)):
        return line
    space = " " * (indent + 2)
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}: {written(each, indent + 2)}" for key, each in value.items()]
    else:
        inner = [written(each, indent + 2) for each in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    joined = ",\n".join(space + each for each in inner)
    return f"{opening}\n{joined}\n{' ' * indent}{closing}"


def compare(service, operation, labels, known, administrator):
    """The difference between the records and the snapshot; none after it was updated."""
    path = PLACE / service / f"{operation}.json"
    plain = {}
    for label, records in labels.items():
        of = Plain(known, administrator)
        plain[label] = [of.record(record) for record in records]
    text = written(plain) + "\n"
    if os.environ.get(UPDATES):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return text, path.read_text() if path.exists() else ""


def kept():
    """Every snapshot there is: (service, operation)."""
    return {(path.parent.name, path.stem) for path in PLACE.glob("*/*.json")}
