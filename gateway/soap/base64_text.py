"""Strict base64 as it stands in XML."""

import binascii

__all__ = ["Base64Text"]

_XML_WHITESPACE = b" \t\r\n"


class Base64Text:
    """Base64 text, without the XML whitespace that may be anywhere in it.

    Text that has no whitespace is kept and decoded without a copy.

    Raises:
        ValueError: a character outside ASCII; says where.
    """

    __slots__ = ("_packed",)

    def __init__(self, text: str) -> None:
        self._packed: str | bytes = text
        if any(white in text for white in " \t\r\n") or not text.isascii():
            self._packed = _encode(text).translate(None, _XML_WHITESPACE)

    @property
    def least_decoded_size(self) -> int:
        """The fewest bytes this text can decode to, so that a limit is checked before decoding."""
        return max(0, len(self._packed) // 4 * 3 - 2)

    def decode(self) -> bytes:
        """Decode once.

        Raises:
            ValueError: a character outside the alphabet, wrong padding or data after the padding.
        """
        return binascii.a2b_base64(self._packed, strict_mode=True)


def _encode(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise ValueError(f"Character {error.start + 1} is outside the base64 alphabet") from error
