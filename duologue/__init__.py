"""The tool that makes calls: command line, local server, dispatch, recorder, labels, metrics."""
