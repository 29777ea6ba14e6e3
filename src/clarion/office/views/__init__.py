"""The office's views, one module for each thing in its navigation."""
