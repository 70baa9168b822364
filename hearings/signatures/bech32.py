"""Bech32 (BIP 173): what an age recipient is written in. Its checksum tells a mistyped key from a right one."""

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK = 6


def decode(text: str, *, prefix: str) -> bytes:
    """The bytes that stand, in small letters, after `prefix` and a 1. Raises `ValueError` for anything else."""
    head, separator, tail = text.rpartition("1")
    if not separator or head != prefix or len(tail) < _CHECK:
        raise ValueError("another prefix")
    values = [LETTERS.index(letter) for letter in tail]
    if _polymod([*_spread(prefix), *values]) != 1:
        raise ValueError("the checksum does not hold")
    bits = 0
    for value in values[:-_CHECK]:
        bits = bits << 5 | value
    size, rest = divmod(5 * (len(values) - _CHECK), 8)
    if rest > 4 or bits & ((1 << rest) - 1):
        raise ValueError("bits are left over")
    return (bits >> rest).to_bytes(size, "big")


def _spread(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= factor
    return check
