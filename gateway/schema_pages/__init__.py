"""What the gateway publishes about messages: their schemas, and a page a type for people."""
