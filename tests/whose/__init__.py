"""What `test_whose_credentials` is made of: the model, and what stands in for the world."""
