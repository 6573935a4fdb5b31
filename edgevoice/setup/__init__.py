"""``edgevoice setup``: asks, tries, and writes settings and key."""
