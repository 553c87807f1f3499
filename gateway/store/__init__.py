"""Documents, mailbox, events and work items on SQLite or PostgreSQL."""
