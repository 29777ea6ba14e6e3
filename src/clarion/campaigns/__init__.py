"""Campaigns with their statements, demands, translations and updates."""
