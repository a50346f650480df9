//! Text of strangers, made harmless before it is kept or shown: cut to a length, without control characters
//! and without those that turn or hide text.

/// Octets of a domain name, RFC 1035 section 2.3.4.
const DOMAIN_CHARACTERS: usize = 253;
/// Characters of a line somebody wrote: an organisation's name, a reason.
pub(crate) const LINE_CHARACTERS: usize = 200;

/// One line of at most so many characters.
pub(crate) fn line(text: &str, characters: usize) -> String {
    let visible = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible: String = visible.filter(|c| is_harmless(*c)).take(characters).collect();
    visible.trim().to_owned()
}

/// A domain name in lower case, without the final dot; whether it is one is not asked.
pub(crate) fn domain(text: &str) -> String {
    let name = line(text, DOMAIN_CHARACTERS).to_lowercase();
    // Lower case can be longer than what it comes from.
    let name: String = name.chars().take(DOMAIN_CHARACTERS).collect();
    name.trim_end_matches('.').trim().to_owned()
}

/// The domain of an address, or of a domain alone.
pub(crate) fn domain_of(address: &str) -> String {
    let bare = address.trim().trim_start_matches('<').trim_end_matches('>');
    domain(bare.rsplit_once('@').map_or(bare, |(_, domain)| domain))
}

/// Unicode's controls, its invisible and direction marks, and what XML forbids.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fffe}'
                | '\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_hides_or_ends_a_line_is_gone() {
        assert_eq!(line(" a\r\nb\u{202e}c\u{0}d\u{200b} ", 20), "a  bcd");
        assert_eq!(line("abcdef", 3), "abc");
    }

    #[test]
    fn domains_compare() {
        assert_eq!(domain(" Example.COM. "), "example.com");
        assert_eq!(domain_of("<Bounces+1@News.Example.NET>"), "news.example.net");
        assert_eq!(domain_of("example.net"), "example.net");
        assert_eq!(domain_of("<>"), "");
    }
}
