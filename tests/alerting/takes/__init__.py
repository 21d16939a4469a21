"""Rules of taking water."""
