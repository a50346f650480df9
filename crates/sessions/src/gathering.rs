//! The octets of a message as they come in.

/// By this the room grows, as long as less was announced: what is moved is a small part of what comes.
const GROWTH: usize = 8;
/// The first room.
const FIRST: usize = 16 * 1024;

/// Appends `octets`. Room is made for `announced_octets`, but never for much more than came: who announces a
/// large message and does not send it costs nothing. And never is the message there twice, as it is while a
/// vector doubles.
pub(crate) fn gather(gathered: &mut Vec<u8>, octets: &[u8], announced_octets: Option<u64>) {
    let needed = gathered.len().saturating_add(octets.len());
    if needed > gathered.capacity() {
        let announced = announced_octets.and_then(|octets| usize::try_from(octets).ok());
        let next = gathered.capacity().saturating_mul(GROWTH).max(FIRST);
        let room = next.min(announced.unwrap_or(usize::MAX)).max(needed);
        gathered.reserve_exact(room - gathered.len());
    }
    gathered.extend_from_slice(octets);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_follows_what_came_and_ends_at_what_was_announced() {
        let mut gathered = Vec::new();
        let mut rooms = Vec::new();
        for _ in 0..5_000 {
            gather(&mut gathered, &[7; 10_000], Some(50_000_000));
            if rooms.last() != Some(&gathered.capacity()) {
                rooms.push(gathered.capacity());
            }
        }
        assert_eq!(rooms, [16_384, 131_072, 1_048_576, 8_388_608, 50_000_000]);
        assert!(gathered == vec![7; 50_000_000]);
    }

    #[test]
    fn a_wrong_announcement_loses_nothing() {
        for announced in [None, Some(0), Some(3), Some(u64::MAX)] {
            let mut gathered = Vec::new();
            for _ in 0..100 {
                gather(&mut gathered, b"12345", announced);
            }
            assert_eq!(gathered, b"12345".repeat(100));
        }
    }
}
