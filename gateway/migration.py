"""Importing PDR files: in batches of their own transactions, or dry, with nothing entered."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from cryptography import x509
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import IntegrityError

import registry.tables
import signing.tables
from gateway.channel import IdMaker
from gateway.store.ports import Store
from registry.pdr.drafts import RefusedRecordError
from registry.pdr.entering import BatchResult, Outcome, PdrEntry
from registry.pdr.reading import read_records
from registry.pdr.records import PdrFileError, PdrRecord, Problem, ProblemCode
from signing.cbtd import CbtdRecord, cbtd_record
from signing.cbtd_register import SqlCbtdRegister
from signing.errors import FrozenRegisterError, UnfitCertificateError

__all__ = ["CbtdKeys", "PdrImport"]

_BATCH: Final = 500  # records a transaction: nobody else waits longer for the write lock
_TRIES: Final = 5  # of a batch that others overtake


@dataclass(frozen=True, slots=True)
class CbtdKeys:
    """Implements `registry.pdr.entering.KeyRegister` on the register of CBTD keys."""

    registers: Sequence[SqlCbtdRegister]  # looked at; the last is written to

    def enter(self, certificate: bytes, *, person_id: str) -> bool:
        """Enter a certificate (DER); whether it was not there before.

        Raises:
            RefusedRecordError: it cannot be used, belongs to somebody else, or the register is frozen.
        """
        try:
            record = cbtd_record(x509.load_der_x509_certificate(certificate), person_id=person_id)
            return self._register_for(record).enter(record)
        except FrozenRegisterError as error:
            raise _refused(
                ProblemCode.KEYS_FROZEN, "Rejestr kluczy CBTD jest zamknięty.", str(error)
            ) from error
        except (ValueError, UnfitCertificateError) as error:
            raise _refused(
                ProblemCode.BAD_CERTIFICATE, "Certyfikatu nie można użyć.", f"the certificate: {error}"
            ) from error

    def _register_for(self, record: CbtdRecord) -> SqlCbtdRegister:
        """The one that knows the certificate, or is closed; else the one that is written to."""
        for register in self.registers:
            if register.find(record.fingerprint) is not None or register.imported() is not None:
                return register
        return self.registers[-1]


def _refused(code: ProblemCode, message_pl: str, message_en: str) -> RefusedRecordError:
    return RefusedRecordError(code, "certificate", message_pl, message_en)


@dataclass(frozen=True, kw_only=True, slots=True)
class PdrImport:
    """One run of an import. Every record is entered once, however often it runs or is killed."""

    store: Store
    operator: str
    at: datetime
    new_id: IdMaker
    on_problem: Callable[[Problem], object]
    on_progress: Callable[[int], object]  # told how many records a batch had

    def run(self, file: BinaryIO) -> Counter[Outcome]:
        """Enter the records of a file, a batch a transaction; how many came to what.

        Args:
            file: CSV or XML, seekable.

        Raises:
            PdrFileError: the file cannot be read on; what stands before is entered.
            UnavailableError: the store is out of reach.
        """
        return self._each_batch(file, self._enter)

    def rehearse(self, file: BinaryIO) -> Counter[Outcome]:
        """Do the same with nothing entered: what is new stands in a database of its own, then gone."""
        with _scratch() as scratch:
            return self._each_batch(file, lambda records: self._try(records, scratch))

    def freeze_keys(self) -> int:
        """Close the register of CBTD keys for good; how many certificates it holds.

        Raises:
            FrozenRegisterError: this was done before.
        """
        with self.store.begin() as work:
            done = SqlCbtdRegister(work.connection).freeze([], operator=self.operator, at=self.at)
            work.commit()
        return done.certificates

    def _each_batch(
        self, file: BinaryIO, enter: Callable[[Sequence[PdrRecord]], BatchResult]
    ) -> Counter[Outcome]:
        outcomes: Counter[Outcome] = Counter()
        for records in _batches(read_records(file)):
            result = enter(records)
            outcomes += result.outcomes
            for problem in result.problems:
                self.on_problem(problem)
            self.on_progress(len(records))
        return outcomes

    def _enter(self, records: Sequence[PdrRecord]) -> BatchResult:
        for _ in range(_TRIES - 1):
            try:
                return self._enter_once(records)
            except IntegrityError:  # somebody else registered one of them since we looked
                continue
        return self._enter_once(records)

    def _enter_once(self, records: Sequence[PdrRecord]) -> BatchResult:
        with self.store.begin() as work:
            result = self._entry(work.connection).enter(records)
            work.commit()
        return result

    def _try(self, records: Sequence[PdrRecord], scratch: Connection) -> BatchResult:
        with self.store.read() as work:
            return self._entry(work.connection, scratch).enter(records)

    def _entry(self, *connections: Connection) -> PdrEntry:
        keys = CbtdKeys([SqlCbtdRegister(connection) for connection in connections])
        return PdrEntry(
            connections=connections, keys=keys, operator=self.operator, at=self.at, new_id=self.new_id
        )


def _batches(records: Iterator[PdrRecord]) -> Iterator[Sequence[PdrRecord]]:
    batch: list[PdrRecord] = []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except PdrFileError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


@contextmanager
def _scratch() -> Iterator[Connection]:
    """An empty register in a file of its own, so that a large dry run takes no memory."""
    with tempfile.TemporaryDirectory(prefix="sisc-pdr-") as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
        registry.tables.metadata.create_all(engine)
        signing.tables.metadata.create_all(engine)
        with engine.connect() as connection:
            yield connection
        engine.dispose()
