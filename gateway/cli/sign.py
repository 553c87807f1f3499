"""`sisc sign`: for those who write and test messages."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.files import parse_input, read_input, write_output
from gateway.cli.keys import KeyOption, KeyPasswordOption, load_key
from gateway.clock import now, signature_id
from gateway.errors import ConfigurationError
from signing.names import C14N_10, C14N_11, C14N_EXCLUSIVE, DS
from signing.sign import SignatureProfile, sign_enveloped

__all__ = ["CanonicalForm", "Profile", "sign"]


class Profile(StrEnum):
    """What `sisc sign` makes."""

    BES = "bes"  # XAdES with signing time and certificate
    PLAIN = "plain"  # XML Signature without properties


class CanonicalForm(StrEnum):
    """How `sisc sign` canonicalises."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE_10 = "inclusive-1.0"
    INCLUSIVE_11 = "inclusive-1.1"


_PROFILES: Final = {Profile.BES: SignatureProfile.XADES, Profile.PLAIN: SignatureProfile.PLAIN}
_CANONICAL_FORMS: Final = {
    CanonicalForm.EXCLUSIVE: C14N_EXCLUSIVE,
    CanonicalForm.INCLUSIVE_10: C14N_10,
    CanonicalForm.INCLUSIVE_11: C14N_11,
}


def sign(
    file: Annotated[
        Path,
        typer.Argument(help="The XML document; -: standard input."),
    ],
    key: KeyOption = None,
    key_password_file: KeyPasswordOption = None,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output without it.")] = None,
    profile: Annotated[Profile, typer.Option(help="bes: XAdES; plain: XML Signature only.")] = Profile.BES,
    c14n: Annotated[CanonicalForm, typer.Option(help="Canonical form signed.")] = CanonicalForm.EXCLUSIVE,
) -> None:
    """Sign a document: the signature becomes the last child of its document element."""
    if key is None:
        raise ConfigurationError(key="--key", reason="name a PKCS#12 file")
    root = parse_input(read_input(file), file=file)
    if root.find(f"{{{DS}}}Signature") is not None:
        raise ConfigurationError(key=str(file), reason="is signed already; the channel takes one signature")
    signed = sign_enveloped(
        root,
        load_key(key, key_password_file),
        at=now(),
        ids=signature_id,
        profile=_PROFILES[profile],
        c14n=_CANONICAL_FORMS[c14n],
    )
    write_output(out, signed)
