//! How many lines a part has, for `BODYSTRUCTURE`. Counts the whole message once, so that parts within parts
//! are not counted again for each that holds them.

use std::ops::Range;

/// Octets between two places whose count is known.
const STEP: usize = 4_096;

/// Line counts of a message.
#[derive(Debug)]
pub(crate) struct LineCount<'a> {
    raw: &'a [u8],
    /// Line ends before octet `STEP * index`.
    before: Vec<usize>,
}

impl<'a> LineCount<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        let mut sum = 0_usize;
        let mut before = vec![0];
        for block in raw.chunks(STEP) {
            sum = sum.saturating_add(line_ends(block));
            before.push(sum);
        }
        Self { raw, before }
    }

    /// Lines of this range; a last line without its line end counts.
    pub(crate) fn of(&self, range: Range<usize>) -> usize {
        let Some(text) = self.raw.get(range.clone()) else {
            return 0;
        };
        let unfinished = usize::from(text.last().is_some_and(|last| *last != b'\n'));
        self.up_to(range.end)
            .saturating_sub(self.up_to(range.start))
            .saturating_add(unfinished)
    }

    fn up_to(&self, at: usize) -> usize {
        let block = at.checked_div(STEP).unwrap_or(0);
        let known = self.before.get(block).copied().unwrap_or(0);
        let rest = self.raw.get(block.saturating_mul(STEP)..at).unwrap_or_default();
        known.saturating_add(line_ends(rest))
    }
}

fn line_ends(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_as_many_lines_as_counting_finds() {
        let raw: Vec<u8> = (0..20_000_usize)
            .map(|at| if at % 37 == 0 { b'\n' } else { b'x' })
            .collect();
        let count = LineCount::new(&raw);
        for range in [
            0..0,
            0..1,
            5..4_096,
            4_095..4_097,
            100..20_000,
            8_192..12_288,
            19_999..20_000,
        ] {
            let lines = raw[range.clone()]
                .split_inclusive(|octet| *octet == b'\n')
                .count();
            assert_eq!(count.of(range.clone()), lines, "of {range:?}");
        }
    }
}
