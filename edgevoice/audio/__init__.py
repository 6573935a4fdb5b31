"""Sound: the pure parts first, the devices last."""
