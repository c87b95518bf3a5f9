"""`python -m filterpatterns.cli`: the command `fp`."""

from filterpatterns.cli.program import main

if __name__ == "__main__":
    main(prog_name="fp")
