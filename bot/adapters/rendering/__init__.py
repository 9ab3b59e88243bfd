"""Templates into messages, forms and documents, with the organisation's own before Spy's."""
