"""Append-only record of what organisers and the host did."""
