"""A throw-away world of certificates for testers: signers of every class, good and bad."""
