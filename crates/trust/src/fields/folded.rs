//! Folding (RFC 5322 section 2.2.3): lines of at most 78 columns where the words allow it.

/// Where lines end.
const COLUMNS: usize = 78;
/// What a tab is counted as.
const TAB: usize = 8;

/// A header field that is being written.
#[derive(Debug)]
pub(super) struct Folded {
    text: String,
    column: usize,
    /// A line has just begun: its first word needs no space before it.
    is_fresh: bool,
}

impl Folded {
    /// Begins with the name, without the colon.
    pub(super) fn new(name: &str) -> Self {
        Self {
            text: format!("{name}:"),
            column: name.len().saturating_add(1),
            is_fresh: false,
        }
    }

    /// Adds a word, which is not broken. It holds no line end.
    pub(super) fn word(&mut self, word: &str) {
        let column = self.column.saturating_add(word.len()).saturating_add(1);
        if column > COLUMNS && !self.is_fresh {
            self.line();
        }
        if !self.is_fresh {
            self.text.push(' ');
            self.column = self.column.saturating_add(1);
        }
        self.text.push_str(word);
        self.column = self.column.saturating_add(word.len());
        self.is_fresh = false;
    }

    /// Adds words, the last with `end` behind it.
    pub(super) fn words(&mut self, words: &[String], end: &str) {
        let last = words.len().saturating_sub(1);
        for (at, word) in words.iter().enumerate() {
            if at == last {
                self.word(&format!("{word}{end}"));
            } else {
                self.word(word);
            }
        }
    }

    /// Begins a new line.
    pub(super) fn line(&mut self) {
        self.text.push_str("\r\n\t");
        self.column = TAB;
        self.is_fresh = true;
    }

    /// The field with its line end.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }
}
