"""How the gateway behaves with many workers, a long backlog and a full store."""
