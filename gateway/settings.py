"""All settings: one frozen tree, read once from `sisc.toml` and `SISC_…` environment variables.

An environment variable wins over the file: `SISC_WEB__PORT=9090` sets `port` in `[web]`.
Relative paths are taken from the folder of `sisc.toml`.
"""

import os
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from gateway.errors import ConfigurationError
from gateway.route_options import AnyRoute
from schemas.wording import PlausibilityCode

__all__ = [
    "CONFIG_VARIABLE",
    "CbtdExemptionOptions",
    "EdgeOptions",
    "KeyOptions",
    "MailboxOptions",
    "PkiOptions",
    "PlausibilityOptions",
    "RetentionOptions",
    "RevocationOptions",
    "SchemaOptions",
    "Settings",
    "SignerOptions",
    "StoreOptions",
    "TrustOptions",
    "WebOptions",
    "WorkerOptions",
    "load_settings",
    "settings_file",
]

#: Names the settings file for this process and those it starts.
CONFIG_VARIABLE = "SISC_CONFIG"
_DEFAULT_FILE = "sisc.toml"


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _in_capitals(table: object) -> object:
    """Codes are in capitals; names of environment variables arrive in small letters, and last."""
    if not isinstance(table, Mapping):
        return table
    merged: dict[str, object] = {}
    for key, value in table.items():
        code = str(key).upper()
        merged[code] = _merged(merged.get(code), value)
    return merged


def _merged(before: object, value: object) -> object:
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **value}
    return value


class StoreOptions(_Options):
    """`[store]`."""

    url: str = Field(
        default="",
        repr=False,  # may hold a password
        description="SQLAlchemy URL; empty: SQLite in the data folder, else postgresql+psycopg://…",
    )


class KeyOptions(_Options):
    """`[keys]`: files with secrets, each readable by the service account only."""

    credentials: Path = Field(default=Path("keys/credentials.key"), description="Fernet keys, newest first")
    seal: Path = Field(default=Path("keys/seal.p12"), description="PKCS#12 of the receipts' seal")
    seal_password: str = Field(
        default="", repr=False, description="password of `seal`; better by environment"
    )
    authority: Path = Field(default=Path("keys/ca.p12"), description="PKCS#12 of the SC authority")
    authority_certificates: Path = Field(
        default=Path("keys/ca.pem"), description="PEM of the SC authority's certificates, old and new"
    )
    authority_password: str = Field(
        default="", repr=False, description="password of `authority`, or PIN of its PKCS#11 token"
    )
    authority_pkcs11: str = Field(
        default="",
        description="pkcs11: URI (RFC 7512) of the authority's key in a token, instead of `authority`",
    )
    responder: Path = Field(default=Path("keys/ocsp.p12"), description="PKCS#12 of the OCSP responder")
    responder_password: str = Field(default="", repr=False, description="password of `responder`")


class PkiOptions(_Options):
    """`[pki]`: what the SC authority publishes about its certificates."""

    public_url: str | None = Field(
        default=None,
        description="URL that new certificates name for CRL, OCSP and issuer; best http, ends before /pki",
    )
    crl_interval_hours: int = Field(default=24, ge=1, le=168, description="longest time between two CRLs")
    crl_validity_hours: int = Field(
        default=72, ge=2, le=720, description="nextUpdate of a CRL; longer than the interval"
    )
    ocsp_validity_minutes: int = Field(default=60, ge=1, le=1440, description="nextUpdate of OCSP answers")
    responder_days: int = Field(
        default=30, ge=1, le=90, description="validity of the OCSP responder's certificate"
    )
    expiry_notice_days: tuple[int, ...] = Field(
        default=(30, 7, 1), description="days before its end when a certificate is reported as expiring"
    )


class CbtdExemptionOptions(_Options):
    """`[[trust.cbtd_exemptions]]`: DANGEROUS, weak signatures of registered CBTD keys of one issuer."""

    issuer: str = Field(
        min_length=1, description="of the certificates, RFC 4514, as `sisc trust cbtd list` shows it"
    )
    until: date = Field(description="last day of receipt, Polish time")
    sha1: bool = Field(default=False, description="let SHA-1 through, as digest and with RSA")
    rsa_bits: int | None = Field(
        default=None, ge=1024, le=2048, description="least RSA key; None: as everywhere"
    )
    plain: bool = Field(default=False, description="let XML Signatures without XAdES properties through")


class TrustOptions(_Options):
    """`[trust]`: by which lists, seals and registers certificates of others are accepted."""

    list_of_lists: str = Field(
        default="https://ec.europa.eu/tools/lotl/eu-lotl.xml",
        pattern="^https?://",
        description="address of the EU list of lists",
    )
    list_of_lists_signers: Path | None = Field(
        default=None,
        description="PEM of who may sign it, from the Official Journal; None: no qualified certificates",
    )
    refresh_hours: float = Field(default=6, gt=0, le=24, description="time between two looks at a list")
    grace_days: float = Field(
        default=7, ge=0, le=90, description="how long after its next update a list is still used"
    )
    timeout_seconds: float = Field(default=30, gt=0, le=600, description="longest silence of a list's server")
    demand: Literal["certificate", "signature"] = Field(
        default="certificate",
        description="certificate: a qualified one is enough; signature: its key in a qualified device, too",
    )
    evidence_days: int = Field(
        default=3660,
        ge=0,
        description="evidence and replaced lists stay so long after a decision rested on them; 0: for good",
    )
    trusted_profile_seals: Path | None = Field(
        default=None,
        description="PEM of the trusted profile's seals, old and new; None: no trusted signatures",
    )
    trusted_profile_authorities: Path | None = Field(
        default=None, description="PEM of the authorities that issue these seals"
    )
    cbtd_exemptions: tuple[CbtdExemptionOptions, ...] = Field(
        default=(), description="weak signatures of registered CBTD keys that are let through for a time"
    )


class SignerOptions(_Options):
    """`[signers]`: whose signatures count where, of the classes that are set up at all."""

    accepted: Mapping[str, tuple[Literal["SC", "QUALIFIED", "CBTD", "TRUSTED_PROFILE"], ...]] = Field(
        default_factory=dict, description="target system → classes accepted; a system not named takes all"
    )
    plain: tuple[Literal["SC", "QUALIFIED", "CBTD"], ...] = Field(
        default=("SC", "CBTD"),
        description="classes whose XML Signatures count without XAdES properties; of others XAdES is asked",
    )
    qualified_types: tuple[str, ...] = Field(
        default=(), description="message types that must bear a qualified signature, e.g. WPE0001"
    )

    @field_validator("accepted", mode="before")
    @classmethod
    def _systems_in_capitals(cls, accepted: object) -> object:
        return _in_capitals(accepted)


class RevocationOptions(_Options):
    """`[revocation]`: CRLs and OCSP responses of other authorities."""

    ocsp_minutes: int = Field(
        default=60, ge=3, le=1440, description="an OCSP response is good so long after its thisUpdate"
    )
    crl_minutes: int = Field(default=60, ge=5, le=1440, description="time between two looks for a newer CRL")
    source_seconds: float = Field(default=2, gt=0, le=30, description="longest wait for a source")
    watch_days: int = Field(
        default=7, ge=1, le=90, description="data of a certificate is kept fresh so long after its last use"
    )
    stale_grace_hours: float = Field(
        default=0,
        ge=0,
        le=168,
        description="DANGEROUS: signatures pass on revocation data so long past its time; each is logged",
    )


class PlausibilityOptions(_Options):
    """`[plausibility]`: values of the right form that cannot be right; codes are `VALUE_MRN` and the like."""

    level: Literal["off", "warning", "error"] = Field(
        default="warning", description="off: not looked at; warning: told in the UPP; error: refused"
    )
    rules: Mapping[PlausibilityCode, Literal["off", "warning", "error"]] = Field(
        default_factory=dict, description="code → level, for those that differ from `level`"
    )
    code_lists: Path = Field(
        default=Path("codelists"), description="folder of the lists that `sisc codelists install` fills"
    )

    @field_validator("rules", mode="before")
    @classmethod
    def _codes_in_capitals(cls, rules: object) -> object:
        return _in_capitals(rules)


class WebOptions(_Options):
    """`[web]`: the HTTP server."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=1, le=65535, description="TCP port")
    public_url: str | None = Field(
        default=None, description="URL clients use, without path; None: taken from each request's Host"
    )
    processes: int = Field(default=1, ge=1, le=64, description="server processes")
    threads: int = Field(default=16, ge=1, le=256, description="request threads a process")
    certificate: Path | None = Field(default=None, description="PEM chain; with `key` turns TLS on")
    key: Path | None = Field(default=None, description="PEM private key")
    client_ca: Path | None = Field(
        default=None, description="PEM of CAs whose client certificates are asked for"
    )
    demand_client_certificate: bool = Field(default=False, description="refuse clients without a certificate")
    metrics: bool = Field(default=True, description="serve Prometheus figures under /metrics")


class EdgeOptions(_Options):
    """`[edge]`: what a request may be."""

    content_bytes: int = Field(
        default=15 * 2**20, ge=1, description="document plus attachments after base64 decoding, bytes"
    )
    attachments: int = Field(default=1, ge=0, description="attachments a document")
    depth: int = Field(default=200, ge=10, description="nesting of elements")
    nodes: int = Field(default=2_000_000, ge=1000, description="elements of one document")
    clock_skew_seconds: int = Field(
        default=300, ge=1, description="wsu:Created may differ so much, both ways"
    )
    concurrent_requests: int = Field(default=10, ge=1, description="per account and server process (E011)")
    wrong_digests: int = Field(default=3, ge=1, description="consecutive ones that lock an account")


class MailboxOptions(_Options):
    """`[mailbox]`."""

    look_back_days: int = Field(default=31, ge=1, description="GetNextDocument looks back so far (one month)")
    window_days: int = Field(default=10, ge=1, description="longest span of dataOd to dataDo")
    proof_days: int = Field(
        default=14, ge=1, description="an UPD must be back within so many days, else a PND"
    )
    page_documents: int = Field(default=100, ge=1, description="documents a GetDocuments answer")
    page_bytes: int = Field(default=64 * 2**20, ge=1, description="content bytes a GetDocuments answer")


class SchemaOptions(_Options):
    """`[schemas]`: message types beside the built-in ones."""

    packs: Path = Field(
        default=Path("packs"),
        description="folder of the installed schema packs, the same for every web server and worker",
    )


class WorkerOptions(_Options):
    """`[worker]`."""

    verify_threads: int = Field(default=1, ge=1, le=64, description="verifying threads a process")
    batch: int = Field(default=32, ge=1, le=1000, description="documents claimed at once")
    batch_bytes: int = Field(
        default=64 * 2**20, ge=1, description="payload bytes loaded at once, a thread; larger documents alone"
    )
    lease_seconds: int = Field(default=60, ge=5, description="after so long another worker takes over")
    idle_seconds: float = Field(
        default=1.0, gt=0, le=60, description="longest sleep between looks for due work"
    )


_Days = Annotated[int, Field(ge=30)]


_Leaving = Literal[
    "not_submitted", "undeliverable", "confirmed", "rejected", "answered", "quarantine", "unsolicited"
]


class RetentionOptions(_Options):
    """`[retention]`: how long what is finished is kept; documents with their receipts, answers and events."""

    days: Mapping[_Leaving, _Days] = Field(
        default_factory=dict,
        description="state → days since the last answer; `quarantine`: since an operator decided; "
        "`unsolicited` (mailbox documents that answer none): since they were read; others stay for good",
    )
    export: Path | None = Field(
        default=None, description="folder they are written to before they go; None: they are only deleted"
    )


class Settings(BaseSettings):
    """Every setting of the product."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="SISC_", env_nested_delimiter="__", env_ignore_empty=True
    )

    data: Path = Field(default=Path("data"), description="folder for the embedded database")
    operator: str = Field(
        default="Izba Administracji Skarbowej", min_length=1, description="named in receipts as their issuer"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe log records that are written"
    )
    store: StoreOptions = StoreOptions()
    keys: KeyOptions = KeyOptions()
    pki: PkiOptions = PkiOptions()
    trust: TrustOptions = TrustOptions()
    signers: SignerOptions = SignerOptions()
    revocation: RevocationOptions = RevocationOptions()
    plausibility: PlausibilityOptions = PlausibilityOptions()
    web: WebOptions = WebOptions()
    edge: EdgeOptions = EdgeOptions()
    mailbox: MailboxOptions = MailboxOptions()
    worker: WorkerOptions = WorkerOptions()
    retention: RetentionOptions = RetentionOptions()
    schemas: SchemaOptions = SchemaOptions()
    routes: Mapping[str, AnyRoute] = Field(
        default_factory=dict, description="target system → route; of systems not named the built-in one"
    )

    folder: Path = Field(
        default=Path(), exclude=True, description="where relative paths start; set by the loader"
    )

    @field_validator("routes", mode="before")
    @classmethod
    def _systems_in_capitals(cls, routes: object) -> object:
        return _in_capitals(routes)

    def path(self, relative: Path) -> Path:
        """A configured path, made absolute."""
        return (self.folder / relative).absolute()

    @property
    def store_url(self) -> str:
        """The database to use."""
        return self.store.url or f"sqlite:///{self.path(self.data) / 'sisc.sqlite3'}"


class _SiscEnvironment(EnvSettingsSource):
    """Environment variables, less the one that names the file."""

    def __call__(self) -> dict[str, object]:
        return {key: value for key, value in super().__call__().items() if key != "config"}


def load_settings(file: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        file: `sisc.toml`; None takes `SISC_CONFIG`, else ./sisc.toml if there is one, else defaults only.

    Raises:
        ConfigurationError: the file is absent, unreadable or holds an unknown key or a bad value.
    """
    chosen = settings_file(file)
    try:
        return _settings_class(chosen)(folder=chosen.parent)
    except ValidationError as error:
        raise _unusable(error.errors()[0], chosen) from error
    except SettingsError as error:
        raise ConfigurationError(key="SISC_…", reason=f"environment: {error}") from error
    except (ValueError, OSError) as error:  # not TOML, or not readable
        raise ConfigurationError(key=str(chosen), reason=str(error)) from error


def settings_file(file: Path | None = None) -> Path:
    """The file that `load_settings` reads; unless it was named it need not be there.

    Raises:
        ConfigurationError: it was named and is not there.
    """
    named = file or _named_by_environment()
    if named is not None and not named.is_file():
        raise ConfigurationError(key=CONFIG_VARIABLE, reason=f"there is no file {named}")
    return (named or Path(_DEFAULT_FILE)).absolute()


def _unusable(error: ErrorDetails, file: Path) -> ConfigurationError:
    """What is wrong with which key, and where it was set."""
    key = _key(error)
    variable = f"SISC_{key.replace('.', '__').upper()}"
    place = variable if variable in map(str.upper, os.environ) else file
    reason = _unknown(key) if error["type"] == "extra_forbidden" else error["msg"]
    return ConfigurationError(key=key, reason=f"{reason} (in {place})")


def _unknown(key: str) -> str:
    """That there is no such key, and which one may have been meant."""
    *tables, name = key.split(".")
    known: Mapping[str, object] = Settings.model_fields
    for table in tables:
        options = getattr(known.get(table), "annotation", None)
        known = options.model_fields if isinstance(options, type) and issubclass(options, BaseModel) else {}
    near = get_close_matches(name, known, n=1)
    meant = f"; did you mean {'.'.join([*tables, *near])}?" if near else ""
    return f"there is no such setting{meant}"


def _key(error: ErrorDetails) -> str:
    """The key as it stands in the file: for a route pydantic names its adapter, too."""
    top, *rest = map(str, error["loc"])
    if top == "routes" and error["type"].startswith("union_tag"):
        rest.append("adapter")
    elif top == "routes":
        del rest[1:2]
    return ".".join([top, *rest])


def _named_by_environment() -> Path | None:
    value = os.environ.get(CONFIG_VARIABLE)
    return Path(value) if value else None


def _settings_class(file: Path) -> type[Settings]:
    class FileSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (
                init_settings,
                _SiscEnvironment(settings_cls),
                TomlConfigSettingsSource(settings_cls, file if file.is_file() else None),
            )

    return FileSettings
