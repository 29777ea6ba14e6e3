"""A call as a folder or pasted text: read, check, store, compare, write out."""
