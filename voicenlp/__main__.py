"""``python -m voicenlp``: the command line, also where scripts are not on the path."""

from voicenlp.cli import main

if __name__ == "__main__":
    main()
