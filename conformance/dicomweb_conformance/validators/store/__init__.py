"""What a server answers to a store, as a module (PS3.18 Annex I) and in XML."""
