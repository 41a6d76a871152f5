"""What a command of scripts/ says when it cannot go on."""


class Obstacle(Exception):
    """What stands in the way, as one sentence for the person at the terminal."""
