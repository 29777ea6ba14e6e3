"""Every write to signatures and their sums."""

from clarion.signatures.actions.counting import confirm_signatures
from clarion.signatures.actions.ending import (
    deny_signature,
    erase_expired_signatures,
    erase_kept_long_enough,
    erase_signatures,
    forget_withdrawn_addresses,
    withdraw_all,
)
from clarion.signatures.actions.freezing import freeze_counts, unfreeze_counts
from clarion.signatures.actions.taking import note_mailed, take_signatures

__all__ = [
    "confirm_signatures", "deny_signature", "erase_expired_signatures", "erase_kept_long_enough", "erase_signatures",
    "forget_withdrawn_addresses", "freeze_counts", "note_mailed", "take_signatures", "unfreeze_counts", "withdraw_all",
]  # fmt: skip
