"""What each role's image is made of."""
