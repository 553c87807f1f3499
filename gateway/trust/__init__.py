"""Trust sources of the flow: lists, revocation, trusted profile, CBTD."""
