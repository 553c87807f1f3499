"""Schema packs: official schemas that an operator installs beside our own, and that take precedence."""
