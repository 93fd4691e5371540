"""What people review: the messages before they are sent, and the outcome of every row afterwards."""
