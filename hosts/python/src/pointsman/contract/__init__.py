"""The contract's types, how they look on the wire, and words for messages. Imports no other room."""
