"""What the interface says in each language: catalogues, plurals, dates, numbers."""
