"""Applications to the register (e-Klient forms): examined by rules, applied, and answered with a decision."""
