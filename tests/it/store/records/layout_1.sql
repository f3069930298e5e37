-- A record as the version that made layout 1 left it; see earlier.rs.
pragma application_id = 1919513451;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'record','2026-11-30 09:29:36',1,X'480f7c2b92cf26d20020ef8b0ca811a9b037b0c5b0d278562376c03de5e6fbe51e8a948b16362e1bbd1901ce70b77ec0',4306505);
CREATE TABLE meta (
    key   text not null primary key,
    value text not null
) strict, without rowid;
INSERT INTO meta VALUES('batch','6');
INSERT INTO meta VALUES('rules_hash','abc');
CREATE TABLE rule_sets (
    hash            text    not null primary key,
    text            text    not null,
    loaded_at       integer not null,
    last_loaded_at  integer not null
) strict;
INSERT INTO rule_sets VALUES('abc',replace('version: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\nversion: 1 # abc\n','\n',char(10)),1772721000000,1772721000006);
INSERT INTO rule_sets VALUES('def',replace('version: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\nversion: 1 # def\n','\n',char(10)),1772721000005,1772721000005);
CREATE TABLE samples (
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
INSERT INTO samples VALUES(1772721000000,'apex-1','good',NULL,'-12.50',NULL,'50000.123456','49987.50','ES 03-26:+2@5000.25',1);
INSERT INTO samples VALUES(1772721020000,'apex-1','good',NULL,'-12.50',NULL,'50000.123456','49987.50','ES 03-26:+2@5000.25',1);
INSERT INTO samples VALUES(1772721030000,'apex-1','suspect','all zero','-12.50',NULL,'50000.123456','49987.50','ES 03-26:+2@5000.25',1);
INSERT INTO samples VALUES(1772724700000,'demo','good',NULL,'-12.50',NULL,'50000.123456','49987.50','BTCUSDT/long:+0.5;BTCUSDT/short:-0.2',1);
CREATE TABLE account_states (
    account  text not null primary key,
    state    text not null
) strict, without rowid;
INSERT INTO account_states VALUES('apex-1','{"number":"APEX-1234-01"}');
INSERT INTO account_states VALUES('demo','{}');
CREATE TABLE rule_states (
    account  text not null,
    rule     text not null,
    state    text not null,
    primary key (account, rule)
) strict, without rowid;
INSERT INTO rule_states VALUES('apex-1','daily loss limit','{"fired":{"id":1}}');
INSERT INTO rule_states VALUES('apex-1','watch','{"fired":{"id":2}}');
CREATE TABLE firings (
    id          integer primary key,
    account     text    not null,
    rule        text    not null,
    at          integer not null,
    actions     text    not null,   -- JSON array of names
    evidence    text    not null,   -- JSON object of strings
    rules_hash  text    not null
) strict;
INSERT INTO firings VALUES(1,'apex-1','daily loss limit',1772721000001,'["cancel_orders","flatten","lock"]','{"value":"-1012.50","limit":"-1000.00","kind":"pnl"}','abc');
INSERT INTO firings VALUES(2,'apex-1','daily loss limit',1772721000002,'["cancel_orders","flatten","lock"]','{"value":"-1012.50","limit":"-1000.00","kind":"pnl"}','abc');
CREATE TABLE intents (
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
INSERT INTO intents VALUES(1,'apex-1','flat_and_quiet',NULL,'firing',1,NULL,1772721000001,1772721000900,'verified');
INSERT INTO intents VALUES(2,'apex-1','quiet',NULL,'person',NULL,'news',1772721000002,NULL,NULL);
INSERT INTO intents VALUES(3,'apex-1','reduce_only',NULL,'lock',NULL,NULL,1772721000003,NULL,NULL);
INSERT INTO intents VALUES(4,'apex-1','closed','["BTCUSDT/long","ES 03-26"]','firing',1,NULL,1772721000004,NULL,NULL);
INSERT INTO intents VALUES(5,'apex-1','flat_and_quiet',NULL,'firing',2,NULL,1772721000005,1772721000901,'observed');
CREATE TABLE requests (
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
INSERT INTO requests VALUES(1,'apex-1','flatten',NULL,1,1772721000001,1772721000041,'unknown',200,'flattened');
INSERT INTO requests VALUES(2,'apex-1','flatten',NULL,1,1772721000002,NULL,NULL,NULL,NULL);
INSERT INTO requests VALUES(3,'apex-1','close_position','sell 0.5 of BTCUSDT/long, part 2',1,1772721000003,1772721000043,'refused',200,'flattened');
INSERT INTO requests VALUES(4,'apex-1','cancel_orders_of','BTCUSDT (conditional)',1,1772721000004,NULL,NULL,NULL,NULL);
CREATE TABLE request_intents (
    intent   integer not null,
    request  integer not null,
    primary key (intent, request)
) strict, without rowid;
INSERT INTO request_intents VALUES(1,1);
INSERT INTO request_intents VALUES(2,1);
INSERT INTO request_intents VALUES(1,2);
INSERT INTO request_intents VALUES(4,3);
INSERT INTO request_intents VALUES(4,4);
CREATE TABLE locks (
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
INSERT INTO locks VALUES(1,'apex-1','lock',1772721000010,1772721060000,'rule',1,2,NULL,NULL);
INSERT INTO locks VALUES(2,'apex-1','lock',1772721000010,1772721120000,'rule',1,NULL,1772721002000,'by hand');
INSERT INTO locks VALUES(3,'demo','close_only',1772721000010,1772721090000,'person',NULL,NULL,NULL,NULL);
INSERT INTO locks VALUES(4,'apex-1','lock',1772721000010,NULL,'person',NULL,NULL,NULL,NULL);
CREATE TABLE entries (
    id       integer primary key autoincrement,
    at       integer not null,
    kind     text    not null,
    account  text,
    rule     text,
    firing   integer,
    message  text    not null,
    fields   text    not null       -- JSON object of strings
) strict;
INSERT INTO entries VALUES(1,1772721000005,'started',NULL,NULL,NULL,'riskd starts: ä "x"','{"value":"-1012.50","at":"2026-03-05"}');
INSERT INTO entries VALUES(2,1772721000005,'fired','apex-1','daily loss limit',1,'fired','{"value":"-1012.50","at":"2026-03-05"}');
INSERT INTO entries VALUES(3,1772721000005,'fired','apex-1','daily loss limit',NULL,'two','{"value":"-1012.50","at":"2026-03-05"}');
INSERT INTO entries VALUES(4,1772721000005,'fired','apex-1','daily loss limit',NULL,'three','{"value":"-1012.50","at":"2026-03-05"}');
INSERT INTO entries VALUES(5,1772721000005,'stopped','apex-1','daily loss limit',NULL,'stopped','{"value":"-1012.50","at":"2026-03-05"}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('entries',5);
CREATE INDEX firings_account on firings (account, at);
CREATE INDEX intents_open on intents (id) where ended_at is null;
CREATE INDEX intents_firing on intents (firing) where firing is not null;
CREATE INDEX requests_account on requests (account, id);
CREATE INDEX request_intents_request on request_intents (request);
CREATE UNIQUE INDEX locks_in_force on locks (account, kind)
    where ended_at is null and replaced_by is null;
CREATE INDEX locks_firing on locks (firing) where firing is not null;
CREATE INDEX entries_account on entries (account, id) where account is not null;
CREATE INDEX entries_rule on entries (rule, id) where rule is not null;
CREATE INDEX entries_kind on entries (kind, id);
CREATE INDEX entries_at on entries (at);
CREATE INDEX entries_firing on entries (firing, id) where firing is not null;
COMMIT;
