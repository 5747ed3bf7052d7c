"""The jobs of the Python peers."""


def noop():
    pass
