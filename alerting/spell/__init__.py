"""Times in which one thing was wrong at one place, as its slots tell: how evidence adds up, and goes."""
