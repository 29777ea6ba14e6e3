"""Whose fault an error is: that of a row or a mail, which is put aside, or this machine's, for which all wait."""

from django.db import DataError, Error, IntegrityError

from clarion.places.countries import CountrySettingsError
from clarion.privacy.erased import ErasuresNotNoted

# What a single row may bring about.
_FAULT_OF_A_ROW = (IntegrityError, DataError)
_TROUBLE = (Error, ErasuresNotNoted, CountrySettingsError)


def raise_trouble(error: Exception) -> None:
    """Raise what is wrong with records, disk or settings and not with a row: trying again later helps."""
    if isinstance(error, _TROUBLE) and not isinstance(error, _FAULT_OF_A_ROW):
        raise error
