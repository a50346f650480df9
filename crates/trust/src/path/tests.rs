//! Received fields as the programs in the world write them; those marked "seen" stand in parsedmarc's
//! sample reports.

use proptest::prelude::*;

use super::*;

fn shown(value: &str) -> String {
    let hop = hop(value.as_bytes());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {} {} {} {}",
        text(&hop.from),
        hop.ip.map_or("-".to_owned(), |ip| ip.to_string()),
        text(&hop.by),
        text(&hop.with).replace(' ', "_"),
        if hop.tls { "tls" } else { "plain" },
        hop.at.map_or("-".to_owned(), |at| at.to_string()),
    )
}

#[test]
fn postfix_is_read() {
    // Seen.
    assert_eq!(
        shown(
            "from mail-it1-f201.google.com (mail-it1-f201.google.com [209.85.166.201])\r\n\t(using TLSv1.2 with \
             cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))\r\n\t(No client certificate requested)\r\n\tby \
             relay-twl-01.twlnet.com (Postfix) with ESMTPS id 52C5FA0288\r\n\tfor <dmarc.reports@twlnet.com>; \
             Mon, 11 Feb 2019 11:14:55 +0100 (CET)"
        ),
        "mail-it1-f201.google.com 209.85.166.201 relay-twl-01.twlnet.com ESMTPS tls 1549880095"
    );
    assert_eq!(
        shown(
            "from [IPv6:::ffff:203.0.113.68] (unknown [203.0.113.68]) by a.test (Postfix) with ESMTPSA id 1; \
             Mon, 07 Apr 2025 23:16:09 +0200"
        ),
        "[IPv6:::ffff:203.0.113.68] 203.0.113.68 a.test ESMTPSA tls 1744060569"
    );
    assert_eq!(
        shown(
            "by relay-twl-01.twlnet.com (Postfix, from userid 112)\r\n\tid 15771A0482; Mon, 11 Feb 2019 11:15:05 \
             +0100 (CET)"
        ),
        "- - relay-twl-01.twlnet.com - plain 1549880105"
    );
    assert_eq!(
        shown(
            "from a.test (b.test [IPv6:2001:db8::7]) by c.test with ESMTP id 1; Tue, 01 Jan 2019 00:00:00 +0000"
        ),
        "a.test 2001:db8::7 c.test ESMTP plain 1546300800"
    );
}

#[test]
fn exim_is_read() {
    // Seen.
    assert_eq!(
        shown(
            "from relay-twl-01.twlnet.com ([87.106.127.28]:58922)\r\n\tby mail.twlnet.com with esmtps \
             (TLSv1.2:DHE-RSA-AES256-GCM-SHA384:256)\r\n\t(Exim 4.82)\r\n\t(envelope-from <x@google.com>)\r\n\tid \
             1gt8kN-0003AY-1B\r\n\tfor d@twlnet.com; Mon, 11 Feb 2019 11:23:31 +0100"
        ),
        "relay-twl-01.twlnet.com 87.106.127.28 mail.twlnet.com esmtps tls 1549880611"
    );
    assert_eq!(
        shown(
            "from [203.0.113.68] (helo=smtpclient.apple) by node04.test with esmtpsa (TLS1.3) tls \
             TLS_AES_256_GCM_SHA384 id x; Mon, 07 Apr 2025 23:16:09 +0200"
        ),
        "smtpclient.apple 203.0.113.68 node04.test esmtpsa_tls_TLS_AES_256_GCM_SHA384 tls 1744060569"
    );
    assert_eq!(
        shown("from [10.10.10.10] ([10.10.10.10:4227] helo=mail02.test) by b.test with ESMTP id 1; 1 Apr 2025 00:00:00 +0000")
            .split(' ')
            .next(),
        Some("mail02.test")
    );
    assert_eq!(
        shown(
            "from root by node04.test with local-generated (Exim 4.92) id 1; Mon, 07 Apr 2025 23:16:09 +0200"
        ),
        "root - node04.test local-generated plain 1744060569"
    );
}

#[test]
fn sendmail_and_gmail_are_read() {
    assert_eq!(
        shown(
            "from a.test (dyn.b.test [192.0.2.9] (may be forged)) by c.test (8.15.2/8.15.2) with ESMTPS id x \
             (version=TLSv1.2 cipher=X bits=256 verify=NO) for <d@c.test>; Tue, 1 Jan 2019 00:00:00 GMT"
        ),
        "a.test 192.0.2.9 c.test ESMTPS tls 1546300800"
    );
    assert_eq!(
        shown(
            "from mail-x.google.com (mail-x.google.com. [209.85.166.201]) by mx.google.com with SMTPS id 1 for \
             <a@b.test> (Google Transport Security); Mon, 31 Dec 2018 16:00:00 -0800 (PST)"
        ),
        "mail-x.google.com 209.85.166.201 mx.google.com SMTPS tls 1546300800"
    );
    // Seen.
    assert_eq!(
        shown(
            "by mail-it1-f201.google.com with SMTP id p21so3350239itb.8 for <d@cardinalhealth.com>; Wed, 13 Feb \
             2019 02:47:15 -0800 (PST)"
        ),
        "- - mail-it1-f201.google.com SMTP plain 1550054835"
    );
}

#[test]
fn exchange_is_read() {
    // Seen.
    assert_eq!(
        shown(
            "from SMTP10.cardinalhealth.com (199.230.200.198) by BY2.mail.protection.outlook.com (10.152.84.239) \
             with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384) id \
             15.20.1580.10 via Frontend Transport; Wed, 13 Feb 2019 10:48:12 +0000"
        ),
        "SMTP10.cardinalhealth.com 199.230.200.198 BY2.mail.protection.outlook.com Microsoft_SMTP_Server tls 1550054892"
    );
    assert_eq!(
        shown(
            "from SN6.outlook.com (2603:10b6:803:41::31) by SN7.outlook.com with HTTPS via SN4.OUTLOOK.COM; Wed, 13 \
             Feb 2019 10:48:13 +0000"
        ),
        "SN6.outlook.com 2603:10b6:803:41::31 SN7.outlook.com HTTPS tls 1550054893"
    );
    assert_eq!(
        shown(
            "from a.test (10.0.0.1) by b.test (10.0.0.2) with Microsoft SMTP Server (TLS) id 14; 1 Apr 2025 00:00:00 +0000"
        ),
        "a.test 10.0.0.1 b.test Microsoft_SMTP_Server tls 1743465600"
    );
}

#[test]
fn qmail_is_read() {
    assert_eq!(
        shown("from unknown (HELO mail.a.test) (192.0.2.9) by b.test with SMTP; 1 Apr 2025 00:00:00 -0000"),
        "mail.a.test 192.0.2.9 b.test SMTP plain 1743465600"
    );
    assert_eq!(
        shown(
            "from unknown (HELO mail.a.test) (anna@192.0.2.9) by b.test with SMTP; 1 Apr 2025 00:00:00 -0000"
        ),
        "mail.a.test 192.0.2.9 b.test SMTP plain 1743465600"
    );
    assert_eq!(
        shown("(qmail 12345 invoked by uid 89); 1 Apr 2025 00:00:00 -0000"),
        "- - - - plain 1743465600"
    );
}

#[test]
fn our_own_field_is_read() {
    assert_eq!(
        shown(
            "from mx.a.test ([192.0.2.9])\r\n\t(TLSv1.3 TLS13_AES_256_GCM_SHA384)\r\n\tby b.test with ESMTPS id Q1 \
             (session S1)\r\n\tfor <x@b.test>;\r\n\tTue, 01 Apr 2025 00:00:00 +0000"
        ),
        "mx.a.test 192.0.2.9 b.test ESMTPS tls 1743465600"
    );
}

#[test]
fn what_is_missing_or_broken_is_left_out() {
    assert_eq!(shown(""), "- - - - plain -");
    assert_eq!(shown("from by by"), "by - - - plain -");
    assert_eq!(
        shown("from a.test (((((([192.0.2.1]"),
        "a.test 192.0.2.1 - - plain -"
    );
    assert_eq!(
        shown("from a.test by b.test; yesterday"),
        "a.test - b.test - plain -"
    );
    assert_eq!(
        shown("from [127.0.0.1] ([local]) by a.test with UNKNOWN id 1"),
        "[127.0.0.1] 127.0.0.1 a.test UNKNOWN plain -"
    );
}

#[test]
fn a_submission_is_told_from_a_relay() {
    assert!(is_submission(&hop(b"from a by b with esmtpsa id 1")));
    assert!(!is_submission(&hop(b"from a by b with ESMTPS id 1")));
}

#[test]
fn of_many_hops_the_newest_and_the_oldest_are_kept() {
    let fields: String = (0..100)
        .map(|n| format!("Received: from h{n}.test by x.test\r\n"))
        .collect();
    let (hops, left_out) = path(fields.as_bytes());
    assert_eq!((hops.len(), left_out), (MAX_HOPS, 70));
    let name = |at: usize| hops[at].from.clone().unwrap();
    assert_eq!(
        [name(0), name(19), name(20), name(29)],
        ["h0.test", "h19.test", "h90.test", "h99.test"]
    );
}

proptest! {
    #[test]
    fn any_octets_are_read_and_nothing_long_is_kept(value in proptest::collection::vec(any::<u8>(), 0..6_000)) {
        let hop = hop(&value);
        for text in [hop.from, hop.by, hop.with].into_iter().flatten() {
            prop_assert!(text.len() <= NAME_OCTETS && !text.chars().any(char::is_control));
        }
    }

    #[test]
    fn any_grammar_soup_is_read(value in "(from|by|with|id|for|;|\\(|\\)|\\[|\\]|helo=|HELO|[a-z.]{1,9}|\\\\| |é){0,60}") {
        let _hop = hop(value.as_bytes());
    }
}
