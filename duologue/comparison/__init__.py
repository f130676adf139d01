"""Two folders of calls against each other: what became better, what worse, what is chance."""
