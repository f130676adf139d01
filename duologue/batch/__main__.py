"""`python -m duologue.batch` is a process that makes calls, see `call_process_main`."""

from duologue.startup import importing
from shared.native_libraries import ONE_THREAD, set_defaults

if __name__ == "__main__":
    set_defaults(ONE_THREAD)
    with importing():
        from duologue.batch.call_process_main import main
        from duologue.call.transport_registry import load_isolated

        load_isolated()
    main()
