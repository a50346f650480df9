//! What is asked of an access control list (RFC 4314). Rights themselves are [`posthorn_base::Rights`].

use posthorn_base::Rights;

/// SETACL and DELETEACL: what becomes of the rights of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AclChange {
    /// These and no others.
    Set(Rights),
    /// `+`: these too.
    Add(Rights),
    /// `-`: no longer these.
    Remove(Rights),
    /// The identifier is no longer in the list.
    Delete,
}

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
