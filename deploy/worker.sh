#!/bin/sh
# The worker of a role, for the Procfile: with the environment that is active, else with the clone's.
for python in python .venv/bin/python; do
    # -P: nothing but what is installed counts, and no module of the current folder is taken for it.
    if "$python" -P -c 'import importlib.metadata as m; m.version("duologue")' 2> /dev/null; then
        exec "$python" -P -m "$1_agent"
    fi
done
echo "neither python on PATH ($(command -v python || echo none)) nor .venv has Duologue:" \
    "run \`make .venv/call\`, or activate the environment that it is installed in" >&2
exit 2
