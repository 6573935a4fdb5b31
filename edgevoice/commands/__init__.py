"""The commands, a file for each group: what they take, and the part that they call.

``add_to`` tells the command line of them. Each function takes the parsed command line
and returns the exit status.
"""
