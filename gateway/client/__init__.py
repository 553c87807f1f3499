"""A client of the channel, for the command line, the demo and declarant tools."""
