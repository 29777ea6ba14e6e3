"""Coarse work promised in the transaction that needs it."""
