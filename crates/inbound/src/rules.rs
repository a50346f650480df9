//! What a domain of ours does with mail that nobody vouches for, as the column `domain.rules` has it:
//! `reject=refuse quarantine=junk impersonation=inbox`. A word that is not known counts as the default.

use posthorn_trust::{OnImpersonation, OnQuarantine, OnReject, Rules};

/// As it is stored.
#[must_use]
pub fn rules_text(rules: &Rules) -> String {
    let reject = match rules.on_reject {
        OnReject::Junk => "junk",
        OnReject::Refuse => "refuse",
        OnReject::RefuseIfOthersAgree => "refuse-if-sure",
    };
    let quarantine = match rules.on_quarantine {
        OnQuarantine::Junk => "junk",
        OnQuarantine::Inbox => "inbox",
    };
    let impersonation = match rules.on_impersonation {
        OnImpersonation::Junk => "junk",
        OnImpersonation::Inbox => "inbox",
    };
    format!("reject={reject} quarantine={quarantine} impersonation={impersonation}")
}

/// From how it is stored.
#[must_use]
pub fn read_rules(text: &str) -> Rules {
    let mut rules = Rules::default();
    for word in text.split_whitespace() {
        match word {
            "reject=refuse" => rules.on_reject = OnReject::Refuse,
            "reject=junk" => rules.on_reject = OnReject::Junk,
            "reject=refuse-if-sure" => rules.on_reject = OnReject::RefuseIfOthersAgree,
            "quarantine=inbox" => rules.on_quarantine = OnQuarantine::Inbox,
            "impersonation=inbox" => rules.on_impersonation = OnImpersonation::Inbox,
            _ => {}
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_back_as_they_were_written() {
        for on_reject in [OnReject::Junk, OnReject::Refuse, OnReject::RefuseIfOthersAgree] {
            for on_quarantine in [OnQuarantine::Junk, OnQuarantine::Inbox] {
                for on_impersonation in [OnImpersonation::Junk, OnImpersonation::Inbox] {
                    let rules = Rules {
                        on_reject,
                        on_quarantine,
                        on_impersonation,
                        knows_list: false,
                    };
                    assert_eq!(read_rules(&rules_text(&rules)), rules);
                }
            }
        }
        assert_eq!(read_rules("reject=sometimes"), Rules::default());
    }
}
