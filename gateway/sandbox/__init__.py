"""A gateway to try out: made-up people, simulated back ends, the tour."""
