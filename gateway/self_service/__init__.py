"""What registered persons see of themselves, and do for themselves."""
