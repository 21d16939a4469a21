"""The collector's MQTT side, on real brokers and, where an instant must be exact, on one that follows a script."""
