//! Who is this? Passwords and SCRAM keys, for every protocol the same.

use std::sync::Arc;

use posthorn_accounts::{self as accounts, Account, AccountState, ProofCache};
use posthorn_base::{AccountId, Address, Secret};
use posthorn_runtime::{clock, random};
use posthorn_sasl::{self as sasl, Answer, Ask};
use posthorn_store::{Store, StoreError};
use tokio::sync::Semaphore;

/// Password hashes that are computed at the same time; each takes 19 MiB.
const CONCURRENT_HASHES: usize = 2;

/// Checks passwords against the accounts of one store.
#[derive(Clone)]
pub struct Credentials {
    store: Store,
    proofs: Arc<ProofCache>,
    hashes: Arc<Semaphore>,
    /// Makes keys for users that do not exist, so that they look like those that do.
    nobody: Arc<Secret<[u8; 32]>>,
}

/// An answer for the session, and whose account it is if the session says that the log-in succeeded.
pub(crate) struct Checked {
    pub(crate) answer: Answer,
    pub(crate) account: Option<AccountId>,
}

impl Credentials {
    /// Over the accounts of `store`; a password that was right is remembered in `proofs`.
    #[must_use]
    pub fn new(store: Store, proofs: ProofCache) -> Self {
        let mut secret = [0; 32];
        random::fill(&mut secret);
        Self {
            store,
            proofs: Arc::new(proofs),
            hashes: Arc::new(Semaphore::new(CONCURRENT_HASHES)),
            nobody: Arc::new(Secret::new(secret)),
        }
    }

    /// Answers a session's question.
    pub(crate) async fn check(&self, ask: Ask) -> Checked {
        let checked = match ask {
            Ask::VerifyPassword {
                authorize_as,
                user,
                password,
            } => self.password(authorize_as.as_deref(), &user, password).await,
            Ask::ScramKeys { user } => self.scram(&user).await,
        };
        checked.unwrap_or_else(|reason| {
            tracing::error!(%reason, "a log-in could not be checked");
            Checked {
                answer: Answer::Unavailable,
                account: None,
            }
        })
    }

    async fn password(
        &self,
        authorize_as: Option<&str>,
        user: &str,
        password: Secret<String>,
    ) -> Result<Checked, StoreError> {
        let rejected = Checked {
            answer: Answer::Rejected,
            account: None,
        };
        if authorize_as.is_some_and(|other| !other.eq_ignore_ascii_case(user)) {
            return Ok(rejected);
        }
        let account = self.find(user).await?;
        let stored = account
            .as_ref()
            .map(|account| account.password.password_hash.clone());
        if let (Some(account), Some(stored)) = (&account, &stored)
            && self.proofs.check(user, &password, stored, clock::now())
        {
            return Ok(verified(account));
        }
        let is_right = self.hash(stored.clone(), password.clone()).await?;
        let (Some(account), Some(stored), true) = (account, stored, is_right) else {
            return Ok(rejected);
        };
        self.proofs.remember(user, &password, &stored, clock::now());
        Ok(verified(&account))
    }

    /// Spends the same time whether the user exists or not.
    async fn hash(&self, stored: Option<String>, password: Secret<String>) -> Result<bool, StoreError> {
        let _permit = self
            .hashes
            .acquire()
            .await
            .map_err(|_closed| StoreError::Closed)?;
        let hashed = tokio::task::spawn_blocking(move || match stored {
            Some(stored) => accounts::verify(&stored, &password),
            None => {
                accounts::verify_nobody(&password);
                false
            }
        });
        hashed.await.map_err(|_panic| StoreError::Panicked)
    }

    async fn scram(&self, user: &str) -> Result<Checked, StoreError> {
        let server_nonce = format!("{:016x}{:016x}", random::u64(), random::u64());
        let checked = match self.find(user).await? {
            Some(account) => Checked {
                answer: Answer::Keys {
                    identity: account.address.to_string(),
                    keys: account.password.scram,
                    server_nonce,
                },
                account: Some(account.id),
            },
            None => Checked {
                answer: Answer::Keys {
                    identity: user.to_owned(),
                    keys: sasl::made_up_keys(self.nobody.declassify(), user),
                    server_nonce,
                },
                account: None,
            },
        };
        Ok(checked)
    }

    /// The active account of that address; a name that is no address has none.
    async fn find(&self, user: &str) -> Result<Option<Account>, StoreError> {
        let Ok(address) = Address::parse(user) else {
            return Ok(None);
        };
        let found = self
            .store
            .read(move |tx| accounts::find_account(tx, &address))
            .await?;
        Ok(found.filter(|account| account.state == AccountState::Active))
    }
}

fn verified(account: &Account) -> Checked {
    Checked {
        answer: Answer::Verified {
            identity: account.address.to_string(),
        },
        account: Some(account.id),
    }
}
