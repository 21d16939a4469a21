"""The console: what operators use in a browser, and the REST interface beneath it."""
