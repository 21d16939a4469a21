"""The console and its REST interface, over real HTTP."""
