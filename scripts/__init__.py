"""One command on a bare machine: environment, embedded servers, supervisor. Standard library only."""
