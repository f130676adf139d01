"""What a recording means: words, times, turn-taking, cost, verdict."""
