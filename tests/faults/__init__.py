"""Many processes, many senders, and everything that can break breaking: nothing is lost, nothing doubled."""
