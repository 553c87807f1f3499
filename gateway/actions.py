"""The closed list of things that happen here: the `action` of every log record, event and metric."""

from enum import StrEnum

__all__ = ["Action"]


class Action(StrEnum):
    """What happened. Operators filter on these; a value never changes its meaning."""

    # the edge
    REQUEST_SERVED = "request_served"  # an operation of the channel answered
    REQUEST_REFUSED = "request_refused"  # a fault was returned
    INTERNAL_ERROR = "internal_error"  # a defect of ours; the incident id is in the fault
    # a document's life
    DOCUMENT_RECEIVED = "document_received"  # stored; its sysRef was returned
    DOCUMENT_SUBMITTED = "document_submitted"  # verified, UPP issued
    DOCUMENT_NOT_SUBMITTED = "document_not_submitted"  # refused, NPP issued
    DOCUMENT_DELIVERED = "document_delivered"  # the back end has it
    DELIVERY_POSTPONED = "delivery_postponed"  # the back end could not take it; retried later
    DELIVERY_GIVEN_UP = "delivery_given_up"  # retries are over
    DELIVERY_REJECTED = "delivery_rejected"  # the back end refuses it for good
    ANSWER_RECEIVED = "answer_received"  # a document of the back end was put into the mailbox
    ANSWER_WITHHELD = "answer_withheld"  # it is handed out against a signed UPD; the UPD is in the mailbox
    ANSWER_RELEASED = "answer_released"  # the signed UPD came back; the answer is in the mailbox
    ANSWER_LAPSED = "answer_lapsed"  # no signed UPD came in time; a PND goes to the back end
    ANSWER_QUARANTINED = "answer_quarantined"  # unfit or for nobody known; an operator decides
    QUARANTINE_RELEASED = "quarantine_released"  # an operator has passed an answer on
    QUARANTINE_DROPPED = "quarantine_dropped"  # an operator has decided that an answer is for nobody
    ANSWERS_REFUSED = "answers_refused"  # a callback was not let in, or was no envelope of answers
    ANSWERS_UNREACHABLE = "answers_unreachable"  # answers of a back end could not be fetched; tried again
    DOCUMENT_COLLECTED = "document_collected"  # a mailbox document was handed out by GetNext…
    # what operators do
    DOCUMENT_RETRIED = "document_retried"  # due at once, or taken up again
    DOCUMENT_HELD = "document_held"  # kept back
    DOCUMENT_RELEASED = "document_released"  # goes on
    DOCUMENT_REROUTED = "document_rerouted"  # to another target system
    SYSTEM_PAUSED = "system_paused"  # deliveries wait; of the gateway: AcceptDocument is refused (B010)
    SYSTEM_RESUMED = "system_resumed"
    APPLICATION_DECIDED = "application_decided"  # an application to the register: granted, refused or waiting
    # the workers
    WORKER_STARTED = "worker_started"
    SIMULATED_UNASKED = "simulated_unasked"  # real back ends, and systems simulated that no setting names
    WORKER_STOPPED = "worker_stopped"
    WORK_FAILED = "work_failed"  # a step failed unexpectedly; the item comes back
    LEASE_LOST = "lease_lost"  # another worker took the item over; nothing was written
    STORE_UNAVAILABLE = "store_unavailable"
    CIRCUIT_OPENED = "circuit_opened"  # a back end failed repeatedly; deliveries pause
    CIRCUIT_CLOSED = "circuit_closed"
    NONCES_PURGED = "nonces_purged"
    DOCUMENTS_PURGED = "documents_purged"  # kept as long as the settings say; exported before, where set
    # the certificate authority
    CERTIFICATE_ISSUED = "certificate_issued"
    CERTIFICATE_STATUS_CHANGED = "certificate_status_changed"  # held, released or revoked
    CERTIFICATE_EXPIRING = "certificate_expiring"  # told once a certificate and threshold
    CRL_PUBLISHED = "crl_published"
    CRL_OVERDUE = "crl_overdue"  # no CRL, or the last one is older than the interval of publication
    OCSP_ANSWERED = "ocsp_answered"
    RESPONDER_RENEWED = "responder_renewed"  # the OCSP responder has a new key and certificate
    # trusted lists
    TRUST_LIST_ACCEPTED = "trust_list_accepted"  # a new list is in force
    TRUST_LIST_REFUSED = "trust_list_refused"  # signature, form or order; the list held stays in force
    TRUST_LIST_UNREACHABLE = "trust_list_unreachable"  # could not be fetched; the list held stays in force
    TRUST_LIST_STALE = "trust_list_stale"  # past its next update; refused as a basis once the grace is over
    TRUST_LIST_DROPPED = "trust_list_dropped"  # a list held is not in force: its signer is announced no more
    # revocation data of other authorities
    REVOCATION_FETCHED = "revocation_fetched"  # a CRL or OCSP response is in the cache
    REVOCATION_NOT_FETCHED = "revocation_not_fetched"  # no answer, or one that is refused; asked again later
    REVOCATION_STALE_ACCEPTED = "revocation_stale_accepted"  # by the operator's grace, off by default
    SIGNER_KEY_ENDING = "signer_key_ending"  # good signatures by a key that a known day makes too weak
    EVIDENCE_PURGED = "evidence_purged"  # CRLs, OCSP responses, certificates, lists nobody needs any more
    # schema packs
    PACKS_UNREADABLE = (
        "packs_unreadable"  # a change of the packs cannot be read; the earlier ones stay in force
    )
    TRIAL_REFUSED = "trial_refused"  # a document that is valid would not be by a pack on trial
    # accounts
    ACCOUNT_LINKING = "account_linking"  # an account tried a one-time password
    # running it
    PROCESS_STARTED = "process_started"
    PROCESS_ENDED = "process_ended"
    LIBRARY_LOGGED = "library_logged"  # a warning of a library or of a package that knows no observer
    CODE_LISTS_REFUSED = "code_lists_refused"  # unusable; those read before stay in force
    VALIDATORS_DISAGREE = "validators_disagree"  # libxml2 and xmlschema differ on a document
