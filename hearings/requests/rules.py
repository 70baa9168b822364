"""What the handling of requests goes by besides the law: data/requests.yaml, product defaults."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def rules() -> Mapping[str, Any]:
    """The whole file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: Mapping[str, Any] = yaml.load((files("hearings") / "data" / "requests.yaml").read_text("utf-8"), loader)
    return found
