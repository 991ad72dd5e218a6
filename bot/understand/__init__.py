"""Language, intent and urgency of a text, by an embedded model or a Rasa server."""

import os

# One thread a text: two cores are shared with everything else, and threads that wait for each other
# cost more than they bring. Read by numpy's libraries when they are loaded, so it stands here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
