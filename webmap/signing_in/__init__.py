"""Signing in and out, the language, one's own password, and which page each role starts on."""
