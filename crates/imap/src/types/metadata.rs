//! Annotations of mailboxes and of the server (RFC 5464). Names of entries are in small letters, as they are
//! compared without case.

/// The beginning of entries that all share.
pub const SHARED: &str = "/shared";
/// The beginning of entries that are the reader's alone.
pub const PRIVATE: &str = "/private";

/// An entry with its value; `None`: it has none.
pub type Entry = (String, Option<Vec<u8>>);

/// How far below an entry GETMETADATA looks (RFC 5464 section 4.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Depth {
    #[default]
    Zero,
    One,
    Infinity,
}

/// GETMETADATA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GetMetadata {
    /// `None`: the server.
    pub(crate) name: Option<String>,
    pub(crate) entries: Vec<String>,
    pub(crate) depth: Depth,
    /// Values with more octets are not told.
    pub(crate) max_size: Option<u32>,
}

impl GetMetadata {
    /// Is an entry asked for, or below one that is?
    pub(crate) fn selects(&self, entry: &str) -> bool {
        self.entries.iter().any(|wanted| {
            let below = entry.strip_prefix(wanted.as_str());
            match (below, self.depth) {
                (Some(""), _) => true,
                (None, _) | (Some(_), Depth::Zero) => false,
                (Some(below), Depth::One) => {
                    below.strip_prefix('/').is_some_and(|below| !below.contains('/'))
                }
                (Some(below), Depth::Infinity) => below.starts_with('/'),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_says_how_far_below_an_entry_one_looks() {
        let get = |depth| GetMetadata {
            name: None,
            entries: vec!["/private/a".to_owned()],
            depth,
            max_size: None,
        };
        for (entry, zero, one, infinity) in [
            ("/private/a", true, true, true),
            ("/private/a/b", false, true, true),
            ("/private/a/b/c", false, false, true),
            ("/private/ab", false, false, false),
            ("/private", false, false, false),
        ] {
            assert_eq!(get(Depth::Zero).selects(entry), zero, "{entry}");
            assert_eq!(get(Depth::One).selects(entry), one, "{entry}");
            assert_eq!(get(Depth::Infinity).selects(entry), infinity, "{entry}");
        }
    }
}
