//! How words of the protocol stand in columns. The numbers are stored and never change their meaning.

use posthorn_base::{Address, QueueId};
use posthorn_smtp::{Body, Notify, NotifyOn, Ret};
use posthorn_store::StoreError;

use crate::Outcome;

pub(crate) fn int_of_id(id: QueueId) -> i64 {
    id.0.cast_signed()
}

pub(crate) fn address(text: &str) -> Result<Address, StoreError> {
    Address::parse(text).map_err(|cause| StoreError::Corrupt(format!("the address {text:?}: {cause}")))
}

pub(crate) fn body_to_int(body: Body) -> i64 {
    match body {
        Body::SevenBit => 0,
        Body::EightBitMime => 1,
        Body::BinaryMime => 2,
    }
}

pub(crate) fn body_of(stored: i64) -> Result<Body, StoreError> {
    match stored {
        0 => Ok(Body::SevenBit),
        1 => Ok(Body::EightBitMime),
        2 => Ok(Body::BinaryMime),
        other => Err(StoreError::Corrupt(format!("the body type {other}"))),
    }
}

pub(crate) fn ret_to_int(ret: Ret) -> i64 {
    match ret {
        Ret::Full => 0,
        Ret::Headers => 1,
    }
}

pub(crate) fn ret_of(stored: i64) -> Result<Ret, StoreError> {
    match stored {
        0 => Ok(Ret::Full),
        1 => Ok(Ret::Headers),
        other => Err(StoreError::Corrupt(format!("the RET value {other}"))),
    }
}

const SUCCESS: i64 = 1;
const FAILURE: i64 = 2;
const DELAY: i64 = 4;

/// `NEVER` is 0, else the sum of success 1, failure 2 and delay 4.
pub(crate) fn notify_to_int(notify: Notify) -> i64 {
    let flag = |is_set: bool, value: i64| if is_set { value } else { 0 };
    match notify {
        Notify::Never => 0,
        Notify::On(on) => flag(on.success, SUCCESS) | flag(on.failure, FAILURE) | flag(on.delay, DELAY),
    }
}

pub(crate) fn notify_of(stored: i64) -> Notify {
    if stored == 0 {
        return Notify::Never;
    }
    Notify::On(NotifyOn {
        success: stored & SUCCESS != 0,
        failure: stored & FAILURE != 0,
        delay: stored & DELAY != 0,
    })
}

pub(crate) fn outcome_to_int(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Delivered => 2,
        Outcome::Temporary => 4,
        Outcome::Permanent => 5,
    }
}

pub(crate) fn outcome_of(stored: i64) -> Result<Outcome, StoreError> {
    match stored {
        2 => Ok(Outcome::Delivered),
        4 => Ok(Outcome::Temporary),
        5 => Ok(Outcome::Permanent),
        other => Err(StoreError::Corrupt(format!("the result class {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        for stored in 0..8 {
            assert_eq!(notify_to_int(notify_of(stored)), stored);
        }
        for body in [Body::SevenBit, Body::EightBitMime, Body::BinaryMime] {
            assert_eq!(body_of(body_to_int(body)), Ok(body));
        }
        for ret in [Ret::Full, Ret::Headers] {
            assert_eq!(ret_of(ret_to_int(ret)), Ok(ret));
        }
        for outcome in [Outcome::Delivered, Outcome::Temporary, Outcome::Permanent] {
            assert_eq!(outcome_of(outcome_to_int(outcome)), Ok(outcome));
        }
        assert!(matches!(body_of(9), Err(StoreError::Corrupt(_))));
    }
}
