"""Widgets that several screens use: panel, list, header, footer, the ladder of layers."""
