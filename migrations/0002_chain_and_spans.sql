-- The chain over the evidence, and what is kept of old samples.

-- One link for each row of evidence that was added and for each change of one,
-- in the order of writing. A link's hash covers the hash of the link before it,
-- its own number and its body; docs/record.md says how. Links are only added.
create table chain (
    seq   integer not null primary key,   -- from 1, without a gap
    part  text    not null,               -- the table that the link speaks of
    body  blob    not null,
    hash  blob    not null                -- SHA-256
) strict;

-- A start compares the locks with what the chain says of them.
create index chain_locks on chain (seq) where part = 'locks';

-- What is kept of the samples of one minute of one account. `_first` and
-- `_last` are in the order of time, `_low` and `_high` by value, `pnl` is
-- realized and unrealized together where both are known. Null is unknown: no
-- sample of the minute had it.
create table samples_minute (
    at                integer not null,   -- the beginning of the minute
    account           text    not null,
    samples           integer not null,   -- how many
    suspect           integer not null,   -- of them
    missing           integer not null,   -- of them
    realized_first    text, realized_last    text, realized_low    text, realized_high    text,
    unrealized_first  text, unrealized_last  text, unrealized_low  text, unrealized_high  text,
    pnl_first         text, pnl_last         text, pnl_low         text, pnl_high         text,
    balance_first     text, balance_last     text, balance_low     text, balance_high     text,
    equity_first      text, equity_last      text, equity_low      text, equity_high      text,
    positions_last    text,               -- as in `samples`
    orders_last       integer,
    orders_high       integer,
    primary key (at, account)
) strict, without rowid;

-- The same of one hour.
create table samples_hour (
    at                integer not null,
    account           text    not null,
    samples           integer not null,
    suspect           integer not null,
    missing           integer not null,
    realized_first    text, realized_last    text, realized_low    text, realized_high    text,
    unrealized_first  text, unrealized_last  text, unrealized_low  text, unrealized_high  text,
    pnl_first         text, pnl_last         text, pnl_low         text, pnl_high         text,
    balance_first     text, balance_last     text, balance_low     text, balance_high     text,
    equity_first      text, equity_last      text, equity_low      text, equity_high      text,
    positions_last    text,
    orders_last       integer,
    orders_high       integer,
    primary key (at, account)
) strict, without rowid;

-- Retention looks for the firings of a span of time.
create index firings_at on firings (at);
