//! Every text in evidence, so that none can be forgotten when it is cut: each struct is taken apart by name,
//! and a new field does not compile until somebody has thought about it here.

use posthorn_dkim::{ArcChain, ArcLink, Signature, Verification};
use posthorn_dmarc::{Alignment, Asked, Found};
use posthorn_impersonation::{Impression, Sign};
use posthorn_spf::Step;

use crate::evidence::{Author, Connection, Evidence, Hop, Iprev, Origin};

/// Calls `act` with every text.
pub(super) fn for_each_text(evidence: &mut Evidence, act: &mut impl FnMut(&mut String)) {
    let Evidence {
        version: _,
        at: _,
        by,
        origin,
        connection,
        reverse_path,
        author,
        spf,
        spf_helo,
        dkim,
        dmarc,
        path,
        impression,
        verdict: _,
        left_out,
    } = evidence;
    act(by);
    match origin {
        Origin::Ours(account) => act(account),
        Origin::Outside | Origin::Generated | Origin::Placed | Origin::File => {}
    }
    act(reverse_path);
    connection
        .iter_mut()
        .for_each(|connection| of_connection(connection, act));
    of_author(author, act);
    for evaluation in [spf, spf_helo].into_iter().flatten() {
        of_spf(evaluation, act);
    }
    of_dkim(dkim, act);
    dmarc.iter_mut().for_each(|dmarc| of_dmarc(dmarc, act));
    path.iter_mut().for_each(|hop| of_hop(hop, act));
    impression
        .iter_mut()
        .for_each(|impression| of_impression(impression, act));
    left_out.iter_mut().for_each(act);
}

fn of_connection(connection: &mut Connection, act: &mut impl FnMut(&mut String)) {
    let Connection {
        ip: _,
        helo,
        tls,
        protocol,
        iprev,
    } = connection;
    act(helo);
    tls.iter_mut().for_each(&mut *act);
    act(protocol);
    if let Some(Iprev { result: _, name }) = iprev {
        name.iter_mut().for_each(act);
    }
}

fn of_author(author: &mut Author, act: &mut impl FnMut(&mut String)) {
    let Author {
        name,
        address,
        others,
        reply_to,
        list,
    } = author;
    act(name);
    act(address);
    others.iter_mut().chain(reply_to).chain(list).for_each(act);
}

fn of_spf(evaluation: &mut posthorn_spf::Evaluation, act: &mut impl FnMut(&mut String)) {
    let posthorn_spf::Evaluation {
        identity: _,
        domain,
        result: _,
        reason,
        record,
        matched,
        steps,
        lookups: _,
        voids: _,
        explanation,
    } = evaluation;
    act(domain);
    act(reason);
    let options = record.iter_mut().chain(matched).chain(explanation);
    options.for_each(&mut *act);
    for step in steps {
        let Step {
            depth: _,
            domain,
            term,
            outcome: _,
            detail,
        } = step;
        [domain, term, detail].into_iter().for_each(&mut *act);
    }
}

fn of_dkim(dkim: &mut Verification, act: &mut impl FnMut(&mut String)) {
    let Verification {
        signatures,
        ignored: _,
        arc,
    } = dkim;
    for signature in signatures {
        of_signature(signature, act);
    }
    if let Some(ArcChain {
        result: _,
        reason,
        links,
    }) = arc
    {
        act(reason);
        for link in links {
            let ArcLink {
                instance: _,
                domain,
                claimed,
                results,
            } = link;
            [domain, claimed, results].into_iter().for_each(&mut *act);
        }
    }
}

fn of_signature(signature: &mut Signature, act: &mut impl FnMut(&mut String)) {
    let Signature {
        domain,
        selector,
        algorithm,
        canonicalization,
        identity,
        result: _,
        reason,
        fingerprint,
        key_record,
        key_bits: _,
        testing: _,
        headers,
        body_matches: _,
        signed_at: _,
        expires_at: _,
    } = signature;
    let texts = [domain, selector, algorithm, canonicalization, reason, fingerprint];
    let options = identity.iter_mut().chain(key_record).chain(headers);
    texts.into_iter().chain(options).for_each(act);
}

fn of_dmarc(evaluation: &mut posthorn_dmarc::Evaluation, act: &mut impl FnMut(&mut String)) {
    let posthorn_dmarc::Evaluation {
        domain,
        result: _,
        reason,
        organizational_domain,
        walk,
        policy_domain,
        published: _,
        tag: _,
        testing: _,
        policy: _,
        spf,
        dkim,
        report_to,
    } = evaluation;
    let options = organizational_domain
        .iter_mut()
        .chain(policy_domain)
        .chain(report_to);
    [domain, reason].into_iter().chain(options).for_each(&mut *act);
    for Asked { name, found } in walk {
        act(name);
        match found {
            Found::Record(text) | Found::Invalid(text) | Found::Failed(text) => act(text),
            Found::Nothing | Found::Several => {}
        }
    }
    for alignment in spf.iter_mut().chain(dkim) {
        let Alignment {
            domain,
            strict: _,
            aligned: _,
            uncertain: _,
            organizational_domain,
        } = alignment;
        std::iter::once(domain)
            .chain(organizational_domain)
            .for_each(&mut *act);
    }
}

fn of_hop(hop: &mut Hop, act: &mut impl FnMut(&mut String)) {
    let Hop {
        from,
        ip: _,
        by,
        with,
        tls: _,
        at: _,
    } = hop;
    from.iter_mut().chain(by).chain(with).for_each(act);
}

fn of_impression(impression: &mut Impression, act: &mut impl FnMut(&mut String)) {
    let Impression {
        level: _,
        score: _,
        signs,
        pretends,
    } = impression;
    for Sign {
        kind: _,
        weight: _,
        what,
    } in signs
    {
        act(what);
    }
    pretends.iter_mut().for_each(act);
}
