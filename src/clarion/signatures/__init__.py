"""Signatures, how they are confirmed, and the counts."""
