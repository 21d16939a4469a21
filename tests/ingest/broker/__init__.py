"""The embedded broker: the same laws for mosquitto and for the broker of the iotcore wheel."""
