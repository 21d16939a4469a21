"""The first page: what a person sees of rivers, alerts and the program itself, drawn on the server.

``choice`` reads an address, ``views`` gathers what it asks for, the modules named after parts of the page put it into
words and drawings, ``parts`` keeps what was drawn for the next browser that asks, and ``routes`` answers. It works
without JavaScript; with it, parts are replaced as they change.
"""
