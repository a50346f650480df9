//! The evidence in plain words: one sentence, the journey, what each check asked, found and means, why the
//! message lies where it lies, what its sender should mend. As data for the web and terminal readers, and as
//! text for a terminal.
//!
//! Judges nothing: what it says, the evidence says.
