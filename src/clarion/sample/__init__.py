"""The sample call that the demo launches."""
