//! Every statement of the store whose text is fixed.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $text;)*

        /// Every statement, for the test that prepares each.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name),)*];
    };
}

/// The columns of a span of samples, in the order in which they are bound.
macro_rules! span_columns {
    () => {
        "at, account, samples, suspect, missing, \
         realized_first, realized_last, realized_low, realized_high, \
         unrealized_first, unrealized_last, unrealized_low, unrealized_high, \
         pnl_first, pnl_last, pnl_low, pnl_high, \
         balance_first, balance_last, balance_low, balance_high, \
         equity_first, equity_last, equity_low, equity_high, \
         positions_last, orders_last, orders_high"
    };
}

macro_rules! span_values {
    () => {
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
         ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28"
    };
}

statements! {
    // Opening.
    COUNT_OBJECTS = "select count(*) from sqlite_schema where tbl_name <> '_sqlx_migrations'";
    // Without SQLite's own count of numbers, which no table has any more: a copy of
    // the record is made without it.
    OBJECTS = "
        select type, name, sql from sqlite_schema where name <> 'sqlite_sequence'
        order by type, name";
    APPLICATION_ID = "pragma application_id";
    NEWEST_MIGRATION = "select coalesce(max(version), 0) from _sqlx_migrations";
    CHECK_ALL = "pragma quick_check(1)";
    COPY_INTO = "vacuum into ?1";
    USE_WAL = "pragma journal_mode = wal";
    CHECKPOINT_WITH_COMMITS = "pragma wal_autocheckpoint = 1000";
    NO_CHECKPOINT_WITH_COMMITS = "pragma wal_autocheckpoint = 0";
    MOVE_LOG = "pragma wal_checkpoint(passive)";
    EMPTY_LOG = "pragma wal_checkpoint(truncate)";
    // SQLite opens the log with the first read.
    FIRST_READ = "select count(*) from writers";
    LAST_WRITER = "select id, node from writers order by id desc limit 1";
    LAST_EPOCH = "select coalesce(max(epoch), 0) from writers where node = ?1";
    ADD_WRITER = "
        insert into writers (id, node, epoch, since, after_link, after_hash)
        values (?1, ?2, ?3, ?4, ?5, ?6)";
    ADD_LAST_NUMBERS = "
        insert or ignore into last_numbers (writer, batch, entry) values (?1, 0, ?2)";
    LAST_NUMBERS = "select batch, entry from last_numbers where writer = ?1";

    // Transactions, as plain statements: the driver's own bookkeeping is lost
    // when SQLite rolls back by itself, as it does on a full disk.
    BEGIN = "begin immediate";
    COMMIT = "commit";
    ROLLBACK = "rollback";
    SET_BATCH = "
        update last_numbers set batch = ?1, entry = max(entry, cast(?2 as integer))
        where writer = ?3 and batch < ?1";
    SET_LAST_ENTRY = "update last_numbers set entry = ?2 where writer = ?1";

    // The rows of a batch as one text; see `ahead`.
    PUT_AHEAD = "
        insert into meta (key, value) values ('ahead', ?1)
        on conflict (key) do update set value = excluded.value";
    AHEAD = "select value from meta where key = 'ahead'";
    // Whether the batch of that number was not written by that writer.
    IS_MISSING = "
        select exists (select 1 from last_numbers where writer = ?2 and batch < ?1)";
    REFUSE_AHEAD = "update or replace meta set key = 'ahead_refused' where key = 'ahead'";

    // Rows.
    LOAD_RULE_SET = "update rule_sets set last_loaded_at = ?2 where hash = ?1";
    ADD_RULE_SET = "
        insert into rule_sets (hash, text, loaded_at, files, last_loaded_at)
        values (?1, ?2, ?3, ?4, ?3)";
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
        insert into requests (id, account, write, target, round, at,
            instrument, position_side, side, quantity, book, order_id)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    ADD_REQUEST_INTENT = "
        insert or ignore into request_intents (intent, request) values (?1, ?2)";
    PUT_SENT = "update requests set sent_at = ?2, unrecorded = ?3 where id = ?1";
    PUT_ANSWER = "
        update requests set answered_at = ?2, outcome = ?3, status = ?4, words = ?5 where id = ?1";
    LOCK_SPANS = "
        select account, kind, id, since, until from locks
        where ended_at is null and replaced_by is null";
    LAST_LOCK = "select coalesce(max(id), ?1) from locks where id > ?1 and id <= ?2";
    REPLACE_LOCK = "update locks set replaced_by = ?2 where id = ?1";
    ADD_LOCK = "
        insert into locks (id, account, kind, since, until, reason, firing)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    END_LOCK = "update locks set ended_at = ?2, ended_reason = ?3 where id = ?1";
    ADD_ENTRY = "
        insert into entries (id, at, kind, account, rule, firing, message, fields)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    // The rows of a whole batch, each parameter a JSON array of rows; see `together`.
    END_INTENTS = "
        update intents set ended_at = row.at, ended = row.ended
        from (select value ->> 0 as id, value ->> 1 as at, value ->> 2 as ended
              from json_each(?)) as row
        where intents.id = row.id and intents.ended_at is null
        returning 'ended', intents.id";
    PUT_ALL_SENT = "
        update requests set sent_at = row.at, unrecorded = row.unrecorded
        from (select value ->> 0 as id, value ->> 1 as at, value ->> 2 as unrecorded
              from json_each(?)) as row
        where requests.id = row.id
        returning 'sent', requests.id";
    PUT_ANSWERS = "
        update requests set answered_at = row.at, outcome = row.outcome,
            status = row.status, words = row.words
        from (select value ->> 0 as id, value ->> 1 as at, value ->> 2 as outcome,
                  value ->> 3 as status, value ->> 4 as words
              from json_each(?)) as row
        where requests.id = row.id
        returning 'answered', requests.id";
    REPLACE_LOCKS = "
        update locks set replaced_by = row.by
        from (select value ->> 0 as id, value ->> 1 as by from json_each(?)) as row
        where locks.id = row.id";

    // The chain.
    // Links as a JSON array of arrays, their bytes hexadecimal.
    ADD_LINKS = "
        insert into chain (seq, part, body, hash)
        select value ->> 0, value ->> 1, unhex(value ->> 2), unhex(value ->> 3)
        from json_each(?)";
    CHAIN_HEAD = "
        select seq, hash from chain where seq > ?1 and seq <= ?2 order by seq desc limit 1";
    SECURE_DELETE = "pragma secure_delete = on";
    INSECURE_DELETE = "pragma secure_delete = off";
    COUNT_EVIDENCE = "
        select (select count(*) from rule_sets) + (select count(*) from firings)
             + (select count(*) from intents) + (select count(*) from requests)
             + (select count(*) from locks) + (select count(*) from entries)";
    RULE_TEXTS = "select hash, text from rule_sets";
    SET_RULE_TEXT = "update rule_sets set text = ?2 where hash = ?1";
    LINKS = "select seq, part, body, hash from chain order by seq";
    LINK = "select body from chain where seq = ?1";
    LINKS_OF_LOCKS = "
        select link.seq, before.hash, link.body, link.hash
        from chain as link left join chain as before on before.seq = link.seq - 1
        where link.part = 'locks' order by link.seq";
    LOCKS_TO_NAME = "
        select account, kind, until from locks not indexed
        where ended_at is null and replaced_by is null order by id";
    BODIES_OF_LOCKS = "select body from chain where +part = 'locks' order by seq";
    ALL_WRITERS = "
        select id, node, epoch, since, after_link, after_hash from writers order by id";
    // The one that was put into force last comes last.
    ALL_RULE_SETS = "
        select hash, text, loaded_at, files, last_loaded_at from rule_sets
        order by hash is (select value from meta where key = 'rules_hash'), last_loaded_at, hash";
    ALL_FIRINGS = "
        select id, account, rule, at, actions, evidence, rules_hash from firings order by id";
    ALL_INTENTS = "
        select id, account, goal, instruments, cause, firing, cause_words, at, ended_at, ended
        from intents order by id";
    ALL_REQUESTS = "
        select id, account, write, target, round, at, sent_at, unrecorded,
            answered_at, outcome, status, words,
            instrument, position_side, side, quantity, book, order_id,
            (select json_group_array(intent) from
                (select intent from request_intents where request = requests.id order by intent))
                as intents
        from requests order by id";
    // Not by the index of those in force: that is checked by this.
    ALL_LOCKS = "
        select id, account, kind, since, until, reason, firing, replaced_by, ended_at, ended_reason
        from locks not indexed order by id";
    ALL_ENTRIES = "
        select id, at, kind, account, rule, firing, message, fields from entries order by id";
    STRAY_REQUEST_INTENTS = "
        select intent, request from request_intents
        where request not in (select id from requests) order by request, intent";
    HASH_OF_LINK = "select hash from chain where seq = ?1";
    LAST_ENTRY_ID = "select coalesce(max(id), ?1) from entries where id > ?1 and id <= ?2";
    CHECK_WHOLE = "pragma integrity_check";

    // Restoring: what is kept of one account, or of all of them where ?1 is null.
    ACCOUNT_STATES = "
        select account, state from account_states where ?1 is null or account = ?1";
    RULE_STATES = "
        select account, rule, state from rule_states where ?1 is null or account = ?1";
    LOCKS_IN_FORCE = "
        select id, account, kind, since, until, reason, firing, replaced_by, ended_at, ended_reason
        from locks
        where ended_at is null and replaced_by is null and (?1 is null or account = ?1)
        order by id";
    OPEN_INTENTS = "
        select id, account, goal, instruments, cause, firing, cause_words, at, ended_at, ended
        from intents where ended_at is null and (?1 is null or account = ?1) order by id";
    // Firings of rules that are still latched and for which nothing was sent,
    // because riskd only observed.
    OBSERVED_FIRINGS = "
        select distinct firing from intents
        where ended = 'observed' and (?1 is null or account = ?1) and firing in (
            select case when json_valid(state) then state ->> '$.fired.id' end from rule_states)
        order by firing";
    UNDONE_RULES = "
        select account, rule from rule_states
        where case when json_valid(state) then
            coalesce(state ->> '$.fired.undone', 0)
            or exists (select 1 from intents
                       where ended = 'observed' and firing = state ->> '$.fired.id')
        end
        order by rule, account";
    // Of one writer: behind its last number, or behind the one before its first.
    NEXT_FIRING = "
        select coalesce(max(id), ?1) + 1 from firings where id > ?1 and id <= ?2";
    // An id that a lost row had, but that others name, must not be used again.
    NEXT_INTENT = "
        select max(
            coalesce((select max(id) from intents where id > ?1 and id <= ?2), ?1),
            coalesce((select max(intent) from request_intents
                      where intent > ?1 and intent <= ?2), ?1)) + 1";
    NEXT_REQUEST = "
        select coalesce(max(id), ?1) + 1 from requests where id > ?1 and id <= ?2";
    // Numbers rise with time, and more than these do not leave in ten seconds.
    RECENT_REQUESTS = "
        select account, write, target, at, sent_at, answered_at, outcome,
            coalesce(sent_at, at) as left_at
        from (select * from requests order by id desc limit 2000)
        where (?1 is null or account = ?1)
            and left_at >= ?2 and (sent_at is not null or outcome is not 'not_sent')
        order by left_at, id";
    RULES_HASH = "select value from meta where key = 'rules_hash'";
    RULES_IN_FORCE = "
        select hash, text, files, loaded_at, last_loaded_at
        from meta join rule_sets on rule_sets.hash = meta.value
        where meta.key = 'rules_hash'";
    LAST_ENTRY = "
        select id, at, kind, account, rule, firing, message, fields
        from entries order by id desc limit 1";
    LAST_SIGN = "
        select max(at) from (
            select * from (select at from entries order by id desc limit 1)
            union all select max(at) from samples)";

    // Reading.
    FIRING = "
        select id, account, rule, at, actions, evidence, rules_hash from firings where id = ?1";
    LAST_RULE_SETS = "
        select hash, text, files, loaded_at, last_loaded_at from
            (select * from rule_sets order by last_loaded_at desc limit 32)
        order by loaded_at";
    RULE_SET = "
        select hash, text, files, loaded_at, last_loaded_at from rule_sets where hash = ?1";
    INTENTS_OF_FIRING = "
        select id, account, goal, instruments, cause, firing, cause_words, at, ended_at, ended
        from intents where firing = ?1 order by id";
    REQUESTS_OF_FIRING = "
        select id, account, write, target, round, at, sent_at, unrecorded,
            answered_at, outcome, status, words,
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
    ROLLED_UP_TO = "
        select coalesce((select cast(value as integer) from meta where key = 'rolled_up_to'),
                        -9223372036854775808)";
    SET_ROLLED_UP_TO = "
        insert into meta (key, value) values ('rolled_up_to', cast(?1 as text))
        on conflict (key) do update set value = excluded.value";
    SAMPLES_BETWEEN = "
        select at, account, quality, reason, realized, unrealized, balance, equity, positions, orders
        from samples where at > ?1 and at <= ?2 order by at, account";
    // The samples around a firing explain it, so they stay: the spans of the
    // firings that have samples between ?1 and ?2.
    KEPT_AROUND_FIRINGS = "
        select account, at - ?3 as since, min(at + ?5,
            iif(exists (select 1 from intents where firing = firings.id and ended_at is null),
                at + ?5,
                coalesce((select max(ended_at) from intents where firing = firings.id), at) + ?4))
            as until
        from firings indexed by firings_at
        where at >= ?1 - ?5 and at <= ?2 + ?3 order by account, since";
    DELETE_SAMPLES = "
        delete from samples where at > ?1 and at <= ?2 and not exists
            (select 1 from json_each(?3) as kept
             where kept.value ->> 0 = samples.account
             and samples.at between kept.value ->> 1 and kept.value ->> 2)";
    GET_MINUTE = concat!("select ", span_columns!(), " from samples_minute where at = ?1 and account = ?2");
    GET_HOUR = concat!("select ", span_columns!(), " from samples_hour where at = ?1 and account = ?2");
    PUT_MINUTE = concat!("insert or replace into samples_minute (", span_columns!(), ") values (", span_values!(), ")");
    PUT_HOUR = concat!("insert or replace into samples_hour (", span_columns!(), ") values (", span_values!(), ")");
    OLD_MINUTES = concat!("select ", span_columns!(), " from samples_minute where at < ?1 order by at, account limit ?2");
    DELETE_MINUTES = "delete from samples_minute where (at, account) <= (?1, ?2)";
    MINUTES = concat!("select ", span_columns!(), " from samples_minute where account = ?1 and at >= ?2 and at < ?3 order by at limit ?4");
    HOURS = concat!("select ", span_columns!(), " from samples_hour where account = ?1 and at >= ?2 and at < ?3 order by at limit ?4");
    FREE_BYTES = "
        select freelist_count * page_size from pragma_freelist_count, pragma_page_size";
    FULL_SINCE = "
        select min(at) from samples where at > coalesce(
            (select cast(value as integer) from meta where key = 'rolled_up_to'),
            -9223372036854775808)";
}

/// The checks of the tables that decide what riskd does after a start.
pub(super) const CHECK_VITAL: &[&str] = &[
    "pragma quick_check('meta')",
    "pragma quick_check('writers')",
    "pragma quick_check('last_numbers')",
    "pragma quick_check('account_states')",
    "pragma quick_check('rule_states')",
    "pragma quick_check('locks')",
    "pragma quick_check('intents')",
    "pragma quick_check('firings')",
];

/// The checks that an index leaves no row out, where a row that is not found
/// would be work or a lock that is lost.
pub(super) const CHECK_INDEXED: &[&str] = &[
    "pragma integrity_check('locks')",
    "pragma integrity_check('intents')",
];
