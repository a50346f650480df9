//! What is good and bad about where mail for a domain goes.

use std::net::IpAddr;

use futures_util::future::join_all;
use posthorn_base::lookup::{NoRecords, Record};

use super::{Host, Incoming, SMTP_PORT, is_private};
use crate::check::{Context, Part, Question};
use crate::entry::{Entry, shown};
use crate::finding::{Fact, Finding, dig, word};
use crate::probe::{Probe, Reach};

/// Says what is good and bad about it.
pub(crate) async fn judge<P: Probe>(probe: &P, context: &Context<'_>, has_null_beside: bool) -> Part {
    let question = context.question;
    let domain = question.domain.as_str();
    let mut part = Part::default();
    match context.incoming {
        Incoming::NoSuchDomain => {}
        Incoming::Unknown(why) => part.add(unanswered(domain, why)),
        Incoming::Null => part.add(null(question)),
        Incoming::Implicit(_) if context.sends_nothing && question.our_mail().is_none() => {
            part.add(unsaid(question));
        }
        Incoming::Implicit(addresses) => part.add(implicit(probe, question, addresses).await),
        Incoming::Hosts(hosts) => {
            if has_null_beside {
                part.add(null_and_others(domain));
            }
            part.extend(judge_hosts(probe, question, hosts).await);
        }
    }
    part
}

/// It sends nothing, so most likely it is not meant to take mail either.
fn unsaid(question: &Question) -> Finding {
    let domain = question.domain.as_str();
    let null = Record::Mx {
        preference: 0,
        exchange: String::new(),
    };
    let what = format!("{domain} says that it sends no mail, but not that it takes none.");
    Finding::better("mx-null-missing", what)
        .why("Whoever writes to it by mistake may wait for days until the message comes back.")
        .fix("If it is not meant to take mail, publish this record (null MX).")
        .publish(Entry::new(&question.domain, domain, null))
}

fn unanswered(domain: &str, why: &str) -> Finding {
    let why = shown(why.as_bytes(), 200);
    let what = format!("The name servers of {domain} do not tell where its mail goes: {why}.");
    Finding::lost("mx-unanswered", what)
        .why("Other mail servers wait and ask again; after some days the mail goes back to its author.")
        .fix("Try again in a few minutes. If it stays so, the company that runs your name servers must look into it.")
        .verify(dig("MX", domain))
}

fn null(question: &Question) -> Finding {
    let domain = question.domain.as_str();
    let said = format!("{domain} says that it takes no mail (null MX).");
    match &question.ours {
        Some(plan) if !plan.no_mail => Finding::lost("mx-null", said)
            .why(format!(
                "Nobody delivers mail to {domain}, although it is handled by this server."
            ))
            .fix("Put this record in its place.")
            .publish(our_mx(question, plan.hostname.as_str())),
        Some(_) | None => Finding::good("mx-null", said),
    }
}

fn null_and_others(domain: &str) -> Finding {
    let what = format!("{domain} says that it takes no mail (null MX), and names mail hosts as well.");
    Finding::lost("mx-null-and-others", what)
        .why("Some servers believe the one, some the other: part of the mail comes back to its author.")
        .fix("Remove the MX record whose host is a single dot.")
        .verify(dig("MX", domain))
}

fn our_mx(question: &Question, hostname: &str) -> Entry {
    let record = Record::Mx {
        preference: 10,
        exchange: hostname.to_owned(),
    };
    Entry::new(&question.domain, question.domain.as_str(), record)
}

async fn implicit<P: Probe>(probe: &P, question: &Question, addresses: &[IpAddr]) -> Finding {
    let domain = question.domain.as_str();
    let answers = match addresses {
        [] => Reach::NotTried,
        _ => probe.answers_smtp(domain, SMTP_PORT).await,
    };
    let there = addresses.first().map(ToString::to_string);
    let finding = match (there, answers) {
        (None, _) => Finding::lost(
            "mx-missing",
            format!("{domain} has no MX record and no address: nothing says where its mail goes."),
        )
        .why(format!("Nobody can write to {domain}: every message comes back to its author.")),
        (Some(ip), Reach::Refuses(_)) => Finding::lost(
            "mx-missing",
            format!("{domain} has no MX record, so mail goes to its own address {ip}, where no mail server answers."),
        )
        .why(format!("Nobody can write to {domain}: every message comes back to its author.")),
        (Some(ip), Reach::Answers { .. } | Reach::Silent | Reach::NotTried) => Finding::better(
            "mx-implicit",
            format!("{domain} has no MX record, so mail goes to its own address {ip}."),
        )
        .why("That is allowed, but it ends on the day the web site moves, and some servers take the domain for one without mail."),
    };
    match &question.ours {
        Some(plan) if !plan.no_mail => finding
            .fix("Publish this record.")
            .publish(our_mx(question, plan.hostname.as_str())),
        Some(_) | None => {
            let null = Record::Mx {
                preference: 0,
                exchange: String::new(),
            };
            finding
                .fix(
                    "Publish the MX record that your mail provider names. If the domain is not meant to take mail, say \
                     so with this one.",
                )
                .publish(Entry::new(&question.domain, domain, null))
        }
    }
}

async fn judge_hosts<P: Probe>(probe: &P, question: &Question, hosts: &[Host]) -> Part {
    let mut part = Part::default();
    let works = hosts.iter().any(|host| !host.addresses.is_empty());
    part.fact(Fact::new("mail hosts", list(hosts)));
    for host in hosts {
        part.extend(judge_host(question, host, works));
    }
    let reached = hosts
        .iter()
        .filter(|host| !host.addresses.is_empty())
        .map(|host| async move { (host, probe.answers_smtp(&host.name, SMTP_PORT).await) });
    for (host, reach) in join_all(reached).await {
        if let Some(finding) = judge_reach(question, host, &reach) {
            part.add(finding);
        }
    }
    part.extend(judge_ours(question, hosts));
    if part.findings.is_empty() {
        let what = format!("Mail for {} goes to {}.", question.domain, list(hosts));
        part.add(Finding::good("mx", what));
    }
    part
}

fn list(hosts: &[Host]) -> String {
    let one = |host: &Host| {
        let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
        let addresses = if addresses.is_empty() {
            "no address".to_owned()
        } else {
            addresses.join(", ")
        };
        format!("{} ({addresses})", shown(host.name.as_bytes(), 253))
    };
    hosts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn judge_host(question: &Question, host: &Host, works: bool) -> Part {
    let domain = question.domain.as_str();
    let name = shown(host.name.as_bytes(), 253);
    let mut part = Part::default();
    if host.name.parse::<IpAddr>().is_ok() {
        part.add(
            Finding::lost("mx-is-address", format!("The MX record of {domain} names {name}, which is an IP address."))
                .why("An MX record must name a host; most servers cannot deliver to this one.")
                .fix("Give the host a name with an address record (A or AAAA), and put that name into the MX record.")
                .verify(dig("MX", domain)),
        );
        return part;
    }
    if let Some(target) = &host.alias_of {
        let record = Record::Mx {
            preference: host.preference,
            exchange: target.clone(),
        };
        let target = shown(target.as_bytes(), 253);
        part.add(
            Finding::better("mx-is-alias", format!("{name} in the MX record is only another name (CNAME) of {target}."))
                .why("An MX record must name the host itself (RFC 2181 section 10.3). Most servers put up with it, some refuse.")
                .fix("Put this MX record in its place.")
                .publish(Entry::new(&question.domain, domain, record)),
        );
    }
    if let Some(nothing) = &host.nothing {
        part.add(dangling(question, host, nothing, works));
    }
    let is_ours = |ip: &IpAddr| {
        question
            .ours
            .as_ref()
            .is_some_and(|plan| plan.addresses.contains(ip))
    };
    for ip in host
        .addresses
        .iter()
        .filter(|ip| is_private(**ip) && !is_ours(ip))
    {
        let what =
            format!("The mail host {name} has the address {ip}, which can be reached from inside only.");
        part.add(
            Finding::lost("mx-private-address", what)
                .why("Servers on the internet cannot connect to it.")
                .fix(format!("Give {name} the public address of the mail host."))
                .verify(dig("A", &host.name)),
        );
    }
    part
}

fn dangling(question: &Question, host: &Host, nothing: &NoRecords, works: bool) -> Finding {
    let (domain, name) = (question.domain.as_str(), shown(host.name.as_bytes(), 253));
    let is_below = host.name == domain
        || host
            .name
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'));
    let (what, mut why) = match nothing {
        NoRecords::Temporary(why) => (
            format!(
                "Nobody could tell the address of the mail host {name}: {}.",
                shown(why.as_bytes(), 200)
            ),
            "Other servers wait and ask again.".to_owned(),
        ),
        NoRecords::NoSuchName => (
            format!("The MX record of {domain} names {name}, which does not exist."),
            "Nothing can be delivered to a host that does not exist.".to_owned(),
        ),
        NoRecords::NoneOfKind => (
            format!("The MX record of {domain} names {name}, which has no address."),
            "Nothing can be delivered to a host without an address.".to_owned(),
        ),
    };
    let can_be_taken = *nothing == NoRecords::NoSuchName && !is_below;
    if can_be_taken {
        why.push_str(" Worse: whoever registers that name gets your mail.");
    }
    let finding = if works && !can_be_taken {
        why.push_str(" Other hosts of the domain still work.");
        Finding::better("mx-dangling", what)
    } else {
        Finding::lost("mx-dangling", what)
    };
    finding
        .why(why)
        .fix(if is_below {
            format!(
                "Give {name} an address record (A or AAAA), or remove it from the MX records of {domain}."
            )
        } else {
            format!(
                "Remove it from the MX records of {domain}, and name the hosts that your mail provider tells."
            )
        })
        .verify(dig("A", &host.name))
}

fn judge_reach(question: &Question, host: &Host, reach: &Reach) -> Option<Finding> {
    let domain = question.domain.as_str();
    let name = shown(host.name.as_bytes(), 253);
    let test = format!(
        "openssl s_client -connect {}:{SMTP_PORT} -starttls smtp",
        word(&host.name)
    );
    match reach {
        Reach::Answers { starttls: true } | Reach::NotTried => None,
        Reach::Answers { starttls: false } => Some(
            Finding::better(
                "mx-without-tls",
                format!("The mail host {name} does not offer encryption (STARTTLS)."),
            )
            .why(format!("Everybody on the way can read mail for {domain}."))
            .fix(format!("Switch on TLS in the mail server {name}."))
            .verify(test),
        ),
        Reach::Refuses(said) => {
            let said = shown(said.as_bytes(), 200);
            let what = format!("The mail host {name} does not take connections at port {SMTP_PORT}: {said}.");
            Some(
                Finding::lost("mx-refuses", what)
                    .why("Other servers cannot deliver to it either.")
                    .fix(format!("See that the mail server on {name} is running and that no firewall closes port {SMTP_PORT}."))
                    .verify(test),
            )
        }
        Reach::Silent => {
            let what = format!("The mail host {name} did not answer at port {SMTP_PORT} from here.");
            Some(
                Finding::better("mx-silent", what)
                    .why("If it is silent for everybody, mail is lost. Many networks block this port on the way out, so it may be only here.")
                    .fix("Try the command below from another network.")
                    .verify(test),
            )
        }
    }
}

fn judge_ours(question: &Question, hosts: &[Host]) -> Part {
    let mut part = Part::default();
    let Some(plan) = question.ours.as_ref().filter(|plan| !plan.no_mail) else {
        return part;
    };
    let (domain, hostname) = (&question.domain, plan.hostname.as_str());
    let is_ours = |host: &&Host| {
        let is_there = host.addresses.iter().any(|ip| plan.addresses.contains(ip));
        host.name == hostname || is_there
    };
    let others: Vec<String> = hosts
        .iter()
        .filter(|host| !is_ours(host))
        .map(|host| shown(host.name.as_bytes(), 253))
        .collect();
    let others = others.join(", ");
    match hosts.iter().find(is_ours) {
        None => part.add(
            Finding::lost(
                "mx-elsewhere",
                format!("Mail for {domain} goes to {others}, not to this server ({hostname})."),
            )
            .why("What others write does not reach the mailboxes here.")
            .fix(
                "Once you want the mail here, put this record in the place of the MX records that are there.",
            )
            .publish(our_mx(question, hostname)),
        ),
        Some(host) => {
            if !others.is_empty() {
                let what = format!("Mail for {domain} can also go to {others}.");
                part.add(
                    Finding::better("mx-also-elsewhere", what)
                        .why("What is brought there arrives here only if that host passes it on.")
                        .fix(format!(
                            "If it does not, remove it from the MX records and leave only {hostname}."
                        ))
                        .verify(dig("MX", domain.as_str())),
                );
            }
            let is_found = host.addresses.iter().any(|ip| plan.addresses.contains(ip));
            if !host.addresses.is_empty() && !plan.addresses.is_empty() && !is_found {
                part.add(wrong_address(question, host));
            }
        }
    }
    part
}

fn wrong_address(question: &Question, host: &Host) -> Finding {
    let (name, at) = (&host.name, list(std::slice::from_ref(host)));
    let what = format!("The DNS says {at}, but this server has none of these addresses.");
    let finding = Finding::lost("host-address-differs", what)
        .why("Other servers connect to another machine.")
        .fix("Put this record in the place of the one that is there.");
    let ours = question.ours.as_ref().and_then(|plan| plan.addresses.first());
    match ours {
        Some(IpAddr::V4(ip)) => finding.publish(Entry::new(&question.domain, name, Record::A(*ip))),
        Some(IpAddr::V6(ip)) => finding.publish(Entry::new(&question.domain, name, Record::Aaaa(*ip))),
        None => finding.verify(dig("A", name)),
    }
}
