"""What scripts/bench runs: edgevoice measured beside other programs."""
