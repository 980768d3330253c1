"""The screens: what runs look like and what keys do. Nothing here opens a file."""
