"""What is true: incidents, pages, and the events that change them. Standard library only; it calls no other package."""
