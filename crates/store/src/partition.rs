//! What a transaction may touch.

use posthorn_base::AccountId;

/// The rows that belong together. A transaction stays inside one partition; on one machine that is a
/// promise, on a distributed engine it decides which node does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partition {
    /// All rows of one account.
    Account(AccountId),
    /// The queue rows of one bucket, 0 to 255.
    Bucket(i64),
    /// Addresses, domains and names: small tables every node may copy.
    Directory,
}
