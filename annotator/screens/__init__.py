"""What people see: the rating screen, the curator's desk, and the plain pages around them."""
