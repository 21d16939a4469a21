"""SL/T 427-2021 and SZY206-2012/2016 as a station speaks them; the two differ in time label and some types."""
