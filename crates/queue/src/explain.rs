//! Status codes in plain words: RFC 3463 section 3, RFC 7505, RFC 7372, RFC 8689. Says what happened and
//! what the reader can do; never quotes the other server, whose words stand beside it.

/// What an enhanced status code means for the person who wrote the message. `text` is what the other server
/// said; where the code is too coarse, known words in it decide.
#[must_use]
pub fn explain_status(enhanced: &str, text: &str) -> &'static str {
    let text = text.to_ascii_lowercase();
    let is_permanent = enhanced.starts_with('5');
    if enhanced == "4.2.1" {
        return "The other server takes no mail for this mailbox at the moment. The next attempts may succeed.";
    }
    from_text(&text, is_permanent)
        .or_else(|| enhanced.split_once('.').and_then(|(_, detail)| from_detail(detail)))
        .unwrap_or(if is_permanent {
            "The other server refused the message. Its own words, below, are all that is known of the reason."
        } else {
            "The other server could not take the message for now. Nothing is wrong with the message itself as far as is known."
        })
}

/// Words that many servers use whatever code they give.
fn from_text(text: &str, is_permanent: bool) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["greylist", "graylist", "greylisted"]) && !is_permanent {
        return Some(
            "The other server makes unknown senders wait before it takes their first message. This is usual; the next attempt mostly succeeds.",
        );
    }
    if has(&[
        "blocked using",
        "blacklist",
        "blocklist",
        "dnsbl",
        "spamhaus",
        "barracuda",
    ]) {
        return Some(
            "The other server refuses mail from our server's address because a block list names it. The administrator of our server must ask that list for removal.",
        );
    }
    if has(&[
        "reverse dns",
        "ptr record",
        "cannot find your reverse hostname",
        "cannot find your hostname",
    ]) {
        return Some(
            "The other server wants our server's address to have a name in DNS (a PTR record). The administrator of our server must set it.",
        );
    }
    if has(&["dmarc"]) {
        return Some(
            "The other server could not confirm that the message really comes from the domain in From. The administrator of that domain should check SPF, DKIM and DMARC.",
        );
    }
    if has(&["spam", "junk mail", "unsolicited"]) {
        return Some(
            "The other server takes the message for spam. Write differently, with fewer links and attachments, or reach the person another way.",
        );
    }
    None
}

/// RFC 3463 section 3: the code without its class.
fn from_detail(detail: &str) -> Option<&'static str> {
    address(detail)
        .or_else(|| mailbox_and_system(detail))
        .or_else(|| network(detail))
        .or_else(|| policy(detail))
}

fn address(detail: &str) -> Option<&'static str> {
    Some(match detail {
        "1.1" => "There is no such mailbox at that domain. Check the part before the @ for typing mistakes.",
        "1.2" => {
            "There is no such domain, or it cannot be found. Check the part after the @ for typing mistakes."
        }
        "1.3" => "The address is not written as an address must be. Check it for typing mistakes.",
        "1.4" => "The address fits more than one mailbox. Ask the person for the exact address.",
        "1.6" => "The mailbox has moved and left no new address. Ask the person for the new one.",
        "1.7" | "1.8" => {
            "The other server does not accept the sender's address. Its domain must exist and be able to receive mail."
        }
        "1.10" => "The domain says that it takes no mail at all. Check the part after the @.",
        _ => return None,
    })
}

fn mailbox_and_system(detail: &str) -> Option<&'static str> {
    Some(match detail {
        "2.0" => "Something is wrong with the mailbox of the recipient.",
        "2.1" => "The mailbox exists but is switched off. Reach the person another way.",
        "2.2" => {
            "The mailbox is full. The person must delete something, or get more room, before it takes mail again."
        }
        "2.3" | "3.4" => {
            "The message is too large for the recipient. Send it without large attachments, or send a link to them."
        }
        "2.4" => "The recipient is a mailing list that could not be resolved. Tell its owner.",
        "3.1" => "The other server's disk is full. Only its administrator can help.",
        "3.2" => "The other server takes no mail at the moment.",
        "3.3" | "6.3" => {
            "The other server cannot handle what this message needs, such as an international address. Send it in a plainer form."
        }
        "3.5" => "The other server is set up wrongly. Only its administrator can help.",
        _ => return None,
    })
}

fn network(detail: &str) -> Option<&'static str> {
    Some(match detail {
        "4.0" => "Something is wrong with the network or with the other server.",
        "4.1" => "The other server does not answer. It may be down.",
        "4.2" => "The connection to the other server broke off.",
        "4.3" => "The name service gave no answer for the domain. This mostly mends itself.",
        "4.4" => {
            "No server that takes mail for the domain can be found. Check the part after the @; if it is right, the domain is set up wrongly."
        }
        "4.5" => "The other server has too much to do at the moment.",
        "4.6" => {
            "The message runs in a circle between servers. An administrator must look at the forwarding of this address."
        }
        "4.7" => {
            "The other server could not be reached, or did not take the message, for as long as we try. Check the address, or reach the person another way."
        }
        _ => return None,
    })
}

fn policy(detail: &str) -> Option<&'static str> {
    Some(match detail {
        "5.0" | "5.1" | "5.2" | "5.4" | "5.5" => {
            "Our server and the other one did not understand each other. The administrator of our server should look at it."
        }
        "5.3" => {
            "The message has more recipients than the other server takes at once. Send it to fewer people."
        }
        "6.0" | "6.1" | "6.2" | "6.4" | "6.5" => {
            "The other server does not take the kind of content that the message has."
        }
        "6.7" => {
            "The address has letters that the other server cannot handle. Ask the person for an address in plain letters."
        }
        "7.0" => "The other server refused the message by a rule of its own.",
        "7.1" => {
            "The sender may not write to this recipient. It may be a closed list, or a rule of the other server against the message."
        }
        "7.2" => "Only members may write to this mailing list.",
        "7.5" | "7.4" | "7.10" | "7.11" => {
            "The other server asks for encryption that could not be agreed on."
        }
        "7.8" | "7.9" | "7.14" => {
            "The other server wants a log-in that it did not accept. The administrator must check the settings of the smarthost."
        }
        "7.20" | "7.21" | "7.22" | "7.23" | "7.24" | "7.26" | "7.27" => {
            "The other server could not confirm that the message really comes from the sender's domain. The administrator of that domain should check SPF, DKIM and DMARC."
        }
        "7.25" => {
            "The other server wants our server's address to have a name in DNS (a PTR record). The administrator of our server must set it."
        }
        "7.30" => "The sender asked for encryption on the whole way, and the other server cannot promise it.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_codes_have_their_own_words() {
        assert!(explain_status("5.1.1", "User unknown").contains("no such mailbox"));
        assert!(explain_status("5.2.2", "").contains("full"));
        assert!(explain_status("4.4.7", "").contains("as long as we try"));
        assert!(explain_status("5.1.10", "").contains("no mail at all"));
    }

    #[test]
    fn known_words_of_the_server_say_more_than_a_coarse_code() {
        let text = "Service unavailable; Client host [192.0.2.1] blocked using zen.example";
        assert!(explain_status("5.7.1", text).contains("block list"));
        assert!(explain_status("4.7.1", "Greylisted, try later").contains("wait"));
        assert!(!explain_status("5.7.1", "greylisted").contains("next attempt"));
    }

    #[test]
    fn an_unknown_code_keeps_temporary_and_permanent_apart() {
        assert_ne!(explain_status("5.99.99", ""), explain_status("4.99.99", ""));
        assert_eq!(explain_status("", ""), explain_status("4.99.99", ""));
    }
}
