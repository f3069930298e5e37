-- When a write left, which may be long after it was decided: the budget of
-- requests makes it wait. Null is unknown: rows of before this column, and a
-- write that was never seen leaving.
alter table requests add column sent_at integer;

-- Why it left before its row was known to be in the record, in words.
alter table requests add column unrecorded text;
