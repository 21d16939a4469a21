"""The field link: real sockets, a real journal, and RTUs of a few lines."""
