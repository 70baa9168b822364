"""The targets of `python -m tests.fuzz`: each has a corpus and reads all of it; none raises what nobody expects."""

import subprocess
import sys

import pytest

from tests.fuzz.targets import CORPUS, TARGETS
from tests.support.hostile_web import PARSERS, PDF


def test_every_parser_is_a_target_and_every_corpus_has_one():
    assert {parser.name.replace(" ", "_") for parser in (*PARSERS, PDF)} <= set(TARGETS)
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_reads_its_corpus(name):
    files = sorted((CORPUS / name).iterdir())
    assert files
    for file in files:
        try:
            TARGETS[name](file.read_bytes())
        except BaseException as error:
            error.add_note(str(file))
            raise


def test_the_command_names_its_targets_without_the_fuzzer():
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", "--list"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(TARGETS)
