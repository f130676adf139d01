"""What people write down of themselves, read for what it is, and said as people say it.

`typed_fact` reads one fact; what it is made of has a module each.
"""
