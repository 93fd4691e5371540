"""What `campaign doctor` looks at. Facts are read in one place each; what they mean is judged by pure functions."""
