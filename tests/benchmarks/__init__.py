"""Speed and size, side by side with the libraries that campaign is built on: `python -m tests.benchmarks`."""
