//! Part of Posthorn; being built.
