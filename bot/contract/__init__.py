"""What the server's API and the desk say to each other; standard library only.

`OPERATIONS` in `registry` is the whole of it: what is not there cannot be asked.
"""
