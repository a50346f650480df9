//! What is asked of an access control list (RFC 4314). Rights and changes of them are `posthorn_base`'s.

/// A command about one access control list, but for SETACL and DELETEACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AclQuestion {
    /// GETACL.
    List,
    /// LISTRIGHTS, with the identifier.
    Grantable(String),
    /// MYRIGHTS.
    Mine,
}
