"""What is true: incidents, pages, the facts that change them. Standard library only; it calls nobody."""
