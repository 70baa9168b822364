"""Bech32 as age uses it (BIP 173, without its limit of 90 characters): recipients and identities as text."""

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK = 6


def encode(prefix: str, data: bytes) -> str:
    """The bytes as a text in lower case."""
    bits = 8 * len(data)
    padding = -bits % 5
    number = int.from_bytes(data, "big") << padding
    values = [number >> shift & 31 for shift in range(bits + padding - 5, -1, -5)]
    rest = _remainder([*_head(prefix), *values, *[0] * _CHECK]) ^ 1
    values += [rest >> 5 * (_CHECK - 1 - place) & 31 for place in range(_CHECK)]
    return f"{prefix}1{''.join(LETTERS[value] for value in values)}"


def decode(prefix: str, text: str) -> bytes:
    """The bytes of a text with this prefix, in one case throughout. ValueError for anything else."""
    if text not in (text.lower(), text.upper()):
        raise ValueError("upper and lower case are mixed")
    head, _, tail = text.lower().rpartition("1")
    if head != prefix.lower() or len(tail) < _CHECK:
        raise ValueError("another prefix")
    values = [LETTERS.index(letter) for letter in tail]
    if _remainder([*_head(head), *values]) != 1:
        raise ValueError("the checksum does not hold")
    number = 0
    for value in values[:-_CHECK]:
        number = number << 5 | value
    size, padding = divmod(5 * (len(values) - _CHECK), 8)
    if padding > 4 or number & ((1 << padding) - 1):
        raise ValueError("bits are left over")
    return (number >> padding).to_bytes(size, "big")


def _head(prefix: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]


def _remainder(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            check ^= factor if top >> place & 1 else 0
    return check
