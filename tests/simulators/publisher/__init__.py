"""The publisher of streams: its packets, its flow control, and what real brokers and bad ones make of it."""
