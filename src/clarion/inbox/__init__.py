"""Append-only hand-over from intake to worker; plain SQL, no Django."""
