//! Every statement of this crate, in the SQL that all engines share.

posthorn_store::statements! {
    // Received.
    NEXT_NUMBER = "UPDATE report_counter SET last_used = last_used + 1 WHERE name = 'report' RETURNING last_used";
    COUNT_REPEAT = "UPDATE report_received SET repeats = repeats + 1
        WHERE domain = $1 AND kind = $2 AND reporter = $3 AND report_id = $4";
    COUNT_RECEIVED = "SELECT COUNT(*) FROM report_received WHERE domain = $1";
    COUNT_ROWS = "SELECT COUNT(*) FROM report_row WHERE domain = $1";
    INSERT_RECEIVED = "INSERT INTO report_received
        (domain, kind, reporter, report_id, number, carrier, org_name, begin_at, end_at, received_at, repeats,
         left_out, facts)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)";
    INSERT_ROW = "INSERT INTO report_row
        (domain, end_at, number, row_number, source, header_from, dkim_aligned, spf_aligned, disposition, messages,
         results)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    RECEIVED = "SELECT kind, reporter, carrier, org_name, begin_at, end_at, repeats, left_out,
        facts FROM report_received WHERE domain = $1 AND end_at >= $2 ORDER BY end_at, number";
    ROWS = "SELECT w.source, w.header_from, w.dkim_aligned, w.spf_aligned, w.disposition,
        w.messages, w.results, r.begin_at, r.end_at, r.org_name, r.carrier
        FROM report_row w JOIN report_received r ON r.number = w.number
        WHERE w.domain = $1 AND w.end_at >= $2 AND r.carrier IS NOT NULL
        ORDER BY w.end_at, w.number, w.row_number";
    SOURCES = "SELECT w.source FROM report_row w
        JOIN report_received r ON r.number = w.number
        WHERE w.domain = $1 AND w.end_at >= $2 AND r.carrier IS NOT NULL
        GROUP BY w.source ORDER BY SUM(w.messages) DESC, w.source LIMIT $3";
    TIDY_RECEIVED = "DELETE FROM report_received WHERE end_at < $1";
    TIDY_ROWS = "DELETE FROM report_row WHERE end_at < $1";
    FORGET_RECEIVED = "DELETE FROM report_received WHERE domain = $1";
    FORGET_ROWS = "DELETE FROM report_row WHERE domain = $1";

    // Sending.
    SEND_ON = "INSERT INTO report_sending (domain) VALUES ($1) ON CONFLICT (domain) DO NOTHING";
    SEND_OFF = "DELETE FROM report_sending WHERE domain = $1";
    SENDS = "SELECT domain FROM report_sending ORDER BY domain";
    COUNT_MESSAGE = "UPDATE report_observed SET messages = messages + 1
        WHERE day = $1 AND policy_domain = $2 AND facts = $3";
    INSERT_OBSERVED = "INSERT INTO report_observed (day, policy_domain, facts, messages) VALUES ($1, $2, $3, 1)";
    DAY = "SELECT published, report_to, fact_count, left_out, sent FROM report_day
        WHERE day = $1 AND policy_domain = $2";
    COUNT_DAY = "SELECT COUNT(*) FROM report_day WHERE day = $1";
    PUT_DAY = "INSERT INTO report_day
        (day, policy_domain, published, report_to, fact_count, left_out, sent) VALUES ($1, $2, $3, $4, 0, 0, 0)
        ON CONFLICT (day, policy_domain) DO UPDATE SET published = $3, report_to = $4";
    COUNT_FACT = "UPDATE report_day SET fact_count = fact_count + 1 WHERE day = $1 AND policy_domain = $2";
    COUNT_LEFT_OUT = "UPDATE report_day SET left_out = left_out + 1 WHERE day = $1 AND policy_domain = $2";
    DUE = "SELECT policy_domain FROM report_day WHERE day = $1 AND sent = 0 ORDER BY policy_domain";
    UNSENT_DAYS = "SELECT DISTINCT day FROM report_day WHERE day < $1 AND sent = 0 ORDER BY day";
    OBSERVED = "SELECT facts, messages FROM report_observed
        WHERE day = $1 AND policy_domain = $2 ORDER BY facts";
    SENT = "UPDATE report_day SET sent = 1 WHERE day = $1 AND policy_domain = $2 AND sent = 0";
    DELETE_OBSERVED = "DELETE FROM report_observed WHERE day = $1 AND policy_domain = $2";
    TIDY_DAYS = "DELETE FROM report_day WHERE day < $1";
    TIDY_OBSERVED = "DELETE FROM report_observed WHERE day < $1";
}

#[cfg(test)]
mod tests {
    use super::STATEMENTS;
    use crate::fixture::Kept;

    #[test]
    fn the_engine_takes_every_statement() {
        Kept::empty().run(|tx| assert_eq!(tx.refused(STATEMENTS), [] as [&str; 0]));
    }
}
