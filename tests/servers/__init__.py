"""Servers of one test alone, which it may stop, kill and start again."""
