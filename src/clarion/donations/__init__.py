"""Ways to give."""
