-- Whose rows these are; the files of a rule set; a write in columns of its own.

-- Who wrote: a node, and which of its turns on this record it was. Rows get their
-- numbers from their writer: the n-th of writer w is (w - 1) << 40 | n, so that no
-- two writers ever give the same number, and those of writer 1 are plain. The rows
-- from before this table are writer 1's.
--
-- Writers are numbered in the order of their turns, so that numbers rise in the
-- order of writing. A later one names the last link of the chain before its own:
-- what is cut off from that chain afterwards is missed.
create table writers (
    id          integer primary key,    -- from 1
    node        text    not null,
    epoch       integer not null,       -- which turn of this node it is, from 1
    since       integer not null,
    after_link  integer,
    after_hash  text                    -- hexadecimal
) strict;

-- The last numbers that a writer gave. One row, because each transaction writes
-- it: `batch` as it was in `meta`, and `entry` in place of SQLite's own count, so
-- that a number is never used twice even when the newest rows were deleted by hand.
create table last_numbers (
    writer  integer not null primary key,
    batch   integer not null,
    entry   integer not null
) strict;

insert into last_numbers (writer, batch, entry)
select 1, cast(value as integer),
    coalesce((select seq from sqlite_sequence where name = 'entries'), 0)
from meta where key = 'batch';

delete from meta where key = 'batch';

-- The story, without SQLite's count of its numbers.
create table numbered_entries (
    id       integer primary key,
    at       integer not null,
    kind     text    not null,
    account  text,
    rule     text,
    firing   integer,
    message  text    not null,
    fields   text    not null       -- JSON object of strings
) strict;

insert into numbered_entries (id, at, kind, account, rule, firing, message, fields)
select id, at, kind, account, rule, firing, message, fields from entries order by id;

drop table entries;
alter table numbered_entries rename to entries;

-- There is none by time: no read goes by time alone, and each is written to with
-- every line.
create index entries_account on entries (account, id) where account is not null;
create index entries_rule on entries (rule, id) where rule is not null;
create index entries_kind on entries (kind, id);
create index entries_firing on entries (firing, id) where firing is not null;

-- Nothing looks for these.
drop index firings_account;
drop index requests_account;

-- The files that a rule set names, as they were when it came into force: a JSON
-- array of objects with `path` and `text`, in the order in which they were read.
-- Null is not known: the set is from before this column.
alter table rule_sets add column files text;

-- What a write names besides the account, which `target` says in words. Null is
-- that it names none.
alter table requests add column instrument text;
-- long or short, where an account can hold both at once.
alter table requests add column position_side text;
-- buy or sell, and how much: of an order that closes a quantity.
alter table requests add column side text;
alter table requests add column quantity text;
-- The list of orders, where the venue has several.
alter table requests add column book text;
-- The venue's number of the order that is cancelled.
alter table requests add column order_id text;
