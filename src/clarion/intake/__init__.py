"""The public process: published files out, submissions into the inbox. No Django."""
