"""`python -m duologue.batch` is a process that makes calls, see `call_process_main`."""

from duologue.startup import importing

if __name__ == "__main__":
    with importing():
        from duologue.batch.call_process_main import main
        from duologue.call.transport_registry import load_isolated

        load_isolated()
    main()
