"""Senders that give up on nothing: the same bytes are sent until they have a sysRef."""

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.client.channel_client import ChannelClient, FaultError
from gateway.errors import UnavailableError
from tests.acceptance.enrolment import Enrolled
from tests.acceptance.messages import fresh_lrn, signed_example

__all__ = ["Senders"]

_PAUSE_SECONDS = 0.1
_EVERY = 10  # so many documents, one is turned away twice by the back end before it takes it
_SYS_REF = re.compile(r"sysRef ([0-9a-f-]{36})")


@dataclass(kw_only=True)
class Senders:
    """Accounts that send at the same time, each to all servers in turn."""

    urls: Sequence[str]
    accounts: Sequence[Enrolled]
    each: int  # documents an account
    codes: Sequence[str] = ("CC015C",)  # what is sent, in turn
    promised: list[str] = field(default_factory=list)  # every sysRef that was returned
    tried_again: Counter[str] = field(default_factory=Counter)  # by reason

    def send_all(self) -> None:
        """Send everything; returns when all of it has been accepted."""
        threads = [threading.Thread(target=self._send, args=(account,)) for account in self.accounts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, sender: Enrolled) -> None:
        servers = itertools.cycle(self.urls)
        for number in range(self.each):
            lrn = fresh_lrn("DOWN") if number % _EVERY == 0 else None
            content = signed_example(self.codes[number % len(self.codes)], sender.key, lrn=lrn)
            while not self._accepted(next(servers), sender, content):
                time.sleep(_PAUSE_SECONDS)

    def _accepted(self, url: str, sender: Enrolled, content: bytes) -> bool:
        account = sender.account
        try:
            with ChannelClient(url, login=account.login, password=account.password) as client:
                self.promised.append(client.send(content))
        except UnavailableError:
            self.tried_again["no answer"] += 1
            return False
        except FaultError as fault:
            return self._accepted_before(fault)
        return True

    def _accepted_before(self, fault: FaultError) -> bool:
        """An answer was lost on its way: the gateway names the document it has."""
        known = _SYS_REF.search(fault.text)
        if fault.code == "B002" and known is not None:
            self.tried_again["answer was lost"] += 1
            self.promised.append(known[1])
            return True
        if fault.code != "B010":
            raise fault
        self.tried_again["refused with B010"] += 1
        return False
