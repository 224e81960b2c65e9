"""How a log is read: a stream of bytes -> regions worth reading -> lines of each rank -> sightings."""
