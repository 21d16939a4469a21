"""SL 651-2014 as a station speaks it: frames written from the standard's tables, commands of the centre read."""
