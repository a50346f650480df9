//! The pages, one file each.

pub(crate) mod autoconfig;
mod escape;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod mta_sts;
pub(crate) mod welcome;
