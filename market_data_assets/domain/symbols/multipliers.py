"""Assets that venues list in multiples: 1000SHIB is a thousand SHIB. A table, since 1INCH is no multiple of INCH."""

from collections.abc import Mapping

# Multiples that venues list. An asset that is not here is its own canonical asset, so a gap splits a join, never mixes one.
_LISTED_MULTIPLES: Mapping[int, str] = {
    1_000: "APU BEER BONK BTT BTTC CAT CATS CHEEMS FLOKI LUNC MUMU NEIROCTO PEPE RATS SATS SHIB TAG TOSHI TURBO WHY X XEC XEN",
    10_000: "AIDOGE COQ ELON LADYS NFT QUBIC SATS STARL WEN WHY",
    1_000_000: "AIDOGE BABYDOGE CHEEMS MOG PEIPEI",
    10_000_000: "AIDOGE",
}

_MULTIPLES: Mapping[str, tuple[str, int]] = {
    **{f"{multiple}{asset}": (asset, multiple) for multiple, assets in _LISTED_MULTIPLES.items() for asset in assets.split()},
    "1MBABYDOGE": ("BABYDOGE", 1_000_000),
    "SHIB1000": ("SHIB", 1_000),
}


def canonical_asset(listed: str) -> tuple[str, int]:
    """The asset behind a listed name, and how many of it one listed unit is: ``1000SHIB`` → (``SHIB``, 1000)."""
    return _MULTIPLES.get(listed, (listed, 1))
