"""Mails promised: kind, record id, language, due, lane, attempts."""
