"""Rules of faulty devices."""
