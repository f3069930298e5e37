//! Every statement of the store whose text is fixed.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $text;)*

        /// Every statement, for the test that prepares each.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name),)*];
    };
}

statements! {
    // Opening.
    COUNT_OBJECTS = "select count(*) from sqlite_schema where tbl_name <> '_sqlx_migrations'";
    APPLICATION_ID = "pragma application_id";
    NEWEST_MIGRATION = "select coalesce(max(version), 0) from _sqlx_migrations";
    CHECK_ALL = "pragma quick_check(1)";
    COPY_INTO = "vacuum into ?1";
    USE_WAL = "pragma journal_mode = wal";
    SYNCHRONOUS_NORMAL = "pragma synchronous = normal";
    SYNCHRONOUS_FULL = "pragma synchronous = full";
    LAST_BATCH = "select value from meta where key = 'batch'";

    // Transactions, as plain statements: the driver's own bookkeeping is lost
    // when SQLite rolls back by itself, as it does on a full disk.
    BEGIN = "begin immediate";
    COMMIT = "commit";
    ROLLBACK = "rollback";
    SET_BATCH = "
        update meta set value = cast(?1 as text)
        where key = 'batch' and cast(value as integer) < ?1";

    // Rows.
    PUT_RULE_SET = "
        insert into rule_sets (hash, text, loaded_at, last_loaded_at) values (?1, ?2, ?3, ?3)
        on conflict (hash) do update set last_loaded_at = excluded.last_loaded_at";
    SET_RULES_HASH = "
        insert into meta (key, value) values ('rules_hash', ?1)
        on conflict (key) do update set value = excluded.value";
    // One account shows one thing at a time: the later row of one millisecond counts.
    PUT_SAMPLE = "
        insert into samples
            (at, account, quality, reason, realized, unrealized, balance, equity, positions, orders)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        on conflict (at, account) do update set
            quality = excluded.quality, reason = excluded.reason,
            realized = excluded.realized, unrealized = excluded.unrealized,
            balance = excluded.balance, equity = excluded.equity,
            positions = excluded.positions, orders = excluded.orders";
    PUT_ACCOUNT_STATE = "
        insert into account_states (account, state) values (?1, ?2)
        on conflict (account) do update set state = excluded.state";
    PUT_RULE_STATE = "
        insert into rule_states (account, rule, state) values (?1, ?2, ?3)
        on conflict (account, rule) do update set state = excluded.state";
    ADD_FIRING = "
        insert into firings (id, account, rule, at, actions, evidence, rules_hash)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    ADD_INTENT = "
        insert into intents (id, account, goal, instruments, cause, firing, cause_words, at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    END_INTENT = "
        update intents set ended_at = ?2, ended = ?3 where id = ?1 and ended_at is null";
    ADD_REQUEST = "
        insert into requests (id, account, write, target, round, at)
        values (?1, ?2, ?3, ?4, ?5, ?6)";
    ADD_REQUEST_INTENT = "
        insert or ignore into request_intents (intent, request) values (?1, ?2)";
    PUT_ANSWER = "
        update requests set answered_at = ?2, outcome = ?3, status = ?4, words = ?5 where id = ?1";
    LOCK_IN_FORCE = "
        select id, since, until from locks
        where account = ?1 and kind = ?2 and ended_at is null and replaced_by is null";
    NEXT_LOCK = "select coalesce(max(id), 0) + 1 from locks";
    REPLACE_LOCK = "update locks set replaced_by = ?2 where id = ?1";
    ADD_LOCK = "
        insert into locks (id, account, kind, since, until, reason, firing)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    END_LOCK = "
        update locks set ended_at = ?3, ended_reason = ?4
        where account = ?1 and kind = ?2 and ended_at is null and replaced_by is null";
    ADD_ENTRY = "
        insert into entries (at, kind, account, rule, firing, message, fields)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    // Restoring.
    ACCOUNT_STATES = "select account, state from account_states";
    RULE_STATES = "select account, rule, state from rule_states";
    LOCKS_IN_FORCE = "
        select id, account, kind, since, until, reason, firing, replaced_by, ended_at, ended_reason
        from locks where ended_at is null and replaced_by is null order by id";
    OPEN_INTENTS = "
        select id, account, goal, instruments, cause, firing, cause_words, at, ended_at, ended
        from intents where ended_at is null order by id";
    NEXT_FIRING = "select coalesce(max(id), 0) + 1 from firings";
    // An id that a lost row had, but that others name, must not be used again.
    NEXT_INTENT = "
        select max(coalesce((select max(id) from intents), 0),
                   coalesce((select max(intent) from request_intents), 0)) + 1";
    NEXT_REQUEST = "select coalesce(max(id), 0) + 1 from requests";
    RULES_HASH = "select value from meta where key = 'rules_hash'";
    RULES_IN_FORCE = "
        select rule_sets.text from meta join rule_sets on rule_sets.hash = meta.value
        where meta.key = 'rules_hash'";
    LAST_ENTRY = "
        select id, at, kind, account, rule, firing, message, fields
        from entries order by id desc limit 1";

    // Reading.
    FIRING = "
        select id, account, rule, at, actions, evidence, rules_hash from firings where id = ?1";
    LAST_RULE_SETS = "
        select hash, text, loaded_at, last_loaded_at from
            (select * from rule_sets order by last_loaded_at desc limit 32)
        order by loaded_at";
    RULE_SET = "select hash, text, loaded_at from rule_sets where hash = ?1";
    INTENTS_OF_FIRING = "
        select id, account, goal, instruments, cause, firing, cause_words, at, ended_at, ended
        from intents where firing = ?1 order by id";
    REQUESTS_OF_FIRING = "
        select id, account, write, target, round, at, answered_at, outcome, status, words,
            (select json_group_array(intent) from
                (select intent from request_intents where request = requests.id order by intent))
                as intents
        from requests
        where id in (select request from request_intents join intents on intents.id = intent
                     where firing = ?1)
        order by id limit ?2";
    LOCKS_OF_FIRING = "
        select id, account, kind, since, until, reason, firing, replaced_by, ended_at, ended_reason
        from locks where firing = ?1 order by id";
    ENTRIES_OF_FIRING = "
        select id, at, kind, account, rule, firing, message, fields
        from entries where firing = ?1 order by id limit ?2";
    SAMPLES = "
        select at, account, quality, reason, realized, unrealized, balance, equity, positions, orders
        from samples where account = ?1 and at >= ?2 and at < ?3 order by at limit ?4";

    // Retention.
    CHUNK_END = "
        select at from samples where at > ?1 and at < ?2 order by at limit 1 offset ?3";
    // The samples around a firing explain it, so they stay.
    DELETE_SAMPLES = "
        delete from samples where at > ?1 and at <= ?2 and not exists
            (select 1 from firings where firings.account = samples.account
             and firings.at between samples.at - ?3 and samples.at + ?3)";
}

/// The checks of the tables that decide what riskd does after a start.
pub(super) const CHECK_VITAL: &[&str] = &[
    "pragma quick_check('meta')",
    "pragma quick_check('account_states')",
    "pragma quick_check('rule_states')",
    "pragma quick_check('locks')",
    "pragma quick_check('intents')",
    "pragma quick_check('firings')",
];
