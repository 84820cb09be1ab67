//! The memory: what followed this suffix before? Knows tokens and documents,
//! nothing of models or text.
