"""The machines that work on one set of records: their signs of life, and whether they hold the same keys."""
