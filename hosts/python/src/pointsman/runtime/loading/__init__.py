"""What is behind `loader.py`: reading components, checking them, and metering their core module."""
