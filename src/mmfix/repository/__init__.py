"""Where model source lies and which class a registry name stands for, found without importing anything."""
