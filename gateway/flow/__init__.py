"""A document's way: intake, verification, delivery, mailbox."""
