"""Where a document goes, delivering it durably, taking the answer back."""
