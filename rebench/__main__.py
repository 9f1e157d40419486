"""`python -m rebench` is the command `rebench`."""

from rebench.cli.main import main

if __name__ == "__main__":
    main()
