"""What a person touches and sees."""
