"""Which messages exist, which schema is valid when, is a document valid and if not why."""
