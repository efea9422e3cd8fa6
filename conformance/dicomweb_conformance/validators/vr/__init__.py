"""Values of every encoding against the definition of their VR."""
