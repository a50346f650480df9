//! The licences of the dependencies: SPDX expressions (and the older `MIT/Apache-2.0`) against the list of
//! those that allow everything we do. Does not read licence files.

/// Licences that ask for no more than a notice.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Complaints about packages, given as name and licence, that may not be used under an allowed licence.
#[must_use]
pub fn check(packages: &[(String, Option<String>)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, licence) in packages {
        let complaint = match licence.as_deref().map(is_allowed) {
            Some(Some(true)) => continue,
            Some(Some(false)) => "asks for more than a notice",
            Some(None) => "cannot be read",
            None => "is not stated",
        };
        complaints.push(format!(
            "{name}: the licence {} {complaint}; use another crate, or add the licence to xtask/src/licences.rs with a \
             decision record",
            licence.as_deref().unwrap_or_default()
        ));
    }
    complaints
}

/// May a package under this expression be used? `None` when it is no expression.
fn is_allowed(expression: &str) -> Option<bool> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    let allowed = reader.any()?;
    reader.words.is_empty().then_some(allowed)
}

/// `any = all *( "OR" all )`, `all = one *( "AND" one )`, `one = "(" any ")" / id [ "WITH" id ]`.
struct Reader<'w> {
    words: &'w [&'w str],
}

impl<'w> Reader<'w> {
    fn next(&mut self) -> Option<&'w str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.next();
        }
        is_next
    }

    fn any(&mut self) -> Option<bool> {
        let mut allowed = self.all()?;
        while self.eat("OR") {
            allowed |= self.all()?;
        }
        Some(allowed)
    }

    fn all(&mut self) -> Option<bool> {
        let mut allowed = self.one()?;
        while self.eat("AND") {
            allowed &= self.one()?;
        }
        Some(allowed)
    }

    fn one(&mut self) -> Option<bool> {
        if self.eat("(") {
            let allowed = self.any()?;
            return self.eat(")").then_some(allowed);
        }
        let id = self
            .next()
            .filter(|word| !["OR", "AND", "WITH", "(", ")"].contains(word))?;
        let id = if self.eat("WITH") {
            format!("{id} WITH {}", self.next()?)
        } else {
            id.to_owned()
        };
        Some(ALLOWED.contains(&id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_allowed_choice_is_enough() {
        assert_eq!(is_allowed("MIT"), Some(true));
        assert_eq!(is_allowed("MIT OR Apache-2.0 OR LGPL-2.1-or-later"), Some(true));
        assert_eq!(is_allowed("GPL-3.0/MIT"), Some(true));
        assert_eq!(
            is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only"),
            Some(true)
        );
    }

    #[test]
    fn with_and_every_part_must_be_allowed() {
        assert_eq!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"), Some(true));
        assert_eq!(is_allowed("(MIT OR Apache-2.0) AND LGPL-3.0-only"), Some(false));
        assert_eq!(is_allowed("MIT AND (GPL-2.0-only OR AGPL-3.0-only)"), Some(false));
        // AND binds closer than OR.
        assert_eq!(is_allowed("MIT OR ISC AND GPL-3.0-only"), Some(true));
    }

    #[test]
    fn copyleft_alone_is_refused() {
        for licence in [
            "GPL-3.0-only",
            "AGPL-3.0-or-later",
            "LGPL-2.1",
            "GPL-2.0 WITH Classpath-exception-2.0",
        ] {
            assert_eq!(is_allowed(licence), Some(false), "{licence}");
        }
    }

    #[test]
    fn what_is_no_expression_is_found() {
        for text in [
            "",
            "MIT OR",
            "(MIT",
            "MIT Apache-2.0",
            "OR MIT",
            "MIT)",
            "MIT WITH",
        ] {
            assert_eq!(is_allowed(text), None, "{text}");
        }
        let found = check(&[
            ("a".to_owned(), None),
            ("b".to_owned(), Some("see file".to_owned())),
        ]);
        assert_eq!(found.len(), 2);
    }
}
