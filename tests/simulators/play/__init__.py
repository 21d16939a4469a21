"""Playing scenarios: laws of messages, of truths, and of the files that hold them."""
