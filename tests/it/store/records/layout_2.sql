-- A record as the version that made layout 2 left it; see earlier.rs.
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
INSERT INTO _sqlx_migrations VALUES(1,'record','2026-11-30 09:29:36',1,X'480f7c2b92cf26d20020ef8b0ca811a9b037b0c5b0d278562376c03de5e6fbe51e8a948b16362e1bbd1901ce70b77ec0',2762379);
INSERT INTO _sqlx_migrations VALUES(2,'chain and spans','2026-11-30 09:29:36',1,X'b3c71950c49bffd7e3a7b1d2d55a1b8e6a92a15d06e039a8b053bfb0743ef07ec23a38fd08fe398df820957ee9831051',1108509);
CREATE TABLE meta (
    key   text not null primary key,
    value text not null
) strict, without rowid;
INSERT INTO meta VALUES('batch','6');
INSERT INTO meta VALUES('rolled_up_to','1772721030000');
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
CREATE TABLE chain (
    seq   integer not null primary key,   -- from 1, without a gap
    part  text    not null,               -- the table that the link speaks of
    body  blob    not null,
    hash  blob    not null                -- SHA-256
) strict;
INSERT INTO chain VALUES(1,'chain',X'0100000005636861696e00000005626567616e000000026174690000019cbe67ce4000000004726f7773690000000000000000',X'a28182c8a80748b9861ef3c745e37815cde7a7e1240c72656dc9694d9ef6d1eb');
INSERT INTO chain VALUES(2,'rule_sets',X'010000000972756c655f7365747300000005616464656400000004686173687400000003616263000000047465787468000006a433571ef8e1b1b09a6a7a6fd16506fcc7743e8c70fa7c3f2d7e91c476e2ac4cd4000000096c6f616465645f6174690000019cbe67ce40',X'41bfe928acb7bfb1640c00d58c47cf0d907100b8be0211489f76665bdc8696f1');
INSERT INTO chain VALUES(3,'rule_sets',X'010000000972756c655f73657473000000066c6f61646564000000046861736874000000036162630000000e6c6173745f6c6f616465645f6174690000019cbe67ce40',X'5bf0469e2060006bf6a06d45155a66b109de9463fb55ac4a0d9526aa5df97d4e');
INSERT INTO chain VALUES(4,'entries',X'0100000007656e7472696573000000056164646564000000026964690000000000000001000000026174690000019cbe67ce45000000046b696e64740000000773746172746564000000076163636f756e746e0000000472756c656e00000006666972696e676e000000076d65737361676574000000147269736b64207374617274733a20c3a420227822000000066669656c647374000000267b2276616c7565223a222d313031322e3530222c226174223a22323032362d30332d3035227d',X'9ca85b380fd42166265be9cd9a3d8d1dac8472b747bab66b0f80041f5efdc3ab');
INSERT INTO chain VALUES(5,'firings',X'0100000007666972696e6773000000056164646564000000026964690000000000000001000000076163636f756e747400000006617065782d310000000472756c6574000000106461696c79206c6f7373206c696d6974000000026174690000019cbe67ce4100000007616374696f6e7374000000225b2263616e63656c5f6f7264657273222c22666c617474656e222c226c6f636b225d0000000865766964656e636574000000347b2276616c7565223a222d313031322e3530222c226c696d6974223a222d313030302e3030222c226b696e64223a22706e6c227d0000000a72756c65735f686173687400000003616263',X'0bac6711a5dd34c92903d640469a840976683638570e759613815fc2e6d7a667');
INSERT INTO chain VALUES(6,'firings',X'0100000007666972696e6773000000056164646564000000026964690000000000000002000000076163636f756e747400000006617065782d310000000472756c6574000000106461696c79206c6f7373206c696d6974000000026174690000019cbe67ce4200000007616374696f6e7374000000225b2263616e63656c5f6f7264657273222c22666c617474656e222c226c6f636b225d0000000865766964656e636574000000347b2276616c7565223a222d313031322e3530222c226c696d6974223a222d313030302e3030222c226b696e64223a22706e6c227d0000000a72756c65735f686173687400000003616263',X'ceae38d2b1d8f7c27e49f826918d0fd1c57773e5eb1b1f20389e343e4750961f');
INSERT INTO chain VALUES(7,'intents',X'0100000007696e74656e7473000000056164646564000000026964690000000000000001000000076163636f756e747400000006617065782d3100000004676f616c740000000e666c61745f616e645f71756965740000000b696e737472756d656e74736e0000000563617573657400000006666972696e6700000006666972696e676900000000000000010000000b63617573655f776f7264736e000000026174690000019cbe67ce41',X'cb6907fb5a47d55a204e110fb7b69488eba3ab6ba55b5abeec65071efa9aeca4');
INSERT INTO chain VALUES(8,'intents',X'0100000007696e74656e7473000000056164646564000000026964690000000000000002000000076163636f756e747400000006617065782d3100000004676f616c740000000571756965740000000b696e737472756d656e74736e0000000563617573657400000006706572736f6e00000006666972696e676e0000000b63617573655f776f72647374000000046e657773000000026174690000019cbe67ce42',X'db7c0a0188cd1c38566d84cff3fa99437e2c73212a0eae2ff44cbf895cc82a8f');
INSERT INTO chain VALUES(9,'intents',X'0100000007696e74656e7473000000056164646564000000026964690000000000000003000000076163636f756e747400000006617065782d3100000004676f616c740000000b7265647563655f6f6e6c790000000b696e737472756d656e74736e00000005636175736574000000046c6f636b00000006666972696e676e0000000b63617573655f776f7264736e000000026174690000019cbe67ce43',X'38b7b5d5dcc47883301974216204c8142432e68df40d79d2c3f01e700868f0be');
INSERT INTO chain VALUES(10,'intents',X'0100000007696e74656e7473000000056164646564000000026964690000000000000004000000076163636f756e747400000006617065782d3100000004676f616c7400000006636c6f7365640000000b696e737472756d656e7473740000001b5b22425443555344542f6c6f6e67222c2245532030332d3236225d0000000563617573657400000006666972696e6700000006666972696e676900000000000000010000000b63617573655f776f7264736e000000026174690000019cbe67ce44',X'e5f042fbc809c394dee8f846e861044fabf97d45d8e008dba6c67920597357a7');
INSERT INTO chain VALUES(11,'intents',X'0100000007696e74656e7473000000056164646564000000026964690000000000000005000000076163636f756e747400000006617065782d3100000004676f616c740000000e666c61745f616e645f71756965740000000b696e737472756d656e74736e0000000563617573657400000006666972696e6700000006666972696e676900000000000000020000000b63617573655f776f7264736e000000026174690000019cbe67ce45',X'161d8542219132d7369094ef434a10e15c33f995693880aafe4b443b7c96b859');
INSERT INTO chain VALUES(12,'locks',X'01000000056c6f636b73000000056164646564000000026964690000000000000001000000076163636f756e747400000006617065782d31000000046b696e6474000000046c6f636b0000000573696e6365690000019cbe67ce4a00000005756e74696c690000019cbe68b8a000000006726561736f6e740000000472756c6500000006666972696e67690000000000000001',X'ed4118ab210023ea38429c1cafc9070e53163594699f5b31b6ac9c7c5a8882da');
INSERT INTO chain VALUES(13,'requests',X'01000000087265717565737473000000056164646564000000026964690000000000000001000000076163636f756e747400000006617065782d310000000577726974657400000007666c617474656e000000067461726765746e00000005726f756e64690000000000000001000000026174690000019cbe67ce4100000007696e74656e747374000000055b312c325d',X'e5b6736e8bb1dac4c16e4d1690f7aedb1265af8e99b26dc9d990b0801684e8ec');
INSERT INTO chain VALUES(14,'requests',X'01000000087265717565737473000000056164646564000000026964690000000000000002000000076163636f756e747400000006617065782d310000000577726974657400000007666c617474656e000000067461726765746e00000005726f756e64690000000000000001000000026174690000019cbe67ce4200000007696e74656e747374000000035b315d',X'4230de8817df5d9a770746b188b9b18f94e623f47aff4d3dea2b56c176c9128e');
INSERT INTO chain VALUES(15,'requests',X'01000000087265717565737473000000056164646564000000026964690000000000000003000000076163636f756e747400000006617065782d31000000057772697465740000000e636c6f73655f706f736974696f6e00000006746172676574740000002073656c6c20302e35206f6620425443555344542f6c6f6e672c2070617274203200000005726f756e64690000000000000001000000026174690000019cbe67ce4300000007696e74656e747374000000035b345d',X'ec2fa98cb3cebf52271602586f29942b6a9c7500320fd2598e6f256de3691110');
INSERT INTO chain VALUES(16,'requests',X'01000000087265717565737473000000056164646564000000026964690000000000000004000000076163636f756e747400000006617065782d31000000057772697465740000001063616e63656c5f6f72646572735f6f66000000067461726765747400000015425443555344542028636f6e646974696f6e616c2900000005726f756e64690000000000000001000000026174690000019cbe67ce4400000007696e74656e747374000000035b345d',X'a4ae729409806681bdfef7ac1693c79ed25c643b5c6be1c29da910f1ac736f5f');
INSERT INTO chain VALUES(17,'entries',X'0100000007656e7472696573000000056164646564000000026964690000000000000002000000026174690000019cbe67ce45000000046b696e6474000000056669726564000000076163636f756e747400000006617065782d310000000472756c6574000000106461696c79206c6f7373206c696d697400000006666972696e67690000000000000001000000076d65737361676574000000056669726564000000066669656c647374000000267b2276616c7565223a222d313031322e3530222c226174223a22323032362d30332d3035227d',X'57de933264dcb96a16208e50eda1124609f6ef48e2d5df715d6313c9b9a42a22');
INSERT INTO chain VALUES(18,'entries',X'0100000007656e7472696573000000056164646564000000026964690000000000000003000000026174690000019cbe67ce45000000046b696e6474000000056669726564000000076163636f756e747400000006617065782d310000000472756c6574000000106461696c79206c6f7373206c696d697400000006666972696e676e000000076d657373616765740000000374776f000000066669656c647374000000267b2276616c7565223a222d313031322e3530222c226174223a22323032362d30332d3035227d',X'2df62c7e7dd14dc6942c3398a92cc292cb84b9efdfa1637f3cbd3183ab5d5857');
INSERT INTO chain VALUES(19,'requests',X'0100000008726571756573747300000008616e7377657265640000000269646900000000000000010000000b616e7377657265645f6174690000019cbe67ce69000000076f7574636f6d657400000007756e6b6e6f776e000000067374617475736900000000000000c800000005776f7264737400000009666c617474656e6564',X'546495231599dd3c19a69c2b718d9daadf28df7282295837ce62205a34cdbde0');
INSERT INTO chain VALUES(20,'requests',X'0100000008726571756573747300000008616e7377657265640000000269646900000000000000030000000b616e7377657265645f6174690000019cbe67ce6b000000076f7574636f6d65740000000772656675736564000000067374617475736900000000000000c800000005776f7264737400000009666c617474656e6564',X'fe287db697989f628a786748ba114cd4cf23bc410f9226d760d36c2e7ec4be89');
INSERT INTO chain VALUES(21,'intents',X'0100000007696e74656e747300000005656e64656400000002696469000000000000000100000008656e6465645f6174690000019cbe67d1c400000005656e64656474000000087665726966696564',X'6eec134c2e8a90589a7a501b7f5693351da60dc2670afd224a2c10cebb50ba7c');
INSERT INTO chain VALUES(22,'intents',X'0100000007696e74656e747300000005656e64656400000002696469000000000000000500000008656e6465645f6174690000019cbe67d1c500000005656e64656474000000086f62736572766564',X'361996dbd274c181813332cef879ada61d7b9badd35ec04a9b444d82d8e7536f');
INSERT INTO chain VALUES(23,'locks',X'01000000056c6f636b73000000087265706c616365640000000269646900000000000000010000000b7265706c616365645f6279690000000000000002',X'cfe4f48ce9d099156a5d462b8d5617a9750f6e69dbc0c7d0fae2a9c079408b6a');
INSERT INTO chain VALUES(24,'locks',X'01000000056c6f636b73000000056164646564000000026964690000000000000002000000076163636f756e747400000006617065782d31000000046b696e6474000000046c6f636b0000000573696e6365690000019cbe67ce4a00000005756e74696c690000019cbe69a30000000006726561736f6e740000000472756c6500000006666972696e67690000000000000001',X'2fef0f83f451da7f5d37e499fddcce17a9d17a35311e4fdf30b97143b0c3f6a0');
INSERT INTO chain VALUES(25,'locks',X'01000000056c6f636b73000000056164646564000000026964690000000000000003000000076163636f756e74740000000464656d6f000000046b696e64740000000a636c6f73655f6f6e6c790000000573696e6365690000019cbe67ce4a00000005756e74696c690000019cbe692dd000000006726561736f6e7400000006706572736f6e00000006666972696e676e',X'7278191b70fd860627c042804699c57f0e0fb2cea8d09de42b13ced283295353');
INSERT INTO chain VALUES(26,'entries',X'0100000007656e7472696573000000056164646564000000026964690000000000000004000000026174690000019cbe67ce45000000046b696e6474000000056669726564000000076163636f756e747400000006617065782d310000000472756c6574000000106461696c79206c6f7373206c696d697400000006666972696e676e000000076d65737361676574000000057468726565000000066669656c647374000000267b2276616c7565223a222d313031322e3530222c226174223a22323032362d30332d3035227d',X'5a3125d28553f3b99376e4c49805665d14f66070a078919064f6c0629cd28ece');
INSERT INTO chain VALUES(27,'rule_sets',X'010000000972756c655f7365747300000005616464656400000004686173687400000003646566000000047465787468000006a491aaf567a710f34b67dd6c276f973d62f48d48e639a37cefa345373193aea31f000000096c6f616465645f6174690000019cbe67ce45',X'8f3fdf3882ad0efd96f4e6f1cd5048a28c77966cec767fcc857fde4cb46eda36');
INSERT INTO chain VALUES(28,'rule_sets',X'010000000972756c655f73657473000000066c6f61646564000000046861736874000000036465660000000e6c6173745f6c6f616465645f6174690000019cbe67ce45',X'3300058a52f409c24995217ef8fd5081d806e23aca69a98235897fa479a6512f');
INSERT INTO chain VALUES(29,'rule_sets',X'010000000972756c655f73657473000000066c6f61646564000000046861736874000000036162630000000e6c6173745f6c6f616465645f6174690000019cbe67ce46',X'b7793127c281492ef94d96bfbb149dd50e4cf735b18b91bb53a4a49667d408a3');
INSERT INTO chain VALUES(30,'locks',X'01000000056c6f636b7300000005656e64656400000002696469000000000000000200000008656e6465645f6174690000019cbe67d6100000000c656e6465645f726561736f6e740000000762792068616e64',X'89ecff92c2e2655da504d73df1bac49d12afdcf6789430f0967c95df97710aa1');
INSERT INTO chain VALUES(31,'locks',X'01000000056c6f636b73000000056164646564000000026964690000000000000004000000076163636f756e747400000006617065782d31000000046b696e6474000000046c6f636b0000000573696e6365690000019cbe67ce4a00000005756e74696c6e00000006726561736f6e7400000006706572736f6e00000006666972696e676e',X'f8f022c83b6e867d43a398a0b6f0c1af60c7a8eae96cd4bddbfc6909b75548cb');
INSERT INTO chain VALUES(32,'entries',X'0100000007656e7472696573000000056164646564000000026964690000000000000005000000026174690000019cbe67ce45000000046b696e64740000000773746f70706564000000076163636f756e747400000006617065782d310000000472756c6574000000106461696c79206c6f7373206c696d697400000006666972696e676e000000076d657373616765740000000773746f70706564000000066669656c647374000000267b2276616c7565223a222d313031322e3530222c226174223a22323032362d30332d3035227d',X'99dbd0449da1fc8c2e25e97ee94a7b8e09c73f77ecbc05fa1739b05686b831f7');
CREATE TABLE samples_minute (
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
CREATE TABLE samples_hour (
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
INSERT INTO samples_hour VALUES(1772719200000,'apex-1',3,1,0,'-12.50','-12.50','-12.50','-12.50',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'50000.123456','50000.123456','50000.123456','50000.123456','49987.50','49987.50','49987.50','49987.50','ES 03-26:+2@5000.25',1,1);
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
CREATE INDEX chain_locks on chain (seq) where part = 'locks';
CREATE INDEX firings_at on firings (at);
COMMIT;
