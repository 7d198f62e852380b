"""Numbers as a person reads them in a plan."""


def counted(count: int, noun: str) -> str:
    """A number and its noun, which takes an s in the plural, or ies for a final y after a consonant."""
    plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def readable(size: int) -> str:
    """A number of bytes, in the largest unit (powers of 1000) that leaves at least one of it."""
    if size < 1000:
        return f"{size} bytes"
    amount, units = size / 1000, ["kB", "MB", "GB", "TB"]
    while amount >= 999.95 and len(units) > 1:
        amount /= 1000
        del units[0]
    return f"{amount:.1f} {units[0]}"


def dollars(amount: float) -> str:
    """An amount with two significant digits, however small."""
    places = 2
    while 0 < amount < 10 ** (1 - places) and places < 12:
        places += 1
    return f"${amount:,.{places}f}"
