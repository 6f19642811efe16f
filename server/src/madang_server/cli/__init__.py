"""The command-line tool `madang`: one file per command, listed in `main`."""
