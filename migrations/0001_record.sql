-- The record: what riskd saw, decided, asked for and was answered.
--
-- Times are integer milliseconds since 1970 in UTC. Amounts and quantities are
-- decimal text, because a binary float cannot hold a cent. Unknown is null,
-- never zero.
--
-- There is deliberately no foreign key: a row here is evidence, and evidence
-- must neither be refused because its parent is missing (a row lost while the
-- disk was full) nor vanish because its parent was deleted.

-- Marks the file as riskd's ("risk" in ASCII), so that a database of another
-- program is never migrated by mistake.
pragma application_id = 1919513451;

-- Facts about the record itself, one value a key.
create table meta (
    key   text not null primary key,
    value text not null
) strict, without rowid;

-- Number of the last batch that was committed. A batch whose commit failed or
-- was interrupted is handed in again under the same number, and is known by it
-- if it had been committed after all.
insert into meta (key, value) values ('batch', '0');

-- Every rule set that was ever in force, so that a firing can be explained by
-- the text that it fired under.
create table rule_sets (
    hash            text    not null primary key,
    text            text    not null,
    loaded_at       integer not null,
    last_loaded_at  integer not null
) strict;

-- What an account showed, written when it changed. The time leads the key:
-- rows of all accounts are then appended at one end of the tree and old ones
-- are deleted at the other.
create table samples (
    at          integer not null,
    account     text    not null,
    quality     text    not null check (quality in ('good', 'suspect', 'missing')),
    reason      text,               -- why it is suspect or missing
    realized    text,
    unrealized  text,
    balance     text,
    equity      text,
    positions   text,               -- as in a history file; '' is flat, null unknown
    orders      integer,            -- working orders
    primary key (at, account)
) strict, without rowid;

-- What an account remembers (session anchors, marks, ledger), as JSON.
create table account_states (
    account  text not null primary key,
    state    text not null
) strict, without rowid;

-- What a rule remembers for one account, as JSON. It follows the rule's name.
create table rule_states (
    account  text not null,
    rule     text not null,
    state    text not null,
    primary key (account, rule)
) strict, without rowid;

-- A rule going from not fired to fired.
create table firings (
    id          integer primary key,
    account     text    not null,
    rule        text    not null,
    at          integer not null,
    actions     text    not null,   -- JSON array of names
    evidence    text    not null,   -- JSON object of strings
    rules_hash  text    not null
) strict;

-- Retention keeps the samples around a firing and looks for it by this.
create index firings_account on firings (account, at);

-- Something that is to be done until it is done; open while ended_at is null.
create table intents (
    id           integer primary key,
    account      text    not null,
    goal         text    not null,
    instruments  text,              -- JSON array, for the goal that names some
    cause        text    not null check (cause in ('firing', 'lock', 'person')),
    firing       integer,           -- for the cause that is a firing
    cause_words  text,              -- for the cause that is a person
    at           integer not null,
    ended_at     integer,
    ended        text
) strict;

create index intents_open on intents (id) where ended_at is null;
create index intents_firing on intents (firing) where firing is not null;

-- A write to a venue with its answer. Without an answer it may have been
-- carried out: the process ended, or the answer is still awaited.
create table requests (
    id           integer primary key,
    account      text    not null,
    write        text    not null,
    target       text,
    round        integer not null,
    at           integer not null,
    answered_at  integer,
    outcome      text,
    status       integer,           -- the HTTP status, when there was one
    words        text               -- the venue's own words, shortened
) strict;

create index requests_account on requests (account, id);

-- The intents behind a request: one request may serve several.
create table request_intents (
    intent   integer not null,
    request  integer not null,
    primary key (intent, request)
) strict, without rowid;

create index request_intents_request on request_intents (request);

-- Locks and how they ended. A lock that is extended is replaced by a new row,
-- so that each firing keeps the lock that it asked for.
create table locks (
    id            integer primary key,
    account       text    not null,
    kind          text    not null check (kind in ('close_only', 'lock')),
    since         integer not null,
    until         integer,          -- null: until a person ends it
    reason        text    not null,
    firing        integer,
    replaced_by   integer,
    ended_at      integer,
    ended_reason  text
) strict;

-- At most one of each kind is in force for an account.
create unique index locks_in_force on locks (account, kind)
    where ended_at is null and replaced_by is null;
create index locks_firing on locks (firing) where firing is not null;

-- The story, one line a row. Numbers are never used twice, even when the
-- newest rows were deleted by hand: a gap is then visible.
create table entries (
    id       integer primary key autoincrement,
    at       integer not null,
    kind     text    not null,
    account  text,
    rule     text,
    firing   integer,
    message  text    not null,
    fields   text    not null       -- JSON object of strings
) strict;

create index entries_account on entries (account, id) where account is not null;
create index entries_rule on entries (rule, id) where rule is not null;
create index entries_kind on entries (kind, id);
create index entries_at on entries (at);
create index entries_firing on entries (firing, id) where firing is not null;
