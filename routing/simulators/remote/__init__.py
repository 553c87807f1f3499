"""A simulated back end as a program of its own, which speaks the contract of remote back ends."""
