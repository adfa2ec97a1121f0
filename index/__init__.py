"""Index and search: encoder, vectors, BM25, French analysis, ranking, and the index on disk."""

import os

MAX_ERROR = 0.08
"""Share accepted of the questions without an answer that get one all the same.

Of 0.05 to 0.15, what kept wrong silence under 3 % and refusals above 90 % on the tuning half of the known questions.
"""

# What third-party libraries read once, when they are imported: set here, before any module of ``index`` or
# ``bot.web`` imports one of them. Nothing leaves the machine, and nothing is printed between two lines of the chat.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    TOKENIZERS_PARALLELISM="false",
    GRADIO_ANALYTICS_ENABLED="False",
    # Without it, onnxruntime 1.32 numbers the machine in a file of its own and reports to Microsoft.
    ORT_DISABLE_TELEMETRY="1",
)
# Threads that wait for each other give up the core instead of spinning: beside a busy process, a build encodes
# twice as many texts a second (measured: 65 and 140 on 2 cores), alone as many.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
