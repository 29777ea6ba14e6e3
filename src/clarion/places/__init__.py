"""Countries, cities, venue lists; what is nearest."""
