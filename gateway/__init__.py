"""The edge and the flow: SOAP, intake, verification, receipts, mailbox, store, workers, command line."""
