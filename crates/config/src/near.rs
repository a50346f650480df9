//! Near misses: which known word did the person mean? The distance counts letters inserted, deleted,
//! replaced and swapped with their neighbour, the four slips of a typist.

/// The one of `known` that is nearest to `word`, if it is near enough to be a slip: a third of its letters.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let allowed = word.chars().count().div_ceil(3).max(1);
    let word = word.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, three rows of its table at a time.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let cost = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut last_a = None;
    for (row, &a) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut last_b = None;
        for (column, &b) in other.iter().enumerate() {
            let mut best = (cost(&above, column) + usize::from(a != b))
                .min(cost(&above, column + 1) + 1)
                .min(cost(&current, column) + 1);
            if last_a == Some(b) && last_b == Some(a) {
                best = best.min(cost(&before, column.saturating_sub(1)) + 1);
            }
            current.push(best);
            last_b = Some(b);
        }
        last_a = Some(a);
        before = std::mem::replace(&mut above, current);
    }
    cost(&above, other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_slips_cost_one_each() {
        assert_eq!(distance("port", "port"), 0);
        assert_eq!(distance("prot", "port"), 1);
        assert_eq!(distance("ports", "port"), 1);
        assert_eq!(distance("por", "port"), 1);
        assert_eq!(distance("pork", "port"), 1);
        assert_eq!(distance("", "port"), 4);
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["hostname", "data", "listen"];
        assert_eq!(nearest("host-name", known), Some("hostname"));
        assert_eq!(nearest("Hostnmae", known), Some("hostname"));
        assert_eq!(nearest("colour", known), None);
    }
}
