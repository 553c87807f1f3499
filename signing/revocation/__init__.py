"""Is a certificate of another authority revoked: CRLs (RFC 5280 §5, §6.3) and OCSP (RFC 6960)."""
