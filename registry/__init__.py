"""Accounts, persons, entities, representations: who may send what for whom."""
