"""What people look at: the messages before they are sent, and what became of them."""
