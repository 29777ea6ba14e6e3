"""Every write to signatures and their sums."""

from clarion.signatures.actions.counting import confirm_signatures, hold_sums_of
from clarion.signatures.actions.ending import (
    deny_signature,
    erase_expired_signatures,
    erase_kept_again,
    erase_kept_long_enough,
    erase_signatures,
    forget_withdrawn_addresses,
    withdraw_all,
)
from clarion.signatures.actions.freezing import freeze_counts, unfreeze_counts
from clarion.signatures.actions.taking import note_mailed, take_signatures
from clarion.signatures.actions.waves import decide_wave, forget_wave_marks, look_for_waves, settle_waves

__all__ = [
    "confirm_signatures", "decide_wave", "deny_signature", "erase_expired_signatures", "erase_kept_again",
    "erase_kept_long_enough", "erase_signatures", "forget_wave_marks", "forget_withdrawn_addresses", "freeze_counts",
    "hold_sums_of", "look_for_waves", "note_mailed", "settle_waves", "take_signatures", "unfreeze_counts",
    "withdraw_all",
]  # fmt: skip
