//! `expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids` (RFC 7162 section 3.2.10).

use roaring::RoaringBitmap;

use super::sequence_set;

/// Prints that messages the client counts are gone; `uids` is not empty.
pub(crate) fn print(out: &mut Vec<u8>, uids: &RoaringBitmap) {
    out.extend_from_slice(b"* VANISHED ");
    sequence_set::print(out, uids);
    out.extend_from_slice(b"\r\n");
}

/// Prints that messages are gone that the client does not count; nothing when there are none.
pub(crate) fn print_earlier(out: &mut Vec<u8>, uids: &RoaringBitmap) {
    if uids.is_empty() {
        return;
    }
    out.extend_from_slice(b"* VANISHED (EARLIER) ");
    sequence_set::print(out, uids);
    out.extend_from_slice(b"\r\n");
}
