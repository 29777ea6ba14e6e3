"""Values without I/O that every process shares."""
