"""Chats on a text worker."""
