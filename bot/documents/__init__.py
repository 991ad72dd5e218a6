"""Writers of docx and plain text."""
