"""The pages and the endpoints: what a browser or a program reaches."""
