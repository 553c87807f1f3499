"""The README of the sandbox: what is there, and the table for people."""

from collections.abc import Sequence
from typing import Final

from gateway.pki.sandbox.cases import Case

__all__ = ["PASSWORD", "readme"]

#: Protects every key file of the sandbox; no secret.
PASSWORD: Final = "sandbox"  # noqa: S105 - written into the folder's README


_HEAD: Final = (
    "signed document",
    "signer",
    "class",
    "what it is",
    "sign with",
    "check with",
    "indication",
    "sub-indication",
    "code",
)


def readme(cases: Sequence[Case]) -> str:
    """The text, in Markdown.

    Args:
        cases: the lines of the table.
    """
    rows = [
        f"| {' | '.join(_HEAD)} |",
        "| --- " * len(_HEAD) + "|",
        *(_row(case) for case in cases),
    ]
    return _TEXT + "\n".join(rows) + "\n"


def _row(case: Case) -> str:
    cells = (
        f"signed/{case.document}",
        case.signer,
        case.kind.value,
        case.what,
        "" if case.role else f"--profile {case.profile}",
        f"--trust signers/{case.signer}.pem" if case.pinned else "",
        case.indication.value,
        case.sub_indication.value if case.sub_indication else "",
        case.rule.value if case.rule else "",
    )
    return f"| {' | '.join(cells)} |"


_TEXT: Final = f"""# Certificates to test with

Made by `sisc pki sandbox`. Throw-away: no real authority knows these keys.
The password of every `.p12` is `{PASSWORD}`.

| file | what it is |
| --- | --- |
| `signed/NAME.xml` | the document, signed by each signer in each way of the table |
| `signers/NAME.p12` | PKCS#12 with a signer's key, certificate and issuer |
| `signers/NAME.pem` | the same certificate and key as PEM, without password |
| `index.jsonl` | the table below for programs, one JSON object a line |
| `document.xml` | something to sign; any XML document will do |
| `ca.pem`, `sc.crl` | certificate and CRL of the SC authority |
| `trust` | what the settings pin: signer of the list of lists, the trusted profile's seal and its authority |
| `www` | made trusted lists, and CRLs and certificates of the other authorities |
| `sisc.toml`, `data`, `keys` | settings, database and keys of the SC authority |

All of it is in the database already, so that this is all it takes, for any line of the table:

```console
$ sisc check --signature-only signed/held.xml
```

To sign something else:

```console
$ export SISC_KEY_PASSWORD={PASSWORD}
$ sisc sign document.xml --key signers/held.p12 --profile bes --out mine.xml
$ sisc check --signature-only mine.xml
```

Change a status and see it at once: `sisc ca list`, `sisc ca unsuspend SERIAL --reason test`, `sisc check …`.

Certificates and lists name addresses on this machine: those of the SC authority are what `sisc web` serves on
its usual port, the others what `python -m http.server 8099 --directory www` does; `sisc trust update`
looks there.
The lists and CRLs are good for half a year, the CRL of the SC authority for three days.

"""
