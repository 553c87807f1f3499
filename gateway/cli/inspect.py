"""`sisc check`: for those who write and test messages."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography import x509

from gateway.cli.checked import Language, record, show
from gateway.cli.files import read_input
from gateway.cli.output import JsonFlag, print_json
from gateway.clock import now
from gateway.codelists import read_folder
from gateway.errors import ConfigurationError
from gateway.flow.dates import parse_moment
from gateway.inspection import Inspector
from gateway.plausibility import GatewayPlausibility
from gateway.signer_classes import SignerClasses
from schemas.catalogue import Catalogue, load_builtin
from schemas.codelists import CodeList
from schemas.errors import CatalogueError
from schemas.packs.folder import PackFolder
from schemas.packs.live import LiveCatalogue
from schemas.validation import Validator
from signing.cbtd import CbtdRegister, WeakExemption
from signing.errors import RefusedError
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.trust import FirstTrust, PinnedTrust, TrustSource

__all__ = ["check"]

#: Variables for clients of any gateway; they say nothing of an installation here.
_CLIENT_VARIABLES: Final = frozenset({"SISC_CLIENT", "SISC_PASSWORD", "SISC_KEY_PASSWORD"})


def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="XML documents; -: standard input."),
    ],
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Only against the schema.")] = False,
    signature_only: Annotated[bool, typer.Option("--signature-only", help="Only the signature.")] = False,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="PEM or DER certificates of signers trusted as they are; may be repeated."),
    ] = None,
    at: Annotated[str | None, typer.Option(help="Moment to check for, e.g. 2026-03-01T12:00:00Z.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of what is found.")] = Language.ENGLISH,
    as_json: JsonFlag = False,
) -> None:
    """Check documents as the gateway would: schema and signature.

    Exits 1 if any document is not fully good.
    """
    if schema_only and signature_only:
        raise ConfigurationError(key="--schema-only", reason="excludes --signature-only")
    catalogue = _catalogue()
    good = True
    with _ground(trust or [], ask_installation=not schema_only) as ground:
        inspector = Inspector(
            catalogue=catalogue,
            validator=Validator(catalogue),
            trust=ground.trust,
            policy=ground.policy,
            register=ground.register,
            exemptions=ground.exemptions,
            classes=ground.classes,
            plausibility=_plausibility(),
            at=_moment(at),
        )
        for file in files:
            found = inspector.inspect(read_input(file), schema=not signature_only, signature=not schema_only)
            good = good and found.good
            if as_json:
                print_json(record(file, found))
            else:
                show(file, found, lang)
    if not good:
        raise typer.Exit(1)


def _catalogue() -> Catalogue:
    """The message types of this installation, where there is one: its packs count as at the gateway."""
    if not _may_be_installed():
        return load_builtin()
    from gateway.settings import load_settings  # noqa: PLC0415 - see _installed

    settings = load_settings()
    packs = PackFolder(settings.path(settings.schemas.packs), now)
    return LiveCatalogue(packs, _fail)


def _fail(error: CatalogueError) -> None:
    raise error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ground:
    """What signatures are judged by."""

    trust: TrustSource
    policy: SignaturePolicy = MESSAGE_POLICY
    register: CbtdRegister | None = None
    exemptions: Sequence[WeakExemption] = ()  # for registered CBTD keys
    classes: SignerClasses = field(default_factory=SignerClasses)


@contextmanager
def _ground(files: Sequence[Path], *, ask_installation: bool) -> Iterator[_Ground]:
    """The certificates named, then what this installation accepts, where there is one."""
    pinned = [certificate for file in files for certificate in _certificates(file)]
    named = [_pinned(pinned)] if pinned else []
    if not (ask_installation and _may_be_installed()):
        yield _Ground(trust=FirstTrust(named))
        return
    with _installed() as installed:
        if installed is None:
            yield _Ground(trust=FirstTrust(named))
        else:
            yield replace(installed, trust=FirstTrust([*named, installed.trust]))


def _may_be_installed() -> bool:
    """Whether there may be settings; only then is it worth while to read them."""
    return Path("sisc.toml").is_file() or any(
        name.startswith("SISC_") and name not in _CLIENT_VARIABLES for name in os.environ
    )


@contextmanager
def _installed() -> Iterator[_Ground | None]:
    """What the settings in force accept; None: no authority was ever made there.

    Settings and database take a second to import, and a check elsewhere does without.
    """
    from gateway.settings import load_settings  # noqa: PLC0415 - see above

    settings = load_settings()
    if not settings.path(settings.keys.authority_certificates).is_file():
        yield None
        return
    from gateway.cli.context import open_configured  # noqa: PLC0415 - see above
    from gateway.trust.cbtd import exemptions_of  # noqa: PLC0415 - see above
    from gateway.trust.sources import message_policy, signer_classes  # noqa: PLC0415 - see above
    from signing.cbtd_register import SqlCbtdRegister  # noqa: PLC0415 - see above

    with open_configured() as gateway, gateway.store.read() as work:
        yield _Ground(
            trust=gateway.trust.source(work),
            policy=message_policy(settings),
            register=SqlCbtdRegister(work.connection),
            exemptions=exemptions_of(settings),
            classes=signer_classes(settings),
        )


def _plausibility() -> GatewayPlausibility:
    """With the settings and code lists of this installation, where there is one."""
    if not _may_be_installed():
        nothing: Mapping[str, CodeList] = {}
        return GatewayPlausibility(lambda: nothing)
    from gateway.settings import load_settings  # noqa: PLC0415 - see _installed

    settings = load_settings()
    options = settings.plausibility
    lists = read_folder(settings.path(options.code_lists))
    return GatewayPlausibility(lambda: lists, level=options.level, rules=options.rules)


def _pinned(certificates: Sequence[x509.Certificate]) -> TrustSource:
    try:
        return PinnedTrust(certificates)
    except (RefusedError, ValueError) as error:
        raise ConfigurationError(key="--trust", reason=f"a certificate cannot be used: {error}") from error


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(key="--trust", reason=f"cannot read {file}: {error.strerror}") from error
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        reason = f"{file} holds no certificate in PEM or DER"
        raise ConfigurationError(key="--trust", reason=reason) from error


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    moment = parse_moment(text)
    if moment is None:
        raise ConfigurationError(key="--at", reason=f"{text!r} is neither a date nor a time")
    return moment.moment
