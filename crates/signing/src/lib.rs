//! The keys that domains sign with: made, published, used, retired. Rotation publishes before it signs and
//! keeps an old key until the mail signed with it has expired.
