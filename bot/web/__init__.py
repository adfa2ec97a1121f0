"""The pages and the endpoints: what a browser or a program reaches."""

import index  # noqa: F401  sets the environment that gradio reads when it is imported
