"""The coordinator's local application: the only place where cases are read.

Runs on the coordinator's own machine, for one person, on the loopback. It asks the server's API for
ciphertext, opens it here and forgets it; nothing opened is written to disk but what the coordinator
exports. The server never sees a private key and never serves what decrypts.
"""
