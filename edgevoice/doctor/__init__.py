"""``edgevoice doctor``: tries every part once, says what is wrong and what mends it."""
