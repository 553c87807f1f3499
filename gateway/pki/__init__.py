"""The SC certificate authority at work: issuing, publishing, responding, expiry."""
