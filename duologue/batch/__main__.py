"""`python -m duologue.batch` is a process that makes direct calls (see `duologue.batch.maker`)."""

from duologue.startup import importing

if __name__ == "__main__":
    with importing():
        from duologue.batch.maker import main
    main()
