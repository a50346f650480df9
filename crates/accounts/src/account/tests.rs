//! Adding, finding, changing and removing accounts.

use super::*;
use crate::fixture::{Directory, PASSWORD, add, address, alias, domain, now, password};
use crate::{Salts, set_catch_all, verify};
use posthorn_base::Secret;
use std::time::Duration;

fn try_add(tx: &mut Tx<'_>, text: &str) -> Result<AccountId, AddAccountError> {
    let new = NewAccount {
        address: &address(text),
        password: password(),
        now: now(),
    };
    add_account(tx, &new)
}

#[test]
fn an_account_is_read_back_as_it_was_added() {
    Directory::ours().run(|tx| {
        let id = add(tx, "Anna@ours.test");
        let expected = Account {
            id,
            address: address("Anna@ours.test"),
            password: password().clone(),
            state: AccountState::Active,
            created_at: now(),
            password_changed_at: now(),
        };
        assert_eq!(account(tx, id), Ok(Some(expected.clone())));
        assert_eq!(
            find_account(tx, &address("aNNa@OURS.test")),
            Ok(Some(expected.clone()))
        );
        assert_eq!(list_accounts(tx), Ok(vec![expected]));
    });
}

#[test]
fn a_local_part_that_needs_quotes_is_read_back() {
    Directory::ours().run(|tx| {
        let odd = r#""a b@c"@ours.test"#;
        let id = add(tx, odd);
        assert_eq!(account(tx, id).unwrap().unwrap().address, address(odd));
        assert_eq!(find_account(tx, &address(odd)).unwrap().unwrap().id, id);
    });
}

#[test]
fn an_account_needs_a_domain_of_ours() {
    Directory::ours().run(|tx| {
        for text in ["anna@other.test", "anna@sub.ours.test", "anna@[192.0.2.1]"] {
            assert_eq!(
                try_add(tx, text),
                Err(AddAccountError::NotOurDomain(address(text)))
            );
        }
        assert_eq!(list_accounts(tx), Ok(vec![]));
    });
}

#[test]
fn an_address_belongs_to_one_only_in_any_letter_case() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        alias(tx, "sales@ours.test", &["anna@ours.test"]);
        for (text, holder) in [
            ("ANNA@ours.test", AddressHolder::Account),
            ("Sales@ours.test", AddressHolder::Alias),
        ] {
            let taken = AddAccountError::AddressTaken {
                address: address(text),
                holder,
            };
            assert_eq!(try_add(tx, text), Err(taken));
        }
        assert_eq!(list_accounts(tx).unwrap().len(), 1);
    });
}

#[test]
fn an_id_is_never_used_again() {
    Directory::ours().run(|tx| {
        let first = add(tx, "anna@ours.test");
        let second = add(tx, "bob@ours.test");
        remove_account(tx, second).unwrap();
        let third = add(tx, "bob@ours.test");
        assert!(first < second && second < third, "{first} {second} {third}");
    });
}

#[test]
fn a_removed_account_is_gone_and_its_address_is_free() {
    Directory::ours().run(|tx| {
        let id = add(tx, "anna@ours.test");
        remove_account(tx, id).unwrap();
        assert_eq!(account(tx, id), Ok(None));
        assert_eq!(find_account(tx, &address("anna@ours.test")), Ok(None));
        assert_eq!(remove_account(tx, id), Err(RemoveAccountError::NoSuchAccount(id)));
        add(tx, "anna@ours.test");
    });
}

#[test]
fn an_account_that_gets_the_mail_of_others_stays() {
    Directory::ours().run(|tx| {
        let id = add(tx, "anna@ours.test");
        alias(tx, "sales@ours.test", &["Anna+sales@ours.test"]);
        set_catch_all(tx, &domain("ours.test"), Some(&address("anna+rest@ours.test"))).unwrap();
        assert_eq!(
            remove_account(tx, id).unwrap_err().to_string(),
            "anna@ours.test still gets the mail of the alias sales@ours.test, the catch-all of ours.test; \
             change that first"
        );
        assert!(account(tx, id).unwrap().is_some());
    });
}

#[test]
fn an_alias_is_no_user_name() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        alias(tx, "sales@ours.test", &["anna@ours.test"]);
        assert_eq!(find_account(tx, &address("sales@ours.test")), Ok(None));
        assert_eq!(find_account(tx, &address("anna+x@ours.test")), Ok(None));
    });
}

#[test]
fn a_new_password_replaces_the_old_one_and_nothing_else() {
    Directory::ours().run(|tx| {
        let id = add(tx, "anna@ours.test");
        let other = add(tx, "bob@ours.test");
        let before = account(tx, id).unwrap().unwrap();
        let salts = Salts::from_random(&[9; Salts::OCTETS]);
        let new = PasswordRecord::new(&Secret::new("battery staple".to_owned()), &salts).unwrap();
        let later = now().plus(Duration::from_secs(60));
        set_password(tx, id, &new, later).unwrap();
        let after = account(tx, id).unwrap().unwrap();
        let hash = &after.password.password_hash;
        assert!(verify(hash, &Secret::new("battery staple".to_owned())));
        assert!(!verify(hash, &Secret::new(PASSWORD.to_owned())));
        assert_eq!(
            after,
            Account {
                password: new.clone(),
                password_changed_at: later,
                ..before
            }
        );
        assert_eq!(account(tx, other).unwrap().unwrap().password, *password());
        let nobody = AccountId(99);
        assert_eq!(
            set_password(tx, nobody, &new, later),
            Err(ChangeAccountError::NoSuchAccount(nobody))
        );
    });
}

#[test]
fn an_account_is_disabled_and_enabled_again() {
    Directory::ours().run(|tx| {
        let id = add(tx, "anna@ours.test");
        for state in [AccountState::Disabled, AccountState::Active] {
            set_account_state(tx, id, state).unwrap();
            assert_eq!(account(tx, id).unwrap().unwrap().state, state);
        }
        let nobody = AccountId(99);
        assert_eq!(
            set_account_state(tx, nobody, AccountState::Disabled),
            Err(ChangeAccountError::NoSuchAccount(nobody))
        );
    });
}
