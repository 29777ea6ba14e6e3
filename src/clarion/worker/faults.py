"""Whose fault an error is: that of a row or a mail, which is put aside, or the database's, for which all wait."""

from django.db import DataError, Error, IntegrityError

# What a single row may bring about.
_FAULT_OF_A_ROW = (IntegrityError, DataError)


def raise_trouble(error: Exception) -> None:
    """Raise what is wrong with the records and not with a row: trying again later helps."""
    if isinstance(error, Error) and not isinstance(error, _FAULT_OF_A_ROW):
        raise error
