"""The command line: each file here declares one command, beside `shared.py`.

Each command imports what it needs inside its function, so that `spy --help` answers at once.
"""
