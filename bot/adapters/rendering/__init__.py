"""Render templates as messages, forms and documents. The organisation's own templates come before Spy's."""
