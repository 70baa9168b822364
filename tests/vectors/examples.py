"""Records the examples of the API's description anew: `python -m tests.vectors.examples`. See README.md."""

import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / "web" / "api" / "docket" / "fuzz" / "test_schemathesis.py"

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-n", "0", "--record", "-k", "whatever_is_asked", str(RUN)]))
