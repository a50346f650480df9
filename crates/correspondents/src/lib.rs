//! Who an account has exchanged mail with, and what our own people call themselves: what is needed to tell
//! an acquaintance from a stranger who looks like one.
