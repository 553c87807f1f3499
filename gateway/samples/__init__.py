"""Sample messages: valid ones, and ones with a single known fault."""
