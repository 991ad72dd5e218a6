"""Vigil: a chat assistant that human rights defenders can trust."""
