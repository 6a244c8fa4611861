"""The checks of --doctor. Each looks at one thing, and says what to mend."""
