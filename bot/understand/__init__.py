"""Language, intent and urgency of a text, by an embedded model or a Rasa server."""
