"""The public site: records in, files out."""
