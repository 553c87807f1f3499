"""Is a signature good, whose is it, of which class; our own seal; the SC certificate authority."""
