"""`python -m gateway.cli` is `sisc`."""

from gateway.cli import main

main()
