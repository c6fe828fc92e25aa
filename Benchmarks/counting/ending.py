"""How a counting program ends: exit statuses, and no process left behind."""

import os
import signal
import sys

from counting.valgrind import CannotCount
from processes import DidNotStart


def run(main):
    """Calls `main` and ends the program with what it returns; 2 when nothing could be counted, 130 after ^C or SIGTERM."""
    # Both unwind through every `finally`, which stops the children.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = main()
        sys.stdout.flush()
    except (CannotCount, DidNotStart) as problem:
        print(f"nothing was counted: {problem}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # The reader of our output (`head`, say) has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 141
    sys.exit(status)
