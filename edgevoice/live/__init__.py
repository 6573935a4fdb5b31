"""The Live API without I/O: messages, and one connection as a value."""
