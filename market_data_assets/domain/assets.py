"""Names of assets as they stand in ids: one spelling per asset, safe in file names."""

import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote

from market_data_assets.errors import UnsafeName

# Control, invisible formatting, and unpaired surrogate characters.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})


@lru_cache(maxsize=16_384)
def asset_code(name: str) -> str:
    """An asset's name as it stands in ids: upper case, NFC, all but letters and digits percent-encoded.

    Raises:
        UnsafeName: the name is blank, or holds control, invisible or unpaired surrogate characters.
    """
    if not name.strip():
        raise UnsafeName(name, "an asset needs a name")
    upper = fold_upper(name)
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in upper):
        raise UnsafeName(name, "control and invisible characters cannot stand in an asset's name")
    return "".join(character if character.isalnum() else _percent(character) for character in upper)


def fold_upper(text: str) -> str:
    """``text`` in upper case and NFC, the same for every spelling that differs in case only."""
    if text.isascii():
        return text.upper()
    # Folding before raising makes one name of both cases of letters such as "ß" and "İ", whose upper() alone
    # depends on the case one starts from.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold().upper())


def _percent(character: str) -> str:
    encoded = quote(character, safe="")
    # quote() leaves "-", "_", "." and "~" alone, and those are separators or path parts here.
    return encoded if encoded != character else f"%{ord(character):02X}"


@lru_cache(maxsize=16_384)
def asset_name(code: str) -> str:
    """The asset's name that :func:`asset_code` encoded.

    Raises:
        UnsafeName: percent-encoded bytes that are not UTF-8.
    """
    try:
        return unquote(code, errors="strict")
    except UnicodeDecodeError:
        raise UnsafeName(code, "its percent-encoded bytes are not UTF-8") from None
