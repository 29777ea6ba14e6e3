"""Events, their revisions, and who may change them."""
