"""Decisions on what strangers propose, with reasons and undo; reports."""
