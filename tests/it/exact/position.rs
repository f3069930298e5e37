//! What belongs to a position ends with it.
