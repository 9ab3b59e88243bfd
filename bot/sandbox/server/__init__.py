"""The box's HTTP server: the sockets, the gateway before every service, and REST APIs as tables of routes."""
