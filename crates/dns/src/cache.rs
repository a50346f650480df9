//! What is known already, as long as the records allow. Holds answers as our own values, so that a question
//! that was asked before costs a look into a map.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use posthorn_base::lookup::{Answer, Kind};
use tokio::time::Instant;

/// Answers kept at most.
const MAX_ANSWERS: usize = 50_000;
/// The longest that records are believed, whatever they say themselves.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest that the absence of records is believed (RFC 2308 section 5 allows hours; a freelancer who
/// has just published a record waits for this one).
const LONGEST_ABSENCE: Duration = Duration::from_secs(5 * 60);

struct Known {
    answer: Answer,
    until: Instant,
}

/// Answers by name and kind.
#[derive(Default)]
pub(crate) struct Cache {
    known: Mutex<HashMap<(Box<str>, Kind), Known>>,
}

impl Cache {
    /// The answer, if it still holds. `name` is in lower case.
    pub(crate) fn get(&self, name: &str, kind: Kind, now: Instant) -> Option<Answer> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&(Box::from(name), kind))?;
        (found.until > now).then(|| found.answer.clone())
    }

    /// Keeps an answer that holds for `time`; a temporary failure is not kept.
    pub(crate) fn put(&self, name: &str, kind: Kind, answer: &Answer, time: Duration, now: Instant) {
        let longest = match answer {
            Ok(_) => LONGEST,
            Err(why) if why.is_temporary() => return,
            Err(_) => LONGEST_ABSENCE,
        };
        let time = time.min(longest);
        if time.is_zero() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_ANSWERS {
            known.retain(|_, old| old.until > now);
        }
        // All still hold: somebody asks for many names. Starting anew costs a few questions.
        if known.len() >= MAX_ANSWERS {
            known.clear();
        }
        let answer = answer.clone();
        let until = now + time;
        known.insert((Box::from(name), kind), Known { answer, until });
    }
}

#[cfg(test)]
mod tests {
    use posthorn_base::lookup::NoRecords;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn an_answer_holds_as_long_as_it_says_and_absence_not_for_hours() {
        let (cache, now) = (Cache::default(), Instant::now());
        let none: Answer = Err(NoRecords::NoneOfKind);
        cache.put("a.test", Kind::A, &none, 2 * SECOND, now);
        assert_eq!(cache.get("a.test", Kind::A, now + SECOND), Some(none.clone()));
        assert_eq!(cache.get("a.test", Kind::A, now + 2 * SECOND), None);
        assert_eq!(cache.get("a.test", Kind::Mx, now), None);
        cache.put("b.test", Kind::A, &none, LONGEST, now);
        assert_eq!(cache.get("b.test", Kind::A, now + LONGEST_ABSENCE), None);
    }

    #[tokio::test]
    async fn what_nobody_could_tell_is_asked_again() {
        let (cache, now) = (Cache::default(), Instant::now());
        let failed: Answer = Err(NoRecords::Temporary("silence".to_owned()));
        cache.put("a.test", Kind::A, &failed, SECOND, now);
        assert_eq!(cache.get("a.test", Kind::A, now), None);
    }

    #[tokio::test]
    async fn it_never_grows_beyond_its_limit() {
        let (cache, now) = (Cache::default(), Instant::now());
        let none: Answer = Err(NoRecords::NoSuchName);
        for number in 0..=MAX_ANSWERS {
            cache.put(&format!("{number}.test"), Kind::A, &none, SECOND, now);
        }
        assert_eq!(cache.known.lock().unwrap().len(), 1);
    }
}
