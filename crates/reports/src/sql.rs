//! Every statement of this crate, in the SQL that all engines share.

// Received.
pub(crate) const NEXT_NUMBER: &str =
    "UPDATE report_counter SET last_used = last_used + 1 WHERE name = 'report' RETURNING last_used";
pub(crate) const COUNT_REPEAT: &str = "UPDATE report_received SET repeats = repeats + 1
    WHERE domain = $1 AND kind = $2 AND reporter = $3 AND report_id = $4";
pub(crate) const COUNT_RECEIVED: &str = "SELECT COUNT(*) FROM report_received WHERE domain = $1";
pub(crate) const COUNT_ROWS: &str = "SELECT COUNT(*) FROM report_row WHERE domain = $1";
pub(crate) const INSERT_RECEIVED: &str = "INSERT INTO report_received
    (domain, kind, reporter, report_id, number, carrier, org_name, begin_at, end_at, received_at, repeats,
     left_out, facts)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)";
pub(crate) const INSERT_ROW: &str = "INSERT INTO report_row
    (domain, end_at, number, row_number, source, header_from, dkim_aligned, spf_aligned, disposition, messages,
     results)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
pub(crate) const RECEIVED: &str =
    "SELECT kind, reporter, carrier, org_name, begin_at, end_at, repeats, left_out,
    facts FROM report_received WHERE domain = $1 AND end_at >= $2 ORDER BY end_at, number";
pub(crate) const ROWS: &str = "SELECT w.source, w.header_from, w.dkim_aligned, w.spf_aligned, w.disposition,
    w.messages, w.results, r.begin_at, r.end_at, r.org_name, r.carrier
    FROM report_row w JOIN report_received r ON r.number = w.number
    WHERE w.domain = $1 AND w.end_at >= $2 AND r.carrier IS NOT NULL
    ORDER BY w.end_at, w.number, w.row_number";
pub(crate) const SOURCES: &str = "SELECT w.source FROM report_row w
    JOIN report_received r ON r.number = w.number
    WHERE w.domain = $1 AND w.end_at >= $2 AND r.carrier IS NOT NULL
    GROUP BY w.source ORDER BY SUM(w.messages) DESC, w.source LIMIT $3";
pub(crate) const TIDY_RECEIVED: &str = "DELETE FROM report_received WHERE end_at < $1";
pub(crate) const TIDY_ROWS: &str = "DELETE FROM report_row WHERE end_at < $1";
pub(crate) const FORGET_RECEIVED: &str = "DELETE FROM report_received WHERE domain = $1";
pub(crate) const FORGET_ROWS: &str = "DELETE FROM report_row WHERE domain = $1";

// Sending.
pub(crate) const SEND_ON: &str =
    "INSERT INTO report_sending (domain) VALUES ($1) ON CONFLICT (domain) DO NOTHING";
pub(crate) const SEND_OFF: &str = "DELETE FROM report_sending WHERE domain = $1";
pub(crate) const SENDS: &str = "SELECT domain FROM report_sending ORDER BY domain";
pub(crate) const COUNT_MESSAGE: &str = "UPDATE report_observed SET messages = messages + 1
    WHERE day = $1 AND policy_domain = $2 AND facts = $3";
pub(crate) const INSERT_OBSERVED: &str =
    "INSERT INTO report_observed (day, policy_domain, facts, messages) VALUES ($1, $2, $3, 1)";
pub(crate) const DAY: &str = "SELECT published, report_to, fact_count, left_out, sent FROM report_day
    WHERE day = $1 AND policy_domain = $2";
pub(crate) const COUNT_DAY: &str = "SELECT COUNT(*) FROM report_day WHERE day = $1";
pub(crate) const PUT_DAY: &str = "INSERT INTO report_day
    (day, policy_domain, published, report_to, fact_count, left_out, sent) VALUES ($1, $2, $3, $4, 0, 0, 0)
    ON CONFLICT (day, policy_domain) DO UPDATE SET published = $3, report_to = $4";
pub(crate) const COUNT_FACT: &str =
    "UPDATE report_day SET fact_count = fact_count + 1 WHERE day = $1 AND policy_domain = $2";
pub(crate) const COUNT_LEFT_OUT: &str =
    "UPDATE report_day SET left_out = left_out + 1 WHERE day = $1 AND policy_domain = $2";
pub(crate) const DUE: &str =
    "SELECT policy_domain FROM report_day WHERE day = $1 AND sent = 0 ORDER BY policy_domain";
pub(crate) const UNSENT_DAYS: &str =
    "SELECT DISTINCT day FROM report_day WHERE day < $1 AND sent = 0 ORDER BY day";
pub(crate) const OBSERVED: &str = "SELECT facts, messages FROM report_observed
    WHERE day = $1 AND policy_domain = $2 ORDER BY facts";
pub(crate) const SENT: &str =
    "UPDATE report_day SET sent = 1 WHERE day = $1 AND policy_domain = $2 AND sent = 0";
pub(crate) const DELETE_OBSERVED: &str = "DELETE FROM report_observed WHERE day = $1 AND policy_domain = $2";
pub(crate) const TIDY_DAYS: &str = "DELETE FROM report_day WHERE day < $1";
pub(crate) const TIDY_OBSERVED: &str = "DELETE FROM report_observed WHERE day < $1";

/// All of them, for a test that runs each on several engines.
pub const STATEMENTS: &[&str] = &[
    NEXT_NUMBER,
    COUNT_REPEAT,
    COUNT_RECEIVED,
    COUNT_ROWS,
    INSERT_RECEIVED,
    INSERT_ROW,
    RECEIVED,
    ROWS,
    SOURCES,
    TIDY_RECEIVED,
    TIDY_ROWS,
    FORGET_RECEIVED,
    FORGET_ROWS,
    SEND_ON,
    SEND_OFF,
    SENDS,
    COUNT_MESSAGE,
    INSERT_OBSERVED,
    DAY,
    COUNT_DAY,
    PUT_DAY,
    COUNT_FACT,
    COUNT_LEFT_OUT,
    DUE,
    UNSENT_DAYS,
    OBSERVED,
    SENT,
    DELETE_OBSERVED,
    TIDY_DAYS,
    TIDY_OBSERVED,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Kept;
    use posthorn_store::Value;

    /// Highest `$n`.
    fn parameters(sql: &str) -> usize {
        sql.split('$')
            .skip(1)
            .map(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<usize>().unwrap()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn the_engine_takes_every_statement() {
        Kept::empty().run(|tx| {
            for &sql in STATEMENTS {
                let params = vec![Value::Int(1); parameters(sql)];
                tx.for_each(sql, &params, |_row| Ok(()))
                    .unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
        });
    }

    #[test]
    fn no_statement_is_missing_from_the_list() {
        let declared = include_str!("sql.rs")
            .lines()
            .filter(|line| line.starts_with("pub(crate) const "))
            .count();
        assert_eq!(declared, STATEMENTS.len());
        let distinct: std::collections::HashSet<_> = STATEMENTS.iter().collect();
        assert_eq!(distinct.len(), STATEMENTS.len());
    }
}
