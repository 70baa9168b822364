"""Behind the name of a person in whose name a client acts stands the client's, whatever the person is called."""

import pytest

from hearings.errors import NotReady
from hearings.outward.api_clients import LONGEST_NAME
from web.custody.named_person import LEAST, LONGEST, label_of


@pytest.mark.parametrize("person", ["Ana Popa", "A" * 190, "A" * 1000])
@pytest.mark.parametrize("client", ["System of RO", "S" * LONGEST_NAME])
def test_the_clients_name_is_whole_however_long_the_persons_is(person: str, client: str) -> None:
    label = label_of(person, client)
    assert label.endswith(f" ({client})") and len(label) <= LONGEST
    assert label.startswith(person[: LEAST - 1])


def test_names_that_fit_are_not_shortened() -> None:
    assert label_of("Ana Popa", "System of RO") == "Ana Popa (System of RO)"
    fits = "A" * (LONGEST - len(" (System)"))
    assert label_of(fits, "System") == f"{fits} (System)"
    assert label_of(fits + "B", "System") == f"{fits[:-1]}… (System)"


def test_a_client_with_a_name_from_before_that_leaves_no_room_for_the_person_is_refused() -> None:
    with pytest.raises(NotReady, match="shortens it"):
        label_of("Ana Popa", "S" * 200)
